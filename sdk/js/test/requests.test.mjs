// What goes out, what goes out again, and what is thrown when nothing helps.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import * as sdk from "../dist/esm/index.js";
import { delayBeforeRetry, retryAfterMs } from "../dist/esm/retry.js";
import { json, problem, serving } from "./serving.mjs";

const AT_ONCE = { "retry-after": "0" };

test("a request carries the key, JSON and an idempotency key of its own", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, { run_id: "run_1" }, 202));
  await client.runs.submit({ agent: "a", plan: { steps: [] } }, { wait: 5, headers: { "X-Request-Id": "mine" } });
  await client.runs.submit({ agent: "a" });
  await client.runs.submit({ agent: "a" }, { idempotencyKey: "chosen" });
  await client.runs.get("a/b c");
  const [first, second, third, fourth] = requests;
  assert.equal(first.headers.authorization, "Bearer aos_test_key");
  assert.equal(first.headers["content-type"], "application/json");
  assert.equal(first.headers.prefer, "wait=5");
  assert.equal(first.headers["x-request-id"], "mine");
  assert.match(first.headers["user-agent"], /^aos-sdk-js\/\d/);
  assert.deepEqual(JSON.parse(first.body), { agent: "a", plan: { steps: [] } });
  assert.match(first.headers["idempotency-key"], /^sdk-[0-9a-f]{32}$/);
  assert.notEqual(first.headers["idempotency-key"], second.headers["idempotency-key"]);
  assert.equal(third.headers["idempotency-key"], "chosen");
  assert.equal(fourth.path, "/api/v1/runs/a%2Fb%20c");
  assert.equal(fourth.headers["idempotency-key"], undefined);
});

for (const status of [408, 409, 429, 500, 503]) {
  test(`after ${status} the same request goes out again under the same key`, async (t) => {
    const { client, requests } = await serving(t, (_, response, count) => {
      if (count < 3) problem(response, status, {}, AT_ONCE);
      else json(response, { run_id: "run_1" }, 202);
    });
    assert.equal((await client.goals.submit({ agent: "a", goal: "g" })).run_id, "run_1");
    assert.equal(requests.length, 3);
    assert.equal(new Set(requests.map(({ headers }) => headers["idempotency-key"])).size, 1);
    assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
  });
}

test("after two retries the last error is thrown", async (t) => {
  const { client, requests } = await serving(t, (_, response) => problem(response, 503, {}, AT_ONCE));
  await assert.rejects(client.runs.list(), sdk.InternalServerError);
  assert.equal(requests.length, 3);
  await assert.rejects(client.withOptions({ maxRetries: 0 }).runs.list(), sdk.InternalServerError);
  assert.equal(requests.length, 4);
});

test("what trying again cannot change is told at once", async (t) => {
  const answers = [
    [400, {}],
    [409, { code: "idempotency_mismatch" }],
    [409, { code: "INVALID_INPUT", retryable: false }],
    [422, { errors: [{ code: "idempotency_mismatch" }] }],
    [429, {}, { "retry-after": "61" }],
  ];
  const { client, requests } = await serving(t, (_, response, count) => problem(response, ...answers[count - 1]));
  for (const [status] of answers) {
    await assert.rejects(client.runs.cancel("run_1"), (error) => error.status === status);
  }
  assert.equal(requests.length, answers.length);
});

test("Retry-After is obeyed", async (t) => {
  const { client } = await serving(t, (_, response, count) => {
    if (count === 1) problem(response, 429, {}, { "retry-after": "1" });
    else json(response, { data: [] });
  });
  const begun = Date.now();
  await client.runs.list();
  assert.ok(Date.now() - begun >= 990);
});

test("delays double from half a second to eight, and Retry-After is read as seconds or a date", () => {
  const failure = new sdk.APIConnectionError("no answer");
  const delays = [0, 1, 2, 3, 4, 5, 9].map((retries) => delayBeforeRetry(failure, retries, true));
  [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000].forEach((most, index) => {
    assert.ok(delays[index] <= most && delays[index] >= 0.75 * most, `${delays[index]} of ${most}`);
  });
  assert.equal(delayBeforeRetry(failure, 0, false), null);
  assert.equal(retryAfterMs(new Headers({ "retry-after": "1.5" })), 1_500);
  assert.equal(retryAfterMs(new Headers({ "retry-after": "Thu, 01 Jan 1970 00:00:09 GMT" }), 4_000), 5_000);
  assert.equal(retryAfterMs(new Headers({ "retry-after": "soon" })), null);
});

test("a connection that breaks is made again, also in the middle of a body", async (t) => {
  const { client, requests } = await serving(t, (_, response, count) => {
    if (count === 1) return response.destroy();
    if (count === 2) {
      response.writeHead(200, { "content-length": "1000" });
      return response.write('{"run_id":', () => response.destroy());
    }
    return json(response, { run_id: "run_1" });
  });
  assert.equal((await client.runs.submit({ agent: "a" })).run_id, "run_1");
  assert.equal(new Set(requests.map(({ headers }) => headers["idempotency-key"])).size, 1);
  assert.equal(requests.length, 3);
});

test("what the server could not tell from a second wish goes out once", async (t) => {
  const { client, requests } = await serving(t, (_, response, count) => {
    if (count === 1) response.destroy();
    else problem(response, count === 2 ? 503 : 429, {}, AT_ONCE);
  });
  const answer = () => client.webhooks.answer("whk_1", { run_id: "r", step_id: "s", verdict: "approve" }, "whsec_AAAA");
  await assert.rejects(answer(), sdk.APIConnectionError);
  assert.equal(requests.length, 1);
  await assert.rejects(answer(), sdk.InternalServerError);
  assert.equal(requests.length, 2);
  await assert.rejects(answer(), sdk.RateLimitError);
  assert.equal(requests.length, 5, "refused before anything began, so it may go out again");
});

test("nobody who listens is a connection error, and no answer in time a time-out", async (t) => {
  const { baseUrl } = await serving(t, () => undefined);
  const patient = new sdk.AOS({ apiKey: "k", baseUrl, timeout: 80, maxRetries: 0 });
  await assert.rejects(patient.runs.get("r"), (error) => error instanceof sdk.APITimeoutError && error.code === "TIMEOUT");
  const free = createServer();
  await new Promise((resolve) => free.listen(0, "127.0.0.1", resolve));
  const { port } = free.address();
  await new Promise((resolve) => free.close(resolve));
  const alone = new sdk.AOS({ apiKey: "k", baseUrl: `http://127.0.0.1:${port}`, maxRetries: 0 });
  await assert.rejects(alone.runs.get("r"), (error) => {
    assert.ok(error instanceof sdk.APIConnectionError && !(error instanceof sdk.APITimeoutError));
    assert.match(error.message, /ECONNREFUSED/);
    return error.retryable;
  });
});

test("who has time without end is given it", async (t) => {
  const { baseUrl } = await serving(t, (_, response) => setTimeout(() => json(response, { data: [] }), 50));
  const calm = new sdk.AOS({ apiKey: "k", baseUrl, timeout: Infinity, maxRetries: 0 });
  assert.deepEqual((await calm.runs.list()).data, []);
});

test("an abort ends a request, and the wait between two attempts", async (t) => {
  const { client } = await serving(t, (request, response) => {
    if (request.path.endsWith("busy")) problem(response, 503, {}, { "retry-after": "30" });
  });
  for (const id of ["silent", "busy"]) {
    const begun = Date.now();
    await assert.rejects(client.runs.get(id, { signal: AbortSignal.timeout(80) }), { name: "TimeoutError" });
    assert.ok(Date.now() - begun < 2_000);
  }
  const aborted = AbortSignal.abort(new Error("changed my mind"));
  await assert.rejects(client.runs.get("r", { signal: aborted }), { message: "changed my mind" });
});

const CLASSES = {
  400: sdk.BadRequestError,
  401: sdk.AuthenticationError,
  403: sdk.PermissionDeniedError,
  404: sdk.NotFoundError,
  409: sdk.ConflictError,
  418: sdk.APIStatusError,
  422: sdk.UnprocessableEntityError,
  429: sdk.RateLimitError,
  500: sdk.InternalServerError,
  503: sdk.InternalServerError,
};

test("each status has its class, and all say what the server said", async (t) => {
  const { client: patient } = await serving(t, (request, response) => {
    const body = {
      title: "Odd",
      detail: "it is odd",
      code: "ODD",
      category: "a category of tomorrow",
      retryable: true,
      retry_safety: "safe",
      retry_after_ms: 90_000,
      suggestions: ["Do otherwise."],
      run_id: "run_7",
      trace_id: "abc",
      errors: [{ pointer: "/a", code: "missing", detail: "needed" }],
      new_field: 1,
    };
    problem(response, Number(request.path.split("/").pop()), body, { "x-request-id": "req_1" });
  });
  const client = patient.withOptions({ maxRetries: 0 });
  for (const [status, kind] of Object.entries(CLASSES)) {
    const error = await client.runs.get(status).then(assert.fail, (thrown) => thrown);
    assert.equal(error.constructor, kind);
    assert.ok(error instanceof sdk.APIStatusError && error instanceof sdk.AOSError && error instanceof Error);
    assert.equal(error.name, kind.name);
    assert.equal(error.message, `${status} ODD: it is odd`);
    const { code, category, retryable, retryAfterMs: after, suggestions, requestId, traceId, runId, retrySafety } = error;
    assert.deepEqual(
      [code, category, retryable, after, suggestions, requestId, traceId, runId, retrySafety],
      ["ODD", "a category of tomorrow", true, 90_000, ["Do otherwise."], "req_1", "abc", "run_7", "safe"],
    );
    assert.equal(error.errors[0].pointer, "/a");
    assert.equal(error.problem.new_field, 1);
  }
});

test("an error page of a proxy is an error too, and so is success without JSON, and a redirect", async (t) => {
  const { client: patient } = await serving(t, (request, response) => {
    const status = Number(request.path.split("/").pop());
    response.writeHead(status, { "content-type": "text/html", location: "/elsewhere" }).end("<h1>sorry</h1>");
  });
  const client = patient.withOptions({ maxRetries: 0 });
  await assert.rejects(client.runs.get("502"), { name: "InternalServerError", message: "the server answered 502", problem: null });
  await assert.rejects(client.runs.get("200"), { name: "AOSError", message: /no JSON/ });
  await assert.rejects(client.runs.get("302"), { name: "APIStatusError", status: 302 });
});

test("fields and values of tomorrow pass through", async (t) => {
  const { client } = await serving(t, (_, response) => json(response, { run_id: "r", status: "dreaming", wings: 2 }));
  assert.deepEqual(await client.runs.get("r"), { run_id: "r", status: "dreaming", wings: 2 });
});

test("an answer can be had raw", async (t) => {
  const { client } = await serving(t, (_, response) => json(response, { run_id: "r" }, 202, { location: "/there", "x-request-id": "req" }));
  const { data, response, requestId } = await client.runs.submit({ agent: "a" }).withResponse();
  assert.deepEqual([data.run_id, response.status, requestId], ["r", 202, "req"]);
  const raw = await client.runs.get("r").asResponse();
  assert.equal(raw.headers.get("location"), "/there");
  assert.deepEqual(await raw.json(), { run_id: "r" });
});

test("evidence comes as bytes", async (t) => {
  const { client } = await serving(t, (_, response) => {
    response.writeHead(200, { "content-type": "application/zip" }).end(Buffer.from([80, 75, 0, 255]));
  });
  assert.deepEqual(await client.runs.evidence("r", { signed: true }), new Uint8Array([80, 75, 0, 255]));
});

test("an id that is none never becomes another route", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, {}));
  for (const id of ["", "..", ".", undefined]) assert.throws(() => client.agents.delete(id), sdk.AOSError);
  assert.equal(requests.length, 0);
});

test("a client takes what it is not given from the environment", async (t) => {
  const { baseUrl, requests } = await serving(t, (_, response) => json(response, { data: [] }));
  const names = ["AOS_API_KEY", "AOS_API_URL", "AOS_BASE_URL"];
  t.after(() => names.forEach((name) => delete process.env[name]));
  names.forEach((name) => delete process.env[name]);
  assert.throws(() => new sdk.AOS(), /AOS_API_KEY/);
  process.env.AOS_API_KEY = "from_environment";
  process.env.AOS_BASE_URL = `${baseUrl}/api/v1/`;
  await new sdk.AOS().agents.list({ limit: 3, status: undefined });
  process.env.AOS_API_URL = baseUrl;
  process.env.AOS_BASE_URL = "http://127.0.0.1:9";
  await new sdk.AOS().agents.list();
  assert.deepEqual(requests.map(({ path }) => path), ["/api/v1/agents", "/api/v1/agents"]);
  assert.equal(requests[0].headers.authorization, "Bearer from_environment");
  assert.equal(String(requests[0].query), "limit=3");
});

test("withOptions changes what it names, and a fetch of one's own is used", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, {}));
  const asked = [];
  const other = client.withOptions({
    apiKey: "other",
    headers: { "x-team": "red" },
    fetch: (url, init) => (asked.push(url), fetch(url, init)),
  });
  await other.whoami();
  assert.equal(asked.length, 1);
  assert.equal(requests[0].headers.authorization, "Bearer other");
  assert.equal(requests[0].headers["x-team"], "red");
});

test("waiting for a run ends with it, fails with it, and has an end of its own", async (t) => {
  const { client, requests } = await serving(t, (request, response, count) => {
    const run_id = request.path.split("/")[4];
    if (request.path.endsWith("/explain")) {
      return json(response, { failures: [{ message: "no route", suggestions: ["Check the host."], advice: { category: "transient" } }] });
    }
    const status = { good: count < 3 ? "running" : "succeeded", bad: "failed", parked: "waiting", slow: "running" }[run_id];
    return json(response, { run_id, status, summary: "s", failure_code: status === "failed" ? "TIMEOUT" : null, trace_id: "t" });
  });
  assert.equal((await client.runs.wait("good", { pollInterval: 5 })).status, "succeeded");
  assert.equal(requests.length, 3);
  await assert.rejects(client.runs.wait("bad"), (error) => {
    assert.ok(error instanceof sdk.RunFailedError);
    assert.deepEqual([error.code, error.category, error.suggestions, error.traceId], ["TIMEOUT", "transient", ["Check the host."], "t"]);
    return error.outcome.run_id === "bad" && error.explanation.failures.length === 1;
  });
  assert.equal((await client.runs.wait("bad", { returnFailed: true })).status, "failed");
  assert.equal((await client.runs.wait("parked", { returnWaiting: true })).status, "waiting");
  await assert.rejects(client.runs.wait("slow", { timeout: 40 }), (error) => {
    return error instanceof sdk.WaitTimeoutError && error.run.run_id === "slow";
  });
  await assert.rejects(client.runs.wait("slow", { signal: AbortSignal.timeout(40) }), { name: "TimeoutError" });
});
