// Apollo Client with the link that docs/subscriptions.md shows: after a cut it hears what it missed, by itself.
import assert from "node:assert/strict";
import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { TASK_EVENTS, complete, connect, create, done, event, gist, inbox, rename, signIn, wire } from "./lib.mjs";
import { resuming } from "./resuming.mjs";

const me = await signIn("demo");
const way = await wire();
let comeBack;
const away = new Promise((resolve) => (comeBack = resolve));
const client = connect(me.authorization, { by: way, shouldRetry: () => true, retryAttempts: 5, retryWait: () => away });
const apollo = new ApolloClient({ cache: new InMemoryCache(), link: resuming(client) });
const results = inbox((sink) => apollo.subscribe({ query: gql(TASK_EVENTS), variables: { after: null } }).subscribe(sink));
const take = async (what) => event(await results(what));

assert.equal((await take("Ready")).__typename, "Ready");
const milk = await create(me, "Buy milk");
const first = await take("the new task");
assert.deepEqual(gist(first), ["ADDED", milk.id]);

way.cut();
await rename(me, milk.id, "Buy oat milk");
await complete(me, milk.id);
const bread = await create(me, "Buy bread");
comeBack();
assert.deepEqual(await take("Ready again"), { __typename: "Ready", cursor: first.cursor });
const missed = [await take("the renaming"), await take("the completion"), await take("the second task")];
assert.deepEqual(missed.map(gist), [["UPDATED", milk.id], ["STATUS_CHANGED", milk.id], ["ADDED", bread.id]]);
done({ missed: missed.map((event) => event.kind) });
