// graphql-ws on ws and nothing else: graphql-js executes; HTTP by graphql-http, from the same hand.
import { EventEmitter, on } from 'node:events'
import { createServer } from 'node:http'

import { makeExecutableSchema } from '@graphql-tools/schema'
import { createHandler } from 'graphql-http/lib/use/http'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

import { port, resolvers, typeDefs } from './fanout.mjs'

const bell = new EventEmitter().setMaxListeners(0)

async function * follow (owner) {
  for await (const [event] of on(bell, owner)) yield event
}

const live = resolvers({ publish: (owner, event) => { bell.emit(owner, event) }, follow })
const schema = makeExecutableSchema({ typeDefs, resolvers: live })
const server = createServer(createHandler({ schema }))
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(port, '127.0.0.1')
