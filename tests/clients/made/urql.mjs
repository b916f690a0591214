import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";

export function urql({ url, authorization, schema, fetch }) {
  const socket = createClient({ url: url.replace("http", "ws"), connectionParams: { authorization } });
  return new Client({
    url,
    fetch,
    fetchOptions: { headers: { authorization } },
    preferGetMethod: false,
    exchanges: [
      cacheExchange({ schema }), // an introspection, for the types of unions
      persistedExchange({ preferGetForPersistedQueries: true }),
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
      fetchExchange,
    ],
  });
}
