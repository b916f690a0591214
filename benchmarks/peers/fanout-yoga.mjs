// GraphQL Yoga with its own pub/sub; sockets by graphql-ws, joined as Yoga's documentation joins them.
import { createServer } from 'node:http'

import { useGraphQlJit } from '@envelop/graphql-jit'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'

import { port, resolvers, typeDefs } from './fanout.mjs'

const pubSub = createPubSub()
const live = resolvers({
  publish: (owner, event) => pubSub.publish('tasks', owner, event),
  follow: (owner) => pubSub.subscribe('tasks', owner)
})
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: live }),
  graphiql: false,
  plugins: [useGraphQlJit()]
})
const server = createServer(yoga)

useServer({
  execute: (args) => args.rootValue.execute(args),
  subscribe: (args) => args.rootValue.subscribe(args),
  onSubscribe: async (context, id, params) => {
    const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
      ...context, req: context.extra.request, socket: context.extra.socket, params
    })
    const args = {
      schema,
      operationName: params.operationName,
      document: parse(params.query),
      variableValues: params.variables,
      contextValue: await contextFactory(),
      rootValue: { execute, subscribe }
    }
    const errors = validate(args.schema, args.document)
    return errors.length ? errors : args
  }
}, new WebSocketServer({ server, path: yoga.graphqlEndpoint }))

server.listen(port, '127.0.0.1')
