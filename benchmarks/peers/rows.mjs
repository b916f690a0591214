// What the hand-made Node peers ask PostgreSQL: named prepared statements, each narrowed to the one user of the
// benchmark as Parlor's policy narrows its own.
import pg from 'pg'

const viewer = process.env.BENCH_USER

export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.BENCH_POOL)
})

const TASK = ['id', 'title', 'description', 'priority', 'reminders', 'position', 'version', 'owner_id as "ownerId"',
  'parent_id as "parentId"', 'completed_at as "completedAt"', 'due_at as "dueAt"', 'time_zone as "timeZone"',
  'created_at as "createdAt"', 'updated_at as "updatedAt"'].join(', ')
const MINE = 'owner_id = $1 and trashed_at is null'
const NEWEST_FIRST = 'order by created_at desc, id desc'

const rowsOf = async (name, text, ...values) => (await pool.query({ name, text, values: [viewer, ...values] })).rows

const groupedBy = (key, rows) => {
  const groups = new Map()
  for (const row of rows) {
    const group = groups.get(row[key])
    if (group) group.push(row)
    else groups.set(row[key], [row])
  }
  return groups
}

export const taskById = async (id) => {
  const [task] = await rowsOf('task', `select ${TASK} from task where ${MINE} and id = $2`, id)
  return task ?? null
}

export const renamed = async (id, title) => {
  const [task] = await rowsOf('rename', `update task set title = $3, version = version + 1, updated_at = now()
    where ${MINE} and id = $2 returning ${TASK}`, id, title)
  return task
}

const cursorOf = (task) => Buffer.from(JSON.stringify([task.createdAt, task.id])).toString('base64')
const opened = (cursor) => JSON.parse(Buffer.from(cursor, 'base64').toString())

// One row more than asked for tells whether there is another page.
const pageOf = (rows, first) => {
  const nodes = rows.slice(0, first)
  const last = nodes.at(-1)
  return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: last ? cursorOf(last) : null } }
}

export const page = async (first, after) => pageOf(after
  ? await rowsOf('after', `select ${TASK} from task where ${MINE} and (created_at, id) < ($3, $4)
      ${NEWEST_FIRST} limit $2`, first + 1, ...opened(after))
  : await rowsOf('first', `select ${TASK} from task where ${MINE} ${NEWEST_FIRST} limit $2`, first + 1), first)

export const count = async () =>
  (await rowsOf('count', `select count(*)::int as count from task where ${MINE}`))[0].count

// The batches below answer in the order of their keys, as loaders must.

export const subtaskPages = async (parentIds, first) => {
  const rows = await rowsOf('subtasks', `select part.* from unnest($2::text[]) as parent (id) cross join lateral
    (select ${TASK} from task where ${MINE} and parent_id = parent.id ${NEWEST_FIRST} limit $3) as part`,
  parentIds, first + 1)
  const groups = groupedBy('parentId', rows)
  return parentIds.map((id) => pageOf(groups.get(id) ?? [], first))
}

export const subtaskCounts = async (parentIds) => {
  const rows = await rowsOf('subtask-counts', `select parent_id as id, count(*)::int as count from task
    where ${MINE} and parent_id = any($2::text[]) group by parent_id`, parentIds)
  const counts = new Map(rows.map((row) => [row.id, row.count]))
  return parentIds.map((id) => counts.get(id) ?? 0)
}

export const users = async (ids) => {
  const rows = await rowsOf('users', 'select id, name, email from user_account where id = $1 and id = any($2::text[])',
    [...new Set(ids)])
  const found = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => found.get(id) ?? null)
}

export const labels = async (taskIds) => {
  const rows = await rowsOf('labels', `select task_id as "taskId", id, name, color from task_label
    join label on label.id = label_id where owner_id = $1 and task_id = any($2::text[]) order by name, id`, taskIds)
  const groups = groupedBy('taskId', rows)
  return taskIds.map((id) => groups.get(id) ?? [])
}
