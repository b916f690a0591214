// A graphql-ws client that loses its connection resumes with exactly what it missed.
import assert from "node:assert/strict";
import { complete, connect, create, done, follow, gist, remove, rename, signIn, wire } from "./lib.mjs";

const me = await signIn("demo");
const way = await wire();
const client = connect(me.authorization, { by: way });

let take = follow(client);
assert.equal((await take("Ready")).__typename, "Ready");
const milk = await create(me, "Buy milk");
const { cursor, at, ...heard } = await take("the new task");
assert.deepEqual(heard, { __typename: "TaskChanged", kind: "ADDED", actor: { id: me.id }, task: milk });
assert.equal(milk.title, "Buy milk");
assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000, `${at} is now`);

way.cut();
await assert.rejects(take("the end of the connection"), (end) => end.type === "error" || end.code === 1006);
const renamed = await rename(me, milk.id, "Buy oat milk");
const completed = await complete(me, milk.id);
const bread = await create(me, "Buy bread");

take = follow(client, { after: cursor });
assert.deepEqual(await take("Ready"), { __typename: "Ready", cursor });
const missed = [await take("the renaming"), await take("the completion"), await take("the second task")];
assert.deepEqual(missed.map(gist), [["UPDATED", milk.id], ["STATUS_CHANGED", milk.id], ["ADDED", bread.id]]);
assert.deepEqual(missed[0].task, { ...renamed, completed: true }); // as it is now, not as it was then
assert.deepEqual(missed.slice(1).map((event) => event.task), [completed, bread]);

await remove(me, bread.id);
const fourth = await take("the deletion");
assert.deepEqual(gist(fourth), ["DELETED", bread.id]);
const seen = [cursor, ...missed.map((event) => event.cursor), fourth.cursor];
assert.equal(new Set(seen).size, 5, "each event has a cursor of its own");
done({ missed: missed.map((event) => event.kind), then: fourth.__typename });
