// @defer in Apollo Client, by both protocols that it has: what is shown first, and what then.
import assert from "node:assert/strict";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { create, done, inbox, signIn, url } from "./lib.mjs";

const me = await signIn("demo");
const { id } = await create(me, "Water the plants");
const QUERY = gql`
  query ($id: ID!) {
    task(id: $id) {
      id
      title
      ...Details @defer
    }
    tasks(first: 1) {
      nodes { id }
      ... @defer { totalCount }
    }
  }
  fragment Details on Task { priority labels { id name } }
`;
const FAILING = gql`query ($id: ID!) { task(id: $id) { id } ... @defer { users { totalCount } } }`;

async function deferred(incrementalHandler) {
  const types = [];
  const apollo = new ApolloClient({
    cache: new InMemoryCache(),
    incrementalHandler,
    link: new HttpLink({
      uri: url,
      headers: { authorization: me.authorization },
      fetch: async (to, init) => {
        const response = await fetch(to, init);
        types.push(response.headers.get("content-type"));
        return response;
      },
    }),
  });
  const watched = apollo.watchQuery({ query: QUERY, variables: { id } });
  const take = inbox((sink) => watched.subscribe(sink));
  let result;
  const seen = [];
  do {
    result = await take("the next state");
    if (result.data) seen.push(["title", "priority"].filter((name) => name in (result.data.task ?? {})));
  } while (result.loading);
  assert.deepEqual(seen[0], ["title"]);
  assert.deepEqual(seen.at(-1), ["title", "priority"]);
  const { __typename, ...task } = result.data.task;
  assert.deepEqual(task, { id, title: "Water the plants", priority: "NONE", labels: [] });
  assert.equal(typeof result.data.tasks.totalCount, "number");
  assert.equal(apollo.cache.extract()[`Task:${id}`].priority, "NONE");

  const partly = await apollo.query({ query: FAILING, variables: { id }, errorPolicy: "all" });
  assert.ok(CombinedGraphQLErrors.is(partly.error), String(partly.error));
  assert.equal(partly.data.task.id, id);
  const failed = partly.error.errors.map(({ path, extensions }) => [path, extensions.code]);
  return { types: [...new Set(types)], failed };
}

done({ older: await deferred(new Defer20220824Handler()), newer: await deferred(new GraphQL17Alpha9Handler()) });
