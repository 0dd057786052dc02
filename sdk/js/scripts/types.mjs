// Writes src/types.ts and src/keyed.ts from the API's OpenAPI document; with --check it only says whether that would change anything.
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../../docs/reference/openapi.json", import.meta.url);
const SOURCES = new URL("../src/", import.meta.url);
const HEADER = "// Generated from docs/reference/openapi.json by `npm run types`; change the API instead.\n\n";

/** Say which POSTs remember an Idempotency-Key, each as its path with `{}` for the ids. */
function keyedPosts({ paths }) {
  const isKey = (parameter) => parameter.in === "header" && parameter.name === "Idempotency-Key";
  const keyed = Object.entries(paths)
    .filter(([, { post }]) => post?.parameters?.some(isKey))
    .map(([path]) => path.replace(/^\/api\/v1/, "").replace(/\{\w+\}/g, "{}"));
  const lines = keyed.sort().map((path) => `  ${JSON.stringify(path)},\n`);
  const comment = "/** The POSTs that remember an Idempotency-Key. */\n";
  return `${comment}export const KEYED_POSTS: ReadonlySet<string> = new Set([\n${lines.join("")}]);\n`;
}

async function generate() {
  const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
  // A field with a default may be left out of a request.
  const tree = await openapiTS(DOCUMENT, { defaultNonNullable: false, silent: true });
  return { "types.ts": HEADER + astToString(tree), "keyed.ts": HEADER + keyedPosts(document) };
}

async function main(check) {
  const stale = [];
  for (const [name, wanted] of Object.entries(await generate())) {
    const file = new URL(name, SOURCES);
    if (!check) await writeFile(file, wanted);
    else if ((await readFile(file, "utf8")) !== wanted) stale.push(name);
  }
  if (stale.length === 0) return 0;
  console.error(`docs/reference/openapi.json gives another ${stale.join(" and ")}; run \`npm run types\` and commit the result`);
  return 1;
}

process.exitCode = await main(process.argv.includes("--check"));
