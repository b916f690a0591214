// EventSource, as browsers have it: by GET, and it comes back after its last event by itself. Only that a browser's
// cannot send a token; this one, which can be given a fetch, can.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import { TASK_EVENTS, create, done, event, gist, inbox, rename, signIn, wire } from "./lib.mjs";

const me = await signIn("demo");
const way = await wire();
const sent = [];
const source = (query, authorization) =>
  new EventSource(`http://127.0.0.1:${way.port}/graphql?query=${encodeURIComponent(query)}`, {
    fetch: (url, init) => {
      sent.push(init.headers["Last-Event-ID"]);
      return fetch(url, { ...init, headers: { ...init.headers, ...(authorization && { authorization }) } });
    },
  });
const heard = (from) =>
  inbox(({ next, complete }) => {
    from.addEventListener("next", ({ data, lastEventId }) => next({ ...JSON.parse(data), lastEventId }));
    from.addEventListener("complete", () => complete(from.close()));
  });

const stream = source(TASK_EVENTS, me.authorization);
const take = heard(stream);
const ready = await take("Ready");
assert.equal(ready.data.taskEvents.cursor, ready.lastEventId);
const milk = await create(me, "Buy milk");
const first = await take("the new task");
assert.deepEqual(gist(event(first)), ["ADDED", milk.id]);

way.cut();
await rename(me, milk.id, "Buy oat milk");
const bread = await create(me, "Buy bread");
assert.deepEqual(event(await take("Ready again")), { __typename: "Ready", cursor: first.lastEventId });
assert.deepEqual(gist(event(await take("the renaming"))), ["UPDATED", milk.id]);
assert.deepEqual(gist(event(await take("the second task"))), ["ADDED", bread.id]);
stream.close();
assert.deepEqual(sent, [undefined, first.lastEventId]);

const guest = heard(source(TASK_EVENTS));
const { errors } = await guest("the refusal of a guest");
await assert.rejects(guest("the end"), /complete/);
assert.equal(sent.length, 3, "it does not come back");
done({ refused: errors.map((error) => error.extensions.code) });
