// A server is killed and starts again: its clients retry by themselves, and hear everything once.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, create, done, follow, gist, rename, signIn, wire, within } from "./lib.mjs";

const me = await signIn("demo");
let restarted;
const restart = new Promise((resolve) => (restarted = resolve));

/** A client that retries once the server is back, from the last cursor that it has seen. */
function faithful(by) {
  const variables = {};
  let retries;
  const retrying = new Promise((resolve) => (retries = resolve));
  const client = connect(me.authorization, {
    by,
    retryAttempts: 3,
    shouldRetry: () => true, // by default graphql-ws gives up when a connection breaks off with an `error` event
    retryWait: () => {
      retries();
      return restart;
    },
  });
  const read = follow(client, variables);
  const take = async (what) => {
    const event = await read(what);
    variables.after = event.cursor;
    return event;
  };
  return { take, retrying };
}

const way = await wire();
const [absent, present] = [faithful(way), faithful()];
await absent.take("Ready");
await present.take("Ready");
const task = await create(me, "Survive");
assert.deepEqual(gist(await absent.take("the task")), ["ADDED", task.id]);
assert.deepEqual(gist(await present.take("the task")), ["ADDED", task.id]);

way.cut(); // one client is gone before the kill, the other is there when it happens
await within(absent.retrying, "the first client to retry");
await rename(me, task.id, "Before the kill");
const last = await present.take("the renaming before the kill");
assert.deepEqual(gist(last), ["UPDATED", task.id]);

process.stdout.write("kill\n");
await once(process.stdin, "data"); // the server runs again
await within(present.retrying, "the second client to retry");
const after = await create(me, "After the kill");
restarted();

await absent.take("Ready again");
assert.deepEqual(await present.take("Ready again"), { __typename: "Ready", cursor: last.cursor });
assert.deepEqual(gist(await absent.take("what it missed before")), ["UPDATED", task.id]);
for (const { take } of [absent, present]) {
  assert.deepEqual(gist(await take("what it missed after")), ["ADDED", after.id]);
}
const next = await create(me, "And nothing twice");
for (const { take } of [absent, present]) {
  assert.deepEqual(gist(await take("the next task")), ["ADDED", next.id]);
}
done({ resumed: 2 });
