// Feeds of events: as a stream, through cuts, and by long poll where there is no stream.
import assert from "node:assert/strict";
import { test } from "node:test";
import { APIConnectionError, NotFoundError } from "../dist/esm/index.js";
import { FrameReader } from "../dist/esm/sse.js";
import { all, json, problem, serving } from "./serving.mjs";

const event = (seq) => ({ seq, kind: "step_started", at_ms: seq, data: { ü: "…" } });
const frame = (seq) => `id: ${seq}\nevent: step_started\ndata: ${JSON.stringify(event(seq))}\n\n`;
const RESET = 'event: reset\ndata: {"next_after": "7-7-7"}\n\n';
const END = "event: end\ndata: {}\n\n";

function stream(response, ...pieces) {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  for (const piece of pieces) response.write(piece);
}

test("a stream is followed to its end", async (t) => {
  const { client, requests } = await serving(t, (_, response) => {
    stream(response, "retry: 10\n\n", ": still here\n\n", frame(1), frame(2), END, frame(3));
  });
  const seen = await all(client.runs.events("r", { after: 0 }));
  assert.deepEqual(seen, [event(1), event(2)]);
  assert.equal(requests[0].headers.accept, "text/event-stream");
  assert.equal(requests[0].query.get("after"), "0");
  assert.equal(requests[0].headers["last-event-id"], undefined);
});

test("a stream that is cut goes on after the last event seen", async (t) => {
  const { client, requests } = await serving(t, (_, response, count) => {
    if (count === 1) {
      stream(response, "retry: 10\n\n", frame(1), frame(2), 'id: 3\nevent: step_started\ndata: {"seq"');
      setTimeout(() => response.destroy(), 30);
    } else if (count === 2) {
      stream(response, frame(3));
      response.end();
    } else if (count === 3) {
      problem(response, 503, {}, { "retry-after": "0" });
    } else {
      stream(response, frame(4), END);
    }
  });
  const seen = await all(client.runs.events("r"));
  assert.deepEqual(seen.map(({ seq }) => seq), [1, 2, 3, 4]);
  assert.deepEqual(requests.map(({ headers }) => headers["last-event-id"]), [undefined, "2", "3", "3"]);
});

test("a stream that breaks off again and again without a word is given up", async (t) => {
  const { client, requests } = await serving(t, (_, response, count) => {
    if (count === 1) stream(response, "retry: 1\n\n");
    else response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    setTimeout(() => response.destroy(), 10);
  });
  await assert.rejects(all(client.runs.events("r")), (error) => {
    return error instanceof APIConnectionError && /again and again/.test(error.message);
  });
  assert.equal(requests.length, 4);
});

test("a stream that falls silent is opened again", async (t) => {
  const { client, requests } = await serving(t, (_, response, count) => {
    if (count === 1) stream(response, "retry: 1\n\n", frame(1));
    else stream(response, END);
  });
  assert.equal((await all(client.runs.events("r", { timeout: 100 }))).length, 1);
  assert.equal(requests[1].headers["last-event-id"], "1");
});

test("who asks for what is no longer kept is told so", async (t) => {
  const { client, requests } = await serving(t, (_, response, count) => {
    if (count === 1) {
      stream(response, "retry: 1\n\n", RESET);
      response.end();
    } else if (count === 2) {
      stream(response, RESET, ": the events of the reset have come\n\n");
      response.end();
    } else stream(response, END);
  });
  const [reset] = await all(client.events.stream({ after: "1-1-1", types: "run.failed" }));
  assert.deepEqual([reset.type, reset.kind, reset.data], ["reset", "reset", { next_after: "7-7-7" }]);
  // Events that come with a reset lie before the place it names: only when they have been read is that the place to go on at.
  assert.deepEqual(requests.map(({ query }) => query.get("after")), ["1-1-1", "1-1-1", null]);
  assert.equal(requests[2].headers["last-event-id"], "7-7-7");
  assert.ok(requests.every(({ query }) => query.get("types") === "run.failed"));
});

for (const [how, refuse] of [
  ["with a page", (response) => json(response, { data: [event(9)], next_after: 9, terminal: true })],
  ["with 406", (response) => problem(response, 406)],
]) {
  test(`a server without streams, answering ${how}, is polled`, async (t) => {
    const { client, requests } = await serving(t, (request, response) => {
      if (request.headers.accept === "text/event-stream") return refuse(response);
      const after = Number(request.query.get("after") ?? 0);
      return json(response, { data: [event(after + 1)], next_after: after + 1, terminal: after >= 3 });
    });
    const seen = await all(client.runs.events("r", { after: 1 }));
    assert.deepEqual(seen.map(({ seq }) => seq), [2, 3, 4]);
    assert.ok(requests.slice(1).every(({ query }) => query.get("wait") === "20"));
  });
}

test("an unknown run is an error, not a reason to go on", async (t) => {
  const { client, requests } = await serving(t, (_, response) => problem(response, 404));
  await assert.rejects(all(client.runs.events("r")), NotFoundError);
  assert.equal(requests.length, 1);
});

test("who stops reading closes the connection, and so does an abort", async (t) => {
  let closed = 0;
  const { client } = await serving(t, (_, response) => {
    response.on("close", () => closed++);
    stream(response, frame(1));
  });
  for await (const { seq } of client.runs.events("r")) {
    assert.equal(seq, 1);
    break;
  }
  await assert.rejects(all(client.runs.events("r", { signal: AbortSignal.timeout(60) })), { name: "TimeoutError" });
  for (const end = Date.now() + 5_000; closed < 2 && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(closed, 2);
});

test("frames are read from pieces of any size and with any line end", () => {
  const text = 'retry: 5\n\n: c\nid: 1\nevent: a\ndata: x\ndata:  y\n\ndata\n\nid: 2\ndata: {"a":1}\n\nid: 3\n';
  for (const lineEnd of ["\n", "\r\n", "\r"]) {
    const whole = text.replaceAll("\n", lineEnd);
    for (let size = 1; size < 9; size++) {
      const reader = new FrameReader();
      const frames = [];
      for (let at = 0; at < whole.length; at += size) frames.push(...reader.push(whole.slice(at, at + size)));
      const told = frames.filter(({ comment }) => !comment).map(({ event: name, data, id, retry }) => [name, data, id, retry]);
      assert.deepEqual(told, [
        ["message", "", null, 5],
        ["a", "x\n y", "1", null],
        ["message", "", null, null],
        ["message", '{"a":1}', "2", null],
      ]);
      assert.equal(frames.filter(({ comment }) => comment).length, 1);
    }
  }
});

test("a page can be had for itself", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, { data: [], next_after: 4, terminal: false }));
  assert.equal((await client.runs.eventsPage("r", { after: 4, wait: 1 })).next_after, 4);
  assert.equal((await client.events.page({ after: "latest", limit: 1 })).next_after, 4);
  assert.deepEqual(
    requests.map(({ path, query }) => `${path}?${query}`),
    ["/api/v1/runs/r/events?after=4&wait=1", "/api/v1/events?after=latest&limit=1"],
  );
});
