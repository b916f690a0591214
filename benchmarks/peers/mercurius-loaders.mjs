// Mercurius with its JIT and the loaders of its own documentation in place of DataLoader.
import Fastify from 'fastify'
import mercurius from 'mercurius'

import { port, resolvers, typeDefs } from './resolvers.mjs'
import * as rows from './rows.mjs'

const { DateTime, Query, Mutation, Task: { completed, subtasks } } = resolvers

// Nodes and pageInfo of a connection come from one fetch, whichever loader is first.
const pages = (connections) => {
  const fresh = connections.filter((connection) => !connection.page)
  const nested = fresh.filter(({ parentId }) => parentId)
  for (const one of fresh) if (!one.parentId) one.page = rows.page(one.first, one.after)
  for (const first of new Set(nested.map((one) => one.first))) {
    const alike = nested.filter((one) => one.first === first)
    const fetched = rows.subtaskPages(alike.map(({ parentId }) => parentId), first)
    alike.forEach((one, index) => { one.page = fetched.then((found) => found[index]) })
  }
  return Promise.all(connections.map(({ page }) => page))
}

const counts = async (connections) => {
  const nested = connections.filter(({ parentId }) => parentId)
  const found = await rows.subtaskCounts(nested.map(({ parentId }) => parentId))
  return Promise.all(connections.map((one) => one.parentId ? found[nested.indexOf(one)] : rows.count()))
}

const loaders = {
  Task: {
    owner: (queries) => rows.users(queries.map(({ obj }) => obj.ownerId)),
    labels: (queries) => rows.labels(queries.map(({ obj }) => obj.id))
  },
  TaskConnection: {
    nodes: async (queries) => (await pages(queries.map(({ obj }) => obj))).map((page) => page.nodes),
    pageInfo: async (queries) => (await pages(queries.map(({ obj }) => obj))).map((page) => page.pageInfo),
    totalCount: (queries) => counts(queries.map(({ obj }) => obj))
  }
}

const app = Fastify()
const own = { DateTime, Query, Mutation, Task: { completed, subtasks } }
await app.register(mercurius, { schema: typeDefs, resolvers: own, loaders, jit: 1 })
await app.listen({ host: '127.0.0.1', port })
