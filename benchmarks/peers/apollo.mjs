// Apollo Server on Fastify. Its cache of parsed and validated documents is on by default.
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify'
import { ApolloServer } from '@apollo/server'
import Fastify from 'fastify'

import { loaders, port, resolvers, typeDefs } from './resolvers.mjs'

const app = Fastify()
const server = new ApolloServer({ typeDefs, resolvers, plugins: [fastifyApolloDrainPlugin(app)] })
await server.start()
await app.register(fastifyApollo(server), { context: async () => ({ loaders: loaders() }) })
await app.listen({ host: '127.0.0.1', port })
