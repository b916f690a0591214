// PostGraphile with its Amber preset and the schema it makes of the tables. Row-level security keeps it to the rows
// of the one user; who that is stands in a setting of the connection, so that no request needs a transaction for it.
import { createServer } from 'node:http'

import { grafserv } from 'postgraphile/grafserv/node'
import { makePgService } from 'postgraphile/adaptors/pg'
import { postgraphile } from 'postgraphile'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const { BENCH_POOL, DATABASE_URL, PORT } = process.env

const app = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: DATABASE_URL, schemas: ['public'], poolConfig: { max: Number(BENCH_POOL) } })],
  grafast: { explain: false },
  grafserv: { graphiql: false, watch: false, websockets: false }
}).createServ(grafserv)
const server = createServer()
await app.addTo(server)
server.listen(Number(PORT), '127.0.0.1')
