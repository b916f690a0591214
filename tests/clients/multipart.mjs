// Apollo Client over nothing but HTTP: a subscription is a multipart answer, and resumes after a cursor.
import assert from "node:assert/strict";
import {
  ApolloClient,
  CombinedGraphQLErrors,
  CombinedProtocolErrors,
  HttpLink,
  InMemoryCache,
  gql,
} from "@apollo/client";
import { TASK_EVENTS, complete, create, done, event, gist, inbox, rename, signIn, wire } from "./lib.mjs";

const me = await signIn("demo");
const way = await wire();
const apollo = ({ authorization } = {}) =>
  new ApolloClient({
    cache: new InMemoryCache(),
    link: new HttpLink({
      uri: `http://127.0.0.1:${way.port}/graphql`,
      headers: authorization && { authorization },
    }),
  });
const client = apollo(me);
const follow = (by, query = TASK_EVENTS, variables = {}) => {
  const take = inbox((sink) => by.subscribe({ query: gql(query), variables }).subscribe(sink));
  return async (what) => event(await take(what));
};

let take = follow(client);
assert.equal((await take("Ready")).__typename, "Ready");
const milk = await create(me, "Buy milk");
const { cursor, ...heard } = await take("the new task");
assert.deepEqual(gist(heard), ["ADDED", milk.id]);

way.cut();
await assert.rejects(take("the end of the connection"));
await rename(me, milk.id, "Buy oat milk");
await complete(me, milk.id);
const bread = await create(me, "Buy bread");
take = follow(client, TASK_EVENTS, { after: cursor });
assert.equal((await take("Ready again")).cursor, cursor);
const missed = [await take("the renaming"), await take("the completion"), await take("the second task")];
assert.deepEqual(missed.map(gist), [["UPDATED", milk.id], ["STATUS_CHANGED", milk.id], ["ADDED", bread.id]]);
await rename(me, bread.id, "Buy rye bread");
assert.deepEqual(gist(await take("what happens then")), ["UPDATED", bread.id]);
assert.equal(client.cache.extract()[`Task:${bread.id}`].title, "Buy rye bread");

const asked = await client.query({ query: gql`query { me { id } }` });
assert.equal(asked.data.me.id, me.id);

const thrown = (promise) => promise.then((value) => assert.fail(`got ${JSON.stringify(value)}`), (error) => error);
const guest = await thrown(follow(apollo())("the refusal of a guest"));
assert.ok(CombinedProtocolErrors.is(guest), String(guest));
const typo = await thrown(follow(client, "subscription { typo }")("the refusal of a typo"));
assert.ok(CombinedGraphQLErrors.is(typo), String(typo));
const codes = ({ errors }) => errors.map((error) => error.extensions.code);
done({ missed: missed.map((told) => told.kind), guest: codes(guest), typo: codes(typo) });
