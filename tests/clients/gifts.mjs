// Many clients in one process who follow the same: each prints what it has heard, once all have heard of the last.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { connect, done, inbox } from "./lib.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { tokens, query, variables } = JSON.parse((await lines.next()).value);

const clients = tokens.map((token) => connect(`Bearer ${token}`, { lazy: false, onNonLazyError: () => {} }));
const takes = clients.map((client) => inbox((sink) => client.subscribe({ query, variables }, sink)));

const told = async (take, what) => {
  const { data, errors } = await take(what);
  if (errors) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0];
};

for (const take of takes) assert.equal((await told(take, "Ready")).__typename, "Ready");
process.stdout.write("ready\n");

const last = (await lines.next()).value;
const heard = await Promise.all(
  takes.map(async (take) => {
    const events = [];
    do events.push(await told(take, last));
    while (events.at(-1).entityId !== last);
    return events;
  }),
);
done(heard);
