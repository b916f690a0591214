// The load: autocannon, told what to do by one line of JSON on stdin, answers with one line of JSON.
//
// A given number of requests rather than a given time, so that none is cut off half way and the CPU that the server has
// spent belongs to the requests that are counted. Latencies are taken from each response: autocannon's own histogram
// has whole milliseconds.
import autocannon from 'autocannon'

const { url, headers, bodies, connections, amount, seconds } = JSON.parse(await new Response(process.stdin).text())

let fresh = Date.now() % 1e9
const numbered = (body) => body.replace('{n}', () => `${fresh++}`)
const request = (body) => ({
  method: 'POST',
  path: '/graphql',
  headers: { 'content-type': 'application/json', ...headers },
  body,
  ...(body.includes('{n}') && { setupRequest: (one) => ({ ...one, body: numbered(body) }) })
})

// Each connection begins elsewhere: two must not ask for the same row, or change it, at the same moment.
let begun = 0
const setupClient = (client) => {
  const from = Math.floor((begun++ * bodies.length) / connections)
  client.setRequests([...bodies.slice(from), ...bodies.slice(0, from)].map(request))
}

const latencies = []
const wrong = []
const cpu = process.cpuUsage()
const run = autocannon({
  url,
  connections,
  setupClient,
  timeout: 30,
  requests: bodies.slice(0, 1).map(request),
  ...(amount ? { amount } : { duration: seconds }),
  verifyBody: (body) => {
    const right = body.startsWith('{"data":') && !body.includes('"errors":')
    if (!right && wrong.length < 3) wrong.push(body.slice(0, 500))
    return right
  }
})
run.on('response', (client, status, bytes, milliseconds) => {
  latencies.push(milliseconds)
  if (status !== 200 && wrong.length < 3) wrong.push(`status ${status}`)
})
const began = performance.now()
let ended = began
run.on('response', () => { ended = performance.now() })
const result = await run
const spent = process.cpuUsage(cpu)

latencies.sort((a, b) => a - b)
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]
console.log(JSON.stringify({
  requests: latencies.length,
  seconds: (ended - began) / 1000,
  p50: at(0.5),
  p99: at(0.99),
  cpu: (spent.user + spent.system) / 1e6,
  failures: result.errors + result.timeouts + result.non2xx + result.mismatches,
  wrong
}))
