// Refusals as clients see them.
import assert from "node:assert/strict";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { TASK_EVENTS, connect, done, follow, inbox, signIn, url } from "./lib.mjs";

const thrown = (promise) => promise.then((value) => assert.fail(`got ${JSON.stringify(value)}`), (error) => error);

const { authorization } = await signIn("demo");
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: url, headers: { authorization } }),
});
const CREATE = gql`mutation ($title: String!) { createTask(input: { title: $title }) { id } }`;
const refused = await thrown(apollo.mutate({ mutation: CREATE, variables: { title: "x".repeat(201) } }));
assert.ok(CombinedGraphQLErrors.is(refused), String(refused));
const [{ extensions, path }] = refused.errors;
assert.deepEqual(path, ["createTask"]);
assert.deepEqual(Object.keys(extensions.details), ["title"]);

const tries = [];
const liar = connect("Bearer nonsense", { retryAttempts: 5, on: { connecting: () => tries.push("connecting") } });
const closed = await thrown(follow(liar)("the refusal of the token"));
assert.equal(tries.length, 1, "the client knows that trying again is of no use");

const life = [];
const guest = connect(undefined, {
  lazy: false,
  on: { connected: () => life.push("connected"), closed: () => life.push("closed") },
});
const errors = await thrown(inbox((sink) => guest.subscribe({ query: TASK_EVENTS }, sink))("the refusal of a guest"));
assert.ok(Array.isArray(errors), `an error message, not ${errors}`);
const answer = await inbox((sink) => guest.subscribe({ query: "{ __typename }" }, sink))("the guest's query");
assert.deepEqual(answer, { data: { __typename: "Query" } });
assert.deepEqual(life, ["connected"]);

done({
  tooLong: extensions.code,
  invalidToken: closed.code,
  noToken: errors.map((error) => error.extensions.code),
});
