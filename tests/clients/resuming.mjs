// A link for Apollo Client whose subscriptions go on where they were: they retry after their last cursor.
import { ApolloLink, Observable } from "@apollo/client";
import { print } from "graphql";

export const resuming = (client) =>
  new ApolloLink(({ query, variables, operationName }) => new Observable((sink) => {
    const next = (result) => {
      const event = Object.values(result.data ?? {})[0];
      if (event?.cursor) variables.after = event.cursor;
      sink.next(result);
    };
    return client.subscribe({ query: print(query), variables, operationName }, { ...handlers(sink), next });
  }));

const handlers = (sink) => ({ error: (error) => sink.error(error), complete: () => sink.complete() });
