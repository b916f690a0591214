// What a screen of Relay asks: a list that grows, a task that is fetched again by its id, and what happens meanwhile.
import { graphql } from "relay-runtime";

graphql`
  query GardenQuery($id: ID!) {
    label(id: $id) {
      ...Garden_list
    }
  }
`;
graphql`
  fragment Garden_list on Label
  @refetchable(queryName: "GardenMoreQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }) {
    name
    tasks(first: $first, after: $after, orderBy: { field: CREATED_AT }) @connection(key: "Garden_tasks", filters: []) {
      edges {
        node {
          ...Garden_task
        }
      }
    }
  }
`;
graphql`
  fragment Garden_task on Task @refetchable(queryName: "GardenTaskQuery") {
    title
    completed
    subtasks(first: 10) {
      edges {
        node {
          title
        }
      }
    }
  }
`;
graphql`
  mutation GardenAddMutation($input: CreateTaskInput!, $connections: [ID!]!) {
    createTask(input: $input) @appendNode(connections: $connections, edgeTypeName: "TaskEdge") {
      id
      ...Garden_task
    }
  }
`;
graphql`
  mutation GardenCompleteMutation($id: ID!) @raw_response_type {
    completeTask(id: $id) {
      id
      completed
    }
  }
`;
graphql`
  mutation GardenDeleteMutation($id: ID!) {
    deleteTask(id: $id) {
      deletedId @deleteRecord
    }
  }
`;
graphql`
  subscription GardenSubscription($after: Cursor) {
    taskEvents(after: $after) {
      __typename
      ... on Ready {
        cursor
      }
      ... on TaskChanged {
        cursor
        kind
        task {
          id
          ...Garden_task
        }
      }
      ... on TaskDeleted {
        cursor
        deletedId @deleteRecord
      }
      ... on Resync {
        cursor
      }
    }
  }
`;
