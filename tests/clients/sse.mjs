// graphql-sse: its client comes back by itself, and says in a header after which event.
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";
import { TASK_EVENTS, complete, create, done, event, gist, inbox, rename, signIn, wire } from "./lib.mjs";

const me = await signIn("demo");
const way = await wire();
const connections = [];
let cursor; // of the last event
let comeBack;
const away = new Promise((resolve) => (comeBack = resolve));
const sse = (authorization) =>
  createClient({
    url: `http://127.0.0.1:${way.port}/graphql`,
    headers: () => ({ ...(authorization && { authorization }), ...(cursor && { "last-event-id": cursor }) }),
    retry: () => away,
    on: { connecting: (again) => connections.push(again ? "again" : "first") },
  });
const client = sse(me.authorization);
const results = inbox((sink) => client.subscribe({ query: TASK_EVENTS }, sink));
const take = async (what) => {
  const told = event(await results(what));
  cursor = told.cursor;
  return told;
};

assert.equal((await take("Ready")).__typename, "Ready");
const milk = await create(me, "Buy milk");
const { task, ...heard } = await take("the new task");
assert.deepEqual([gist({ ...heard, task }), task], [["ADDED", milk.id], milk]);

way.cut();
const last = cursor;
await rename(me, milk.id, "Buy oat milk");
await complete(me, milk.id);
const bread = await create(me, "Buy bread");
comeBack();
assert.deepEqual(await take("Ready again"), { __typename: "Ready", cursor: last });
const missed = [await take("the renaming"), await take("the completion"), await take("the second task")];
assert.deepEqual(missed.map(gist), [["UPDATED", milk.id], ["STATUS_CHANGED", milk.id], ["ADDED", bread.id]]);
await rename(me, bread.id, "Buy rye bread");
assert.deepEqual(gist(await take("what happens then")), ["UPDATED", bread.id]);
client.dispose();
assert.deepEqual(connections, ["first", "again"]);

// Queries and refusals come over the same way; what is refused is no reason to come back.
const errors = async (guest, query) => {
  const found = [];
  for await (const result of guest.iterate({ query })) found.push(...(result.errors ?? []));
  return found.map((error) => error.extensions.code);
};
cursor = undefined;
const one = await sse(me.authorization).iterate({ query: "{ me { id } }" }).next();
assert.deepEqual(one.value, { data: { me: { id: me.id } } });
const refused = {
  guest: await errors(sse(), TASK_EVENTS),
  typo: await errors(sse(me.authorization), "subscription { typo }"),
};
assert.equal(connections.length, 5);
done({ missed: missed.map((told) => told.kind), refused });
