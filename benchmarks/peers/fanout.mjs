// What the Node peers of the fan-out share: the schema, and the write, whose own row is what they publish.
import { readFileSync } from 'node:fs'

import pg from 'pg'

export const port = Number(process.env.PORT)
export const typeDefs = readFileSync(new URL('fanout.graphql', import.meta.url), 'utf8')

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.BENCH_POOL) })

const RENAME = `update task set title = $2, version = version + 1, updated_at = now()
  where id = $1 and trashed_at is null
  returning id, title, owner_id as "ownerId", completed_at is not null as completed`

const renamed = async (id, title) => (await pool.query({ name: 'rename', text: RENAME, values: [id, title] })).rows[0]

// `publish` tells the followers of an owner what has changed; `follow` is the stream of that.
export const resolvers = ({ publish, follow }) => ({
  Query: { ready: () => true },
  Mutation: {
    updateTask: async (_, { id, input }, context) => {
      const task = await renamed(id, input.title)
      await publish(task.ownerId, { kind: 'UPDATED', task }, context)
      return task
    }
  },
  Subscription: {
    taskEvents: { subscribe: (_, { owner }, context) => follow(owner, context), resolve: (event) => event }
  }
})
