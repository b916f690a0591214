import { createClient } from "graphql-ws";
import runtime from "relay-runtime";

const { Environment, Network, Observable, RecordSource, Store } = runtime;

export function relay({ url, authorization, fetch }) {
  const socket = createClient({ url: url.replace("http", "ws"), connectionParams: { authorization } });
  const headers = { "content-type": "application/json", authorization };

  async function ask({ text: query }, variables) {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await response.json();
    if (errors) throw Object.assign(new Error(errors[0].message), { errors }); // a null alone does not say why
    return { data };
  }
  const follow = ({ text: query, name: operationName }, variables) =>
    Observable.create((sink) => socket.subscribe({ query, operationName, variables }, sink));
  return new Environment({ network: Network.create(ask, follow), store: new Store(new RecordSource()) });
}
