import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";

const pages = relayStylePagination(["filter", "orderBy"]); // `fetchMore` appends to the list that is there

export const apollo = ({ url, authorization, fetch }) =>
  new ApolloClient({
    cache: new InMemoryCache({
      typePolicies: {
        Label: { fields: { tasks: pages } },
        Query: {
          fields: {
            tasks: pages,
            // A task that is in the cache already is not asked for again.
            task: (_, { args, toReference }) => toReference({ __typename: "Task", id: args.id }),
          },
        },
      },
    }),
    incrementalHandler: new GraphQL17Alpha9Handler(), // for @defer
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(createClient({ url: url.replace("http", "ws"), connectionParams: { authorization } })),
      ApolloLink.from([
        new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") }),
        new HttpLink({ uri: url, headers: { authorization }, fetch }),
      ]),
    ),
  });
