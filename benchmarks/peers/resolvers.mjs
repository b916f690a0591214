// Schema and resolvers of the hand-made Node peers, with DataLoader against the 1 + n problem.
import { readFileSync } from 'node:fs'

import DataLoader from 'dataloader'
import { GraphQLScalarType } from 'graphql'

import * as rows from './rows.mjs'

export const port = Number(process.env.PORT)
export const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

const DEFAULT_SIZE = 20

// Loaders live as long as one request. Pages of subtasks are batched by their size.
export const loaders = () => {
  const pages = new Map()
  return {
    owner: new DataLoader(rows.users),
    labels: new DataLoader(rows.labels),
    subtaskCount: new DataLoader(rows.subtaskCounts),
    subtasks (first) {
      if (!pages.has(first)) pages.set(first, new DataLoader((ids) => rows.subtaskPages(ids, first)))
      return pages.get(first)
    }
  }
}

// A connection fetches its rows, or counts them, when it is asked to.
const pageOf = ({ parentId, first, after }, { loaders }) =>
  parentId ? loaders.subtasks(first).load(parentId) : rows.page(first, after)

const pageOnce = (connection, context) => (connection.page ??= pageOf(connection, context))

export const resolvers = {
  DateTime: new GraphQLScalarType({ name: 'DateTime', serialize: (moment) => moment.toISOString() }),
  Query: {
    task: (_, { id }) => rows.taskById(id),
    tasks: (_, { first, after }) => ({ first: first ?? DEFAULT_SIZE, after })
  },
  Mutation: {
    updateTask: (_, { id, input }) => rows.renamed(id, input.title)
  },
  Task: {
    completed: (task) => task.completedAt !== null,
    owner: (task, _, { loaders }) => loaders.owner.load(task.ownerId),
    labels: (task, _, { loaders }) => loaders.labels.load(task.id),
    subtasks: (task, { first }) => ({ parentId: task.id, first: first ?? DEFAULT_SIZE })
  },
  TaskConnection: {
    nodes: async (connection, _, context) => (await pageOnce(connection, context)).nodes,
    pageInfo: async (connection, _, context) => (await pageOnce(connection, context)).pageInfo,
    totalCount: ({ parentId }, _, { loaders }) => parentId ? loaders.subtaskCount.load(parentId) : rows.count()
  }
}
