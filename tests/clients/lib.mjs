// What the scenarios share: people, changes over HTTP, and subscriptions that are read one message at a time.
import { once } from "node:events";
import net from "node:net";
import { createClient } from "graphql-ws";

const SECONDS = 5; // longest wait for any one message; the server delivers within milliseconds
const LOGIN = `mutation ($name: String!, $password: String!) {
  login(identifier: $name, password: $password) { accessToken user { id } }
}`;
const TASK = "id title completed";
export const TASK_EVENTS = `subscription ($after: Cursor) {
  taskEvents(after: $after) {
    __typename
    ... on Ready { cursor }
    ... on TaskChanged { cursor kind at actor { id } task { ${TASK} } }
    ... on TaskDeleted { cursor at deletedId }
    ... on Resync { cursor reason }
  }
}`;

const port = Number(process.argv[2]);
export const url = `http://127.0.0.1:${port}/graphql`;

/** The data of an answer over HTTP; throws when there are errors. */
export async function ask(query, variables, person) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(person && { authorization: person.authorization }) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(SECONDS * 1000),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${query} was refused: ${JSON.stringify(errors)}`);
  return data;
}

export async function signIn(name) {
  const { login } = await ask(LOGIN, { name: `${name}@parlor.example`, password: "parlor-demo" });
  return { id: login.user.id, authorization: `Bearer ${login.accessToken}` };
}

// The changes of another client: each resolves to the task as its answer tells it.
const verb = (name, declared, given) => async (person, variables) =>
  (await ask(`mutation (${declared}) { ${name}(${given}) { ${TASK} } }`, variables, person))[name];
const creation = verb("createTask", "$title: String!", "input: { title: $title }");
const renaming = verb("updateTask", "$id: ID!, $title: String!", "id: $id, input: { title: $title }");
const completion = verb("completeTask", "$id: ID!", "id: $id");
export const create = (person, title) => creation(person, { title });
export const rename = (person, id, title) => renaming(person, { id, title });
export const complete = (person, id) => completion(person, { id });
export const remove = (person, id) => ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", { id }, person);

/** A name that nobody has used before. */
export const unique = (name) => `${name}${crypto.randomUUID().slice(0, 8)}`;

/** A new label, and the ids of new tasks that wear it, in order. */
export async function label(person, titles) {
  const name = unique("Label");
  const CREATE = "mutation ($name: String!) { createLabel(input: { name: $name }) { id } }";
  const ADD = "mutation ($title: String!, $on: [ID!]) { createTask(input: { title: $title, labelIds: $on }) { id } }";
  const { createLabel } = await ask(CREATE, { name }, person);
  const tasks = [];
  for (const title of titles) tasks.push((await ask(ADD, { title, on: [createLabel.id] }, person)).createTask.id);
  return { label: createLabel.id, tasks };
}

/** What a promise is rejected with. */
export const thrown = (promise) =>
  promise.then((value) => Promise.reject(new Error(`got ${JSON.stringify(value)}`)), (error) => error);

/** A graphql-ws client on Node's own WebSocket, by a wire when one is given; it does not retry unless told to. */
export const connect = (authorization, { by = { port }, ...options } = {}) =>
  createClient({
    url: `ws://127.0.0.1:${by.port}/graphql`,
    connectionParams: authorization && { authorization },
    retryAttempts: 0,
    ...options,
  });

/** A way to the server that can be cut: no close frame and no complete, as when the network goes; or for good. */
export async function wire() {
  const ends = new Set();
  const relay = net.createServer((near) => {
    const far = net.connect(port, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]]) {
      ends.add(from);
      from.on("error", () => {}); // a reset is what `cut` is for
      from.on("close", () => ends.delete(from) && to.destroy());
      from.pipe(to);
    }
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  const cut = () => [...ends].forEach((end) => end.resetAndDestroy());
  const { port: by } = relay.address();
  return { port: by, url: `http://127.0.0.1:${by}/graphql`, cut, end: () => relay.close() && cut() };
}

/** The same promise, with a limit. */
export function within(promise, what, seconds = SECONDS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${seconds} s for ${what}`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What a subscription brings, in order: each call resolves to its next value, or rejects with what ended it. */
export function inbox(subscribe) {
  const arrived = [];
  let wake = () => {};
  const put = (message) => {
    arrived.push(message);
    wake();
  };
  subscribe({
    next: (value) => put({ value }),
    error: (error) => put({ error }),
    complete: () => put({ error: new Error("The subscription is complete") }),
  });
  return async (what, seconds) => {
    if (arrived.length === 0) await within(new Promise((resolve) => (wake = resolve)), what, seconds);
    const message = arrived.shift();
    if ("error" in message) throw message.error;
    return message.value;
  };
}

/** The task events of a graphql-ws client. A retry sends the variables as they are then, so `after` may move. */
export function follow(client, variables = {}) {
  const take = inbox((sink) => client.subscribe({ query: TASK_EVENTS, variables }, sink));
  return async (what) => event(await take(what));
}

/** The event in a result of graphql-ws or Apollo; throws the errors of either. */
export function event({ data, errors, error }) {
  if (errors || error) throw error ?? new Error(JSON.stringify(errors));
  return data.taskEvents;
}

/** What happened, and to which task. */
export const gist = (event) =>
  event.__typename === "TaskDeleted" ? ["DELETED", event.deletedId] : [event.kind, event.task.id];

export const done = (result) => process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
