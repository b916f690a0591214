// What breaks clients: graphql-inspector, from the schema of the last release to the one here.
// A third file has the breaks that are accepted knowingly: reasons by path.
import { readFile } from "node:fs/promises";
import { CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const [released, here, list] = process.argv.slice(2);
const [before, after] = await Promise.all(
  [released, here].map(async (path) => buildSchema(await readFile(path, "utf8"))),
);
const accepted = list ? JSON.parse(await readFile(list, "utf8")) : {};
const changes = await diff(before, after, [DiffRule.suppressRemovalOfDeprecatedField]);
const breaks = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
const known = breaks.filter(({ path }) => path in accepted);
const breaking = breaks.filter(({ path }) => !(path in accepted));
for (const { path, message } of known) console.log(`accepted: ${path}: ${message} (${accepted[path]})`);
for (const { path, message } of breaking) console.error(`${path}: ${message}`);
if (breaking.length) console.error("Clients of the last release break: deprecate it first (CONTRIBUTING.md).");
const idle = Object.keys(accepted).filter((path) => !known.some((change) => change.path === path));
for (const path of idle) console.error(`${path}: accepted as a break, but it breaks nothing: take it off the list`);
process.exitCode = breaking.length || idle.length ? 1 : 0;
