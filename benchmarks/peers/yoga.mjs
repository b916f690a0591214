// GraphQL Yoga on Node's own HTTP server, with the JIT plugin of its makers. Parser and validation caches are on by
// default.
import { createServer } from 'node:http'

import { useGraphQlJit } from '@envelop/graphql-jit'
import { createSchema, createYoga } from 'graphql-yoga'

import { loaders, port, resolvers, typeDefs } from './resolvers.mjs'

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: () => ({ loaders: loaders() }),
  graphiql: false,
  plugins: [useGraphQlJit()]
})
createServer(yoga).listen(port, '127.0.0.1')
