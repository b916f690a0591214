// urql: queries, its two caches, subscriptions by socket and by an event stream, persisted queries.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";
import { buildSchema, introspectionFromSchema } from "graphql";
import { TASK_EVENTS, create, done, event, gist, inbox, remove, rename, signIn, unique, url, wire } from "./lib.mjs";
import { urql as made } from "./made/urql.mjs";

const me = await signIn("demo");
const way = await wire();
const printed = await readFile(new URL("../../schema/schema.graphql", import.meta.url), "utf8");
const sent = [];
const fetching = async (to, init) => {
  const response = await fetch(to, init);
  sent.push([init.method, response.headers.get("content-type").split(";")[0]]);
  return response;
};
const options = {
  url,
  fetch: fetching,
  preferGetMethod: false,
  fetchOptions: { headers: { authorization: me.authorization } },
};

// The document cache asks again when a type changes that an answer has in it.
const TASK = gql`query ${unique("Task")}($id: ID!) { task(id: $id) { __typename id title } }`;
const RENAME = gql`
  mutation ($id: ID!, $title: String!) { updateTask(id: $id, input: { title: $title }) { __typename id title } }
`;
const plain = new Client({ ...options, exchanges: [cacheExchange, fetchExchange] });
const { id } = await create(me, "Call Ada");
const titles = inbox((sink) =>
  plain.query(TASK, { id }).subscribe(({ data, stale }) => stale || sink.next(data.task.title)),
);
assert.equal(await titles("the first answer"), "Call Ada");
await plain.mutation(RENAME, { id, title: "Call Bob" });
assert.equal(await titles("the answer after the mutation"), "Call Bob");
assert.deepEqual(sent.splice(0), Array(3).fill(["POST", "application/graphql-response+json"]));

// graphcache is normalized: a mutation's answer and an event are enough.
const schema = introspectionFromSchema(buildSchema(printed));
const normalized = made({ url: way.url, authorization: me.authorization, schema, fetch: fetching });
const watched = inbox((sink) => normalized.query(TASK, { id }).subscribe(({ data }) => sink.next(data.task.title)));
assert.equal(await watched("the first answer"), "Call Bob");
await normalized.mutation(RENAME, { id, title: "Call Cyd" });
assert.equal(await watched("the mutation's answer"), "Call Cyd");
const heard = inbox((sink) => normalized.subscription(TASK_EVENTS, {}).subscribe(sink.next));
const take = async (what) => event(await heard(what));
assert.equal((await take("Ready")).__typename, "Ready");
await rename(me, id, "Call Dan");
assert.deepEqual(gist(await take("the renaming")), ["UPDATED", id]);
assert.equal(await watched("the event's task"), "Call Dan");
// A persisted query goes as its hash, by GET; once with its text, which the server then knows.
assert.deepEqual(sent.splice(0).map(([method]) => method), ["GET", "GET", "POST"]);

// It does not say which parts of @defer it would take: they come in one piece.
const LATER = gql`query ($id: ID!) { task(id: $id) { id ... @defer { title } } }`;
const whole = await plain.query(LATER, { id });
assert.deepEqual(whole.data.task, { __typename: "Task", id, title: "Call Dan" });
assert.deepEqual(sent.splice(0), [["POST", "application/graphql-response+json"]]);

// Without a socket a subscription is an event stream.
const streaming = new Client({ ...options, exchanges: [fetchExchange], fetchSubscriptions: true });
const told = inbox((sink) => streaming.subscription(TASK_EVENTS, {}).subscribe(sink.next));
assert.equal(event(await told("Ready")).__typename, "Ready");
await remove(me, id);
assert.deepEqual(gist(event(await told("the deletion"))), ["DELETED", id]);
assert.deepEqual(sent, [["POST", "text/event-stream"]]);

// Errors: by their codes, and of the network.
const codes = ({ error }) => error.graphQLErrors.map(({ path, extensions }) => [path?.[0], extensions.code]);
const guest = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
assert.deepEqual(gist(await take("the deletion by the socket")), ["DELETED", id]);
way.cut();
const lost = await heard("the end of the socket");
const refused = {
  gone: codes(await streaming.query(TASK, { id: "task_0" })),
  invalid: codes(await streaming.mutation(RENAME, { id, title: "" })),
  guest: codes(await guest.query(TASK, { id })),
  typo: codes(await streaming.query("{ typo }", {})),
  lost: lost.error.networkError !== undefined,
};
done(refused);
