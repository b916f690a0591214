// A program in TypeScript, strict: what it may and may not do is known from the schema.
import type { ResultOf, VariablesOf } from "@graphql-typed-document-node/core";
import { graphql } from "./generated/gql";
import { type FragmentType, useFragment } from "./generated/fragment-masking";
import type { CreateTaskInput } from "./generated/graphql";

const Row = graphql(`
  fragment Row on Task {
    id
    title
    dueAt
    priority
  }
`);
const List = graphql(`
  query List($first: Int = 20, $after: String) {
    tasks(first: $first, after: $after) {
      nodes {
        ...Row
      }
      pageInfo {
        endCursor
      }
      ... @defer {
        totalCount
      }
    }
  }
`);
const Add = graphql(`
  mutation Add($input: CreateTaskInput!) {
    createTask(input: $input) {
      ...Row
    }
  }
`);
const Follow = graphql(`
  subscription Follow($after: Cursor) {
    taskEvents(after: $after) {
      __typename
      ... on Ready {
        cursor
      }
      ... on TaskChanged {
        cursor
        kind
        task {
          ...Row
        }
      }
      ... on TaskDeleted {
        cursor
        deletedId
      }
      ... on Resync {
        cursor
        reason
      }
    }
  }
`);

const written = (masked: FragmentType<typeof Row>): string => {
  const row = useFragment(Row, masked);
  return row.dueAt === null ? row.title : `${row.title} (${row.dueAt.slice(0, 10)})`;
};

export const titles = ({ tasks }: ResultOf<typeof List>): string[] => tasks.nodes.map(written);
export const counted = ({ tasks }: ResultOf<typeof List>): number | undefined => tasks.totalCount; // it comes later

const input: CreateTaskInput = { title: "Water the plants", dueAt: "2026-11-21T09:00:00Z" };
export const variables: VariablesOf<typeof Add> = { input };
// @ts-expect-error a task needs a title
export const untitled: VariablesOf<typeof Add> = { input: {} };
// @ts-expect-error a moment is a text
export const undated: VariablesOf<typeof Add> = { input: { title: "Now", dueAt: new Date() } };

export function told({ taskEvents: event }: ResultOf<typeof Follow>): string {
  switch (event.__typename) {
    case "TaskChanged":
      return event.task && event.kind === "ADDED" ? written(event.task) : event.kind;
    case "TaskDeleted":
      return event.deletedId;
    case "Ready":
      return event.cursor;
    case "Resync":
      return event.reason;
  }
}
