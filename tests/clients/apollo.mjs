// Apollo Client: answers and events find their way into its cache, so that a watched query needs no refetch.
import assert from "node:assert/strict";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { filter } from "rxjs";
import { TASK_EVENTS, complete, connect, create, done, event, gist, inbox, rename, signIn, url, wire } from "./lib.mjs";

const me = await signIn("demo");
const way = await wire();
const sent = { query: 0, mutation: 0, subscription: 0 };
const counted = new ApolloLink((operation, forward) => {
  sent[operation.operationType] += 1;
  return forward(operation);
});
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.from([
    counted,
    ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(connect(me.authorization, { by: way })),
      new HttpLink({ uri: url, headers: { authorization: me.authorization } }),
    ),
  ]),
});
const follow = (after) => {
  const take = inbox((sink) => apollo.subscribe({ query: gql(TASK_EVENTS), variables: { after } }).subscribe(sink));
  return async (what) => event(await take(what));
};

const { id } = await create(me, "Call Ada");
const watched = apollo.watchQuery({ query: gql`query { tasks(first: 5) { nodes { id title completed } } }` });
const results = inbox((sink) => watched.pipe(filter((result) => !result.loading)).subscribe(sink));
const shown = async (what) => {
  const { __typename, ...task } = (await results(what)).data.tasks.nodes.find((node) => node.id === id);
  return task;
};
assert.deepEqual(await shown("the first answer"), { id, title: "Call Ada", completed: false });

const RENAME = gql`mutation ($id: ID!, $title: String!) { updateTask(id: $id, input: { title: $title }) { id title } }`;
await apollo.mutate({ mutation: RENAME, variables: { id, title: "Call Bob" } });
assert.deepEqual(await shown("the mutation's answer"), { id, title: "Call Bob", completed: false });

let take = follow();
assert.equal((await take("Ready")).__typename, "Ready");
await rename(me, id, "Call Cyd");
const { cursor, ...renamed } = await take("the other client's renaming");
assert.deepEqual(gist(renamed), ["UPDATED", id]);
assert.deepEqual(await shown("the event's task"), { id, title: "Call Cyd", completed: false });

way.cut();
await assert.rejects(take("the end of the connection"), /Socket closed/);
await rename(me, id, "Call Dan");
await complete(me, id);
take = follow(cursor);
assert.equal((await take("Ready again")).cursor, cursor);
const missed = [gist(await take("the missed renaming")), gist(await take("the missed completion"))];
assert.deepEqual(missed, [["UPDATED", id], ["STATUS_CHANGED", id]]);
assert.deepEqual(await shown("what was missed"), { id, title: "Call Dan", completed: true });

await rename(me, id, "Call Eve");
assert.deepEqual(gist(await take("the renaming after the resume")), ["UPDATED", id]);
assert.deepEqual(await shown("the last title"), { id, title: "Call Eve", completed: true });
done({ sent });
