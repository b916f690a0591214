// Every audit that the reference implementation has of GraphQL over HTTP, each with how it went.
import { serverAudits } from "graphql-http";
import { done, url } from "./lib.mjs";

const told = {};
for (const audit of serverAudits({ url })) {
  const { id, name, status, reason } = await audit.fn();
  told[`${id} ${name}`] = status === "ok" ? status : `${status}: ${reason}`;
}
done(told);
