// Relay: a connection that grows, refetching by node(id), mutations and a subscription that change the store.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import runtime from "relay-runtime";
import { done, event, gist, inbox, label, remove, rename, signIn, thrown, wire } from "./lib.mjs";
import { relay } from "./made/relay.mjs";

const { ConnectionHandler, commitMutation, createOperationDescriptor, fetchQuery } = runtime;
const { getPaginationMetadata, getSingularSelector, requestSubscription } = runtime;
const require = createRequire(import.meta.url);
const compiled = (name) => require(`./relay/generated/Garden${name}.graphql.js`);

const me = await signIn("demo");
const way = await wire();
const sent = [];
const counted = (to, init) => {
  sent.push(init.body);
  return fetch(to, init);
};
const environment = relay({ url: way.url, authorization: me.authorization, fetch: counted });

const fetched = (name, variables) => fetchQuery(environment, compiled(name), variables).toPromise();
const read = (selector) => environment.lookup(selector).data;
const fragment = (name, ref) => read(getSingularSelector(compiled(name), ref));
const commit = (name, variables, more) =>
  new Promise((onCompleted, onError) => {
    commitMutation(environment, { mutation: compiled(name), variables, onCompleted, onError, ...more });
  });

// A page, and then more of it by the query that the compiler has made of the fragment.
const { label: id, tasks } = await label(me, ["One", "Two", "Three"]);
const query = createOperationDescriptor(compiled("Query"), { id });
const kept = environment.retain(query); // as the hooks of a component that is shown do
await fetched("Query", { id });
const list = () => fragment("_list", read(query.fragment).label);
const shown = () => list().tasks.edges.map(({ node }) => fragment("_task", node).title);
assert.deepEqual([shown(), list().tasks.pageInfo.hasNextPage], [["One", "Two"], true]);
const { paginationRequest } = getPaginationMetadata(compiled("_list"), "the list");
assert.equal(paginationRequest, compiled("MoreQuery"));
await fetched("MoreQuery", { id, first: 2, after: list().tasks.pageInfo.endCursor });
assert.deepEqual([shown(), list().tasks.pageInfo.hasNextPage], [["One", "Two", "Three"], false]);

// A fragment is fetched again by node(id).
await rename(me, tasks[0], "Uno");
await fetched("TaskQuery", { id: tasks[0] });
assert.deepEqual(shown(), ["Uno", "Two", "Three"]);

// Mutations: an edge is appended, an answer changes its record, what is deleted leaves all lists.
const connections = [ConnectionHandler.getConnectionID(id, "Garden_tasks", [])];
await commit("AddMutation", { input: { title: "Four", labelIds: [id] }, connections });
assert.deepEqual(shown(), ["Uno", "Two", "Three", "Four"]);
const second = environment.lookup(getSingularSelector(compiled("_task"), list().tasks.edges[1].node));
const states = inbox((sink) => environment.subscribe(second, ({ data }) => sink.next(data?.completed)));
const optimisticResponse = { completeTask: { id: tasks[1], completed: true } };
const completed = commit("CompleteMutation", { id: tasks[1] }, { optimisticResponse });
assert.equal(await states("the optimistic answer"), true);
await completed;
await commit("DeleteMutation", { id: tasks[2] });
const present = () => list().tasks.edges.filter((edge) => edge?.node).map(({ node }) => fragment("_task", node).title);
assert.deepEqual(present(), ["Uno", "Two", "Four"]);

// An optimistic answer is taken back when the server refuses.
const wrong = { input: { title: "", labelIds: [id] }, connections };
const invalid = await thrown(commit("AddMutation", wrong));
assert.deepEqual(present(), ["Uno", "Two", "Four"]);
const gone = await thrown(commit("CompleteMutation", { id: "task_0" }, { optimisticResponse }));

// A subscription changes the store by itself.
const events = inbox(({ next, error }) =>
  requestSubscription(environment, {
    subscription: compiled("Subscription"),
    variables: { after: null },
    onNext: (data) => next({ data }),
    onError: error,
  }),
);
const take = async (what) => event(await events(what));
assert.equal((await take("Ready")).__typename, "Ready");
await rename(me, tasks[1], "Due");
const renamed = await take("the renaming");
assert.deepEqual(gist(renamed), ["UPDATED", tasks[1]]);
assert.deepEqual(present(), ["Uno", "Due", "Four"]);
await remove(me, tasks[1]);
assert.deepEqual(gist(await take("the deletion")), ["DELETED", tasks[1]]);
assert.deepEqual(present(), ["Uno", "Four"]);
way.cut();
await assert.rejects(events("the end of the connection"));
kept.dispose();

const codes = ({ errors }) => errors.map(({ path, extensions }) => [path[0], extensions.code]);
done({ sent: sent.length, invalid: codes(invalid), gone: codes(gone) });
