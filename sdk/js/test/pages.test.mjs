// Lists come in pages, and iterating goes through all of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { all, json, problem, serving } from "./serving.mjs";

test("iterating goes through all pages with the same filter", async (t) => {
  const pages = { null: { data: [1, 2], next_cursor: "b" }, b: { data: [], next_cursor: "c" }, c: { data: [3], next_cursor: null } };
  const { client, requests } = await serving(t, (request, response) => json(response, pages[request.query.get("cursor")]));
  assert.deepEqual(await all(client.runs.list({ status: "failed", limit: 2 })), [1, 2, 3]);
  const filter = "status=failed&limit=2";
  assert.deepEqual(requests.map(({ query }) => String(query)), [filter, `${filter}&cursor=b`, `${filter}&cursor=c`]);
});

test("one page can be had at a time", async (t) => {
  const pages = { null: { data: [1], next_cursor: "b", extra: 5 }, b: { data: [2], next_cursor: null } };
  const { client, requests } = await serving(t, (request, response) => json(response, pages[request.query.get("cursor")]));
  const first = await client.agents.list();
  assert.deepEqual([first.data, first.hasNextPage(), first.body.extra], [[1], true, 5]);
  assert.equal(JSON.stringify(first), JSON.stringify(pages.null));
  const second = await first.getNextPage();
  assert.deepEqual([second.data, second.hasNextPage(), await second.getNextPage()], [[2], false, null]);
  assert.equal(requests.length, 2);
});

test("pages that go by number are followed too, and lists without pages are one", async (t) => {
  const { client } = await serving(t, (request, response) => {
    const at = Number(request.query.get("before") ?? request.query.get("after") ?? 0);
    if (request.path.endsWith("/audit")) return json(response, { data: [at], next_before: at ? null : 5 });
    if (request.path.endsWith("/decisions")) return json(response, { data: [at], next_after: at ? null : 9 });
    return json(response, { data: ["only"] });
  });
  assert.deepEqual(await all(client.audit.list()), [0, 5]);
  assert.deepEqual(await all(client.runs.decisions("r")), [0, 9]);
  assert.deepEqual(await all(client.skills.list()), ["only"]);
});

test("a mark that does not move ends the list, and an error on the way is thrown", async (t) => {
  const { client } = await serving(t, (request, response) => {
    if (request.path.endsWith("/agents") && request.query.get("cursor")) return problem(response, 400, { code: "INVALID_CURSOR" });
    return json(response, { data: [1], next_cursor: "same" });
  });
  assert.deepEqual(await all(client.runs.list()), [1, 1]);
  await assert.rejects(all(client.agents.list()), { code: "INVALID_CURSOR" });
});
