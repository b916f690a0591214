// Mercurius with its JIT, which compiles a query when it is seen for the second time. DataLoader is faster here than
// the loaders of its own, which make each row a string for a key; `mercurius-loaders.mjs` has those.
import Fastify from 'fastify'
import mercurius from 'mercurius'

import { loaders, port, resolvers, typeDefs } from './resolvers.mjs'

const app = Fastify()
await app.register(mercurius, { schema: typeDefs, resolvers, jit: 1, context: () => ({ loaders: loaders() }) })
await app.listen({ host: '127.0.0.1', port })
