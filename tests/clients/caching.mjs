// Apollo Client's normalized cache: entities, pages that grow, deletions, persisted queries, and what goes wrong.
import assert from "node:assert/strict";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError, gql } from "@apollo/client";
import { filter } from "rxjs";
import { ask, done, inbox, label, signIn, thrown, unique, url, wire } from "./lib.mjs";
import { apollo as made } from "./made/apollo.mjs";

const me = await signIn("demo");
const way = await wire();
const bodies = [];
const counted = (to, init) => {
  bodies.push(JSON.parse(init.body));
  return fetch(to, init);
};
const apollo = made({ url, authorization: me.authorization, fetch: counted });

// Pages: `fetchMore` appends to the list that is there, and nothing comes twice.
const { label: garden, tasks } = await label(me, ["One", "Two", "Three", "Four", "Five"]);
const PAGE = gql`
  query ${unique("Page")}($id: ID!, $after: String) {
    label(id: $id) {
      id
      tasks(first: 2, after: $after, orderBy: { field: CREATED_AT }) {
        edges { cursor node { id title completed } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  }
`;
const list = apollo.watchQuery({ query: PAGE, variables: { id: garden } });
const states = inbox((sink) => list.pipe(filter(({ loading }) => !loading)).subscribe(sink));
const next = async (what) => (await states(what)).data.label.tasks;
const titles = ({ edges }) => edges.map(({ node }) => node.title);
let shown = await next("the first page");
assert.deepEqual([titles(shown), shown.pageInfo.hasNextPage, shown.totalCount], [["One", "Two"], true, 5]);
while (shown.pageInfo.hasNextPage) {
  await list.fetchMore({ variables: { after: shown.pageInfo.endCursor } });
  shown = await next("the next page");
}
assert.deepEqual(titles(shown), ["One", "Two", "Three", "Four", "Five"]);

// Persisted queries: the text went once, at the first request, because the server did not know its hash.
const hash = bodies[0].extensions.persistedQuery.sha256Hash;
assert.deepEqual(bodies.map(({ query }) => query !== undefined), [false, true, false, false]);
assert.ok(bodies.every(({ extensions }) => extensions.persistedQuery.sha256Hash === hash));

// A mutation's answer is the entity: it is changed wherever it is shown. What was deleted is taken out by its id.
const COMPLETE = gql`mutation ($id: ID!) { completeTask(id: $id) { id completed } }`;
const DELETE = gql`mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }`;
const [one, two] = tasks;
await apollo.mutate({ mutation: COMPLETE, variables: { id: one } });
shown = await next("the completion");
assert.deepEqual(shown.edges.map(({ node }) => node.completed), [true, false, false, false, false]);
await apollo.mutate({
  mutation: DELETE,
  variables: { id: two },
  update(cache, { data }) {
    cache.evict({ id: cache.identify({ __typename: "Task", id: data.deleteTask.deletedId }) });
    cache.gc();
  },
});
assert.deepEqual(titles(await next("the deletion")), ["One", "Three", "Four", "Five"]);

const asked = bodies.length;
const KNOWN = gql`query ($id: ID!) { task(id: $id) { id title } }`;
const known = await apollo.query({ query: KNOWN, variables: { id: one } });
assert.deepEqual([known.data.task.title, bodies.length], ["One", asked]);

// Errors by their codes; what is amiss with an input, by its field.
const RENAME = gql`
  mutation ($id: ID!, $title: String!, $version: Int) {
    updateTask(id: $id, input: { title: $title }, expectedVersion: $version) { id title }
  }
`;
const by = (client) => async (mutation, variables) => {
  const error = await thrown(client.mutate({ mutation, variables }));
  assert.ok(CombinedGraphQLErrors.is(error), String(error));
  const [{ path, extensions }] = error.errors;
  return [path[0], extensions.code, ...(extensions.details ? [extensions.details] : [])];
};
const refused = {
  invalid: await by(apollo)(RENAME, { id: one, title: "" }),
  stale: await by(apollo)(RENAME, { id: one, title: "Uno", version: 1 }),
  gone: await by(apollo)(RENAME, { id: "task_0", title: "Uno" }),
};
const guest = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }) });
refused.guest = await by(guest)(COMPLETE, { id: one });
const { task } = await ask("query ($id: ID!) { task(id: $id) { title } }", { id: one }, me);
assert.equal(task.title, "One");

// `errorPolicy: "all"` keeps what could be answered beside what could not.
const PARTLY = gql`{ me { id } task(id: "task_0") { id } }`;
const partly = await apollo.query({ query: PARTLY, errorPolicy: "all", fetchPolicy: "network-only" });
assert.deepEqual([partly.data.me.id, partly.data.task], [me.id, null]);
refused.partly = partly.error.errors.map(({ path, extensions }) => [path[0], extensions.code]);

// What is no answer of the server: a token that does not hold, and a network that breaks off.
const liar = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: url, headers: { authorization: "Bearer nonsense" } }),
});
const ME = gql`{ me { id } }`;
const invalid = await thrown(liar.query({ query: ME }));
refused.token = invalid.errors.map(({ extensions }) => extensions.code);
const away = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: way.url, headers: { authorization: me.authorization } }),
});
await away.query({ query: ME });
way.end();
const dropped = await thrown(away.query({ query: ME, fetchPolicy: "network-only" }));
assert.ok(!CombinedGraphQLErrors.is(dropped) && !ServerError.is(dropped), String(dropped));
refused.dropped = dropped.message;
done(refused);
