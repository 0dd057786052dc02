// Every operation of the API's document has a method, which asks for exactly that operation.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { json, serving } from "./serving.mjs";

const document = JSON.parse(readFileSync(new URL("../../../docs/reference/openapi.json", import.meta.url), "utf8"));
const METHODS = ["get", "post", "put", "patch", "delete"];

/** What is part of the API's contract, whether or not the document at hand has it yet. */
const PROMISED = [
  ["GET", "/approvals", "approvals.list"],
  ["GET", "/approvals/{run_id}/{step_id}", "approvals.get"],
  ["POST", "/approvals/{run_id}/{step_id}/approve", "approvals.approve"],
  ["POST", "/approvals/{run_id}/{step_id}/reject", "approvals.reject"],
];

/** Operations whose method is not called by the words of their id. */
const NAMED_OTHERWISE = {
  agent_versions_list: "agents.versions.list",
  agent_versions_get: "agents.versions.get",
  grant_uses_list: "grants.uses",
  runs_events: "runs.eventsPage",
  events_list: "events.page",
  webhook_deliveries_list: "webhooks.deliveries.list",
  webhook_deliveries_get: "webhooks.deliveries.get",
  webhook_deliveries_redeliver: "webhooks.deliveries.redeliver",
  failure_groups_list: "failures.groups.list",
  failure_groups_get: "failures.groups.get",
  failure_groups_fixed: "failures.groups.fixed",
  failure_groups_mute: "failures.groups.mute",
  failure_groups_unmute: "failures.groups.unmute",
};

const camel = (words) => words.join("_").replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** Find the method of an operation by splitting its id into resource, resource of that, and name, wherever that fits. */
function methodOf(client, id) {
  const words = id.split("_");
  for (const cuts of [[], ...words.slice(1).map((_, at) => [at + 1])]) {
    const found = resolve(client, words, cuts) ?? deeper(client, words, cuts);
    if (found) return found;
  }
  return null;
}

function deeper(client, words, [first]) {
  for (let second = (first ?? words.length) + 1; second < words.length; second++) {
    const found = resolve(client, words, [first, second]);
    if (found) return found;
  }
  return null;
}

function resolve(client, words, cuts) {
  const ends = [...cuts, words.length];
  return named(client, ends.map((end, at) => camel(words.slice(ends[at - 1] ?? 0, end))).join("."));
}

function named(client, dotted) {
  const names = dotted.split(".");
  const last = names.pop();
  const owner = names.reduce((thing, name) => thing?.[name], client);
  return typeof owner?.[last] === "function" ? owner[last].bind(owner) : null;
}

function operations() {
  return Object.entries(document.paths)
    .filter(([path]) => path.startsWith("/api/v1/"))
    .flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => {
        return [method.toUpperCase(), path.replace("/api/v1", ""), item[method].operationId];
      }),
    );
}

async function asks(call, requests, method, path) {
  const ids = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const before = requests.length;
  const reads = method === "GET" || method === "DELETE";
  const body = { said: "this" };
  // A secret is what `webhooks.answer` takes in the place of options; others have nothing to read in a text.
  await call(...ids, body, path.endsWith("/answers") ? "whsec_AAAA" : undefined);
  const asked = requests[before];
  assert.equal(asked.method, method);
  assert.equal(decodeURIComponent(asked.path), `/api/v1${path.replace(/[{}]/g, "")}`);
  return { asked, reads };
}

test("every operation of the document has its method", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, { data: [] }));
  const all = operations();
  assert.ok(all.length > 70);
  for (const [method, path, id] of all) {
    const call = NAMED_OTHERWISE[id] ? named(client, NAMED_OTHERWISE[id]) : methodOf(client, id);
    assert.ok(call, `${id} has no method`);
    const { asked, reads } = await asks(call, requests, method, path);
    const operation = document.paths[`/api/v1${path}`][method.toLowerCase()];
    if (!reads && operation.requestBody) assert.deepEqual(JSON.parse(asked.body), { said: "this" }, id);
    if (reads && operation.parameters?.some((parameter) => parameter.in === "query")) assert.equal(asked.query.get("said"), "this", id);
    if (method === "POST") assert.ok(asked.headers["idempotency-key"], id);
  }
});

test("every operation of the contract has its method", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, { data: [] }));
  for (const [method, path, name] of PROMISED) await asks(named(client, name), requests, method, path);
});

test("the six flat names ask the runtime", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, { data: [] }));
  await client.execute("json_transform", { input: 1 }, { agent: "a" });
  await client.describeSkill("json_transform", { version: "1.0.0" });
  await client.query("runs", { status: "failed" });
  await client.simulate({ goal: "g", agent: "a" });
  await client.getResourceContract("run_1");
  await client.failureCatalog({ code: "TIMEOUT" });
  assert.deepEqual(
    requests.map(({ method, path, query }) => `${method} ${path.replace("/api/v1/runtime", "")}?${query}`),
    [
      "POST /execute?",
      "GET /skills/json_transform?version=1.0.0",
      "POST /query?",
      "POST /simulate?",
      "GET /resource-contract/run_1?",
      "GET /failure-catalog?code=TIMEOUT",
    ],
  );
  assert.deepEqual(JSON.parse(requests[0].body), { skill: "json_transform", params: { input: 1 }, agent: "a", version: null });
  assert.deepEqual(JSON.parse(requests[2].body), { what: "runs", filters: { status: "failed" } });
});

test("the version of the package is the one it says", async () => {
  const { VERSION } = await import("../dist/esm/index.js");
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(VERSION, manifest.version);
  assert.equal(manifest.dependencies, undefined);
  assert.ok(existsSync(new URL("../dist/cjs/index.js", import.meta.url)));
});
