// Every socket of a user hears what happens to their tasks; a stranger's hears nothing, live or replayed.
import assert from "node:assert/strict";
import { connect, create, done, follow, gist, signIn } from "./lib.mjs";

const [me, stranger] = [await signIn("demo"), await signIn("stranger")];
const laptop = follow(connect(me.authorization));
const phone = follow(connect(me.authorization));
const other = follow(connect(stranger.authorization));
const [{ cursor }] = [await laptop("Ready"), await phone("Ready"), await other("Ready of the stranger")];

const mine = await create(me, "Plan the surprise");
const heard = [await laptop("the task on the first socket"), await phone("the task on the second socket")];
assert.deepEqual(heard.map(gist), [["ADDED", mine.id], ["ADDED", mine.id]]);
assert.deepEqual(heard[0], heard[1]);

const theirs = await create(stranger, "Suspect nothing");
assert.deepEqual(gist(await other("the stranger's own task")), ["ADDED", theirs.id]);

const replayed = follow(connect(stranger.authorization), { after: cursor });
assert.deepEqual(await replayed("Ready of the replay"), { __typename: "Ready", cursor });
assert.deepEqual(gist(await replayed("the stranger's own task, replayed")), ["ADDED", theirs.id]);

const next = await create(me, "Buy candles");
assert.deepEqual(gist(await laptop("the next task")), ["ADDED", next.id]); // and nothing of the stranger's before it
done({ sockets: heard.length, stranger: [theirs.title] });
