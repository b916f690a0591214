// graphql-codegen with its client preset, as its command line runs it: types for codegen/tasks.ts, and a manifest.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { codegen } from "@graphql-codegen/core";
import { preset } from "@graphql-codegen/client-preset";
import { buildSchema, parse } from "graphql";

const SOURCE = "codegen/tasks.ts";
const source = await readFile(SOURCE, "utf8");
const texts = [...source.matchAll(/graphql\(`([^`]*)`\)/g)].map(([, text]) => text);
const sections = await preset.buildGeneratesSection({
  baseOutputDir: "codegen/generated/",
  schema: parse(await readFile("../../schema/schema.graphql", "utf8")),
  schemaAst: buildSchema(await readFile("../../schema/schema.graphql", "utf8")),
  documents: texts.map((rawSDL) => ({ location: SOURCE, rawSDL, document: parse(rawSDL) })),
  config: { scalars: { Date: "string", DateTime: "string", Cursor: "string" }, strictScalars: true, useTypeImports: true },
  presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
  plugins: [],
  pluginMap: {},
});
for (const section of sections) {
  await mkdir(dirname(section.filename), { recursive: true });
  await writeFile(section.filename, await codegen(section));
}
process.stdout.write(`${JSON.stringify(sections.map(({ filename }) => filename).sort())}\n`);
