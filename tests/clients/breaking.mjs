// What breaks clients: graphql-inspector, from the schema of the last release to the one here.
import { readFile } from "node:fs/promises";
import { CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const [before, after] = await Promise.all(
  process.argv.slice(2).map(async (path) => buildSchema(await readFile(path, "utf8"))),
);
const changes = await diff(before, after, [DiffRule.suppressRemovalOfDeprecatedField]);
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
for (const { path, message } of breaking) console.error(`${path}: ${message}`);
if (breaking.length) console.error("Clients of the last release break: deprecate it first (CONTRIBUTING.md).");
process.exitCode = breaking.length ? 1 : 0;
