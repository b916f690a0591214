// Mercurius with its JIT (which it uses for what comes over HTTP) and its own subscriptions, which speak
// graphql-transport-ws; the emitter is its default, in memory.
import Fastify from 'fastify'
import mercurius from 'mercurius'

import { port, resolvers, typeDefs } from './fanout.mjs'

const live = resolvers({
  publish: (owner, event, { pubsub }) => pubsub.publish({ topic: owner, payload: event }),
  follow: (owner, { pubsub }) => pubsub.subscribe(owner)
})

const app = Fastify()
await app.register(mercurius, { schema: typeDefs, resolvers: live, jit: 1, subscription: true })
await app.listen({ host: '127.0.0.1', port })
