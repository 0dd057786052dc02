// Webhooks are those of who knows the secret, and of now.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { AOS, verifyWebhook, WebhookVerificationError } from "../dist/esm/index.js";
import { json, serving } from "./serving.mjs";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = `whsec_${Buffer.from("another secret of this length").toString("base64")}`;
const BODY = '{"type":"run.succeeded","timestamp":"2026-01-02T03:04:05Z","data":{"run_id":"run_1","ü":"…"}}';
const NOW = 1_700_000_000_000;

function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function signed({ secret = SECRET, body = BODY, id = "msg_1", at = NOW / 1_000 } = {}) {
  return { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": sign(secret, id, at, body) };
}

const verify = (headers, { body = BODY, secret = SECRET, ...options } = {}) =>
  verifyWebhook(body, headers, secret, { now: NOW, ...options });
const refused = (awaited, message) =>
  assert.rejects(awaited, (error) => error instanceof WebhookVerificationError && message.test(error.message));

test("a known vector is genuine", async () => {
  // A vector the libraries of Standard Webhooks share.
  const headers = { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330" };
  const body = '{"test": 2432232314}';
  const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  assert.equal(sign(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body), signature);
  const event = await verifyWebhook(body, { ...headers, "webhook-signature": signature }, SECRET, { now: 1_614_265_330_000 });
  assert.deepEqual(event, { test: 2432232314 });
});

test("bodies may be text or bytes, and headers of fetch or of node", async () => {
  const bytes = new TextEncoder().encode(BODY);
  const upper = Object.fromEntries(Object.entries(signed()).map(([name, value]) => [name.toUpperCase(), [value]]));
  for (const body of [BODY, bytes, bytes.buffer, Buffer.from(BODY)]) {
    for (const headers of [signed(), new Headers(signed()), upper]) {
      assert.equal((await verify(headers, { body })).data["ü"], "…");
    }
  }
});

test("one fitting signature among several is enough, and one fitting secret", async () => {
  const headers = signed();
  const both = { ...headers, "webhook-signature": `v2,abc v1,!! v1,${"A".repeat(43)}= ${headers["webhook-signature"]}` };
  assert.equal((await verify(both)).type, "run.succeeded");
  assert.equal((await verify(headers, { secret: [OTHER, SECRET] })).type, "run.succeeded");
  assert.equal((await verify(headers, { secret: SECRET.replace("whsec_", "") })).type, "run.succeeded");
});

test("what was changed on the way is refused", async () => {
  const headers = signed();
  await refused(verify(headers, { body: BODY.replace("run_1", "run_2") }), /no signature/);
  await refused(verify({ ...headers, "webhook-id": "msg_2" }), /no signature/);
  await refused(verify({ ...headers, "webhook-timestamp": String(NOW / 1_000 + 1) }), /no signature/);
  await refused(verify({ ...headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,") }), /no signature/);
  await refused(verify({ ...headers, "webhook-signature": "v1," }), /no signature/);
  await refused(verify(signed({ secret: OTHER })), /no signature/);
});

test("what is too old or of the future is refused, five minutes being allowed", async () => {
  for (const seconds of [-299, 0, 299]) assert.ok(await verify(signed({ at: NOW / 1_000 + seconds })));
  await refused(verify(signed({ at: NOW / 1_000 - 301 })), /too old/);
  await refused(verify(signed({ at: NOW / 1_000 + 301 })), /future/);
  await refused(verify(signed({ at: NOW / 1_000 - 11 }), { tolerance: 10 }), /too old/);
  await refused(verify(signed({ at: "1e9" })), /no number/);
});

test("what is missing or unreadable is named", async () => {
  for (const name of Object.keys(signed())) {
    await refused(verify({ ...signed(), [name]: undefined }), new RegExp(name));
  }
  await refused(verify(signed(), { secret: "whsec_!" }), /secret/);
  await refused(verify(signed(), { secret: "" }), /secret/);
  await refused(verify(signed({ body: "no json" }), { body: "no json" }), /no JSON/);
});

test("an answer to a webhook is signed as webhooks are, over the very bytes that are sent", async (t) => {
  const { client, requests } = await serving(t, (_, response) => json(response, { requested: "decide" }, 202));
  await client.webhooks.answer("whk_1", { run_id: "run_1", step_id: "s1", verdict: "approve" }, SECRET);
  const [{ headers, body, path }] = requests;
  assert.equal(path, "/api/v1/webhooks/whk_1/answers");
  assert.equal((await verifyWebhook(body, headers, SECRET)).verdict, "approve");
});

test("a client verifies as well", async () => {
  const client = new AOS({ apiKey: "k", baseUrl: "http://127.0.0.1:9" });
  assert.equal((await client.webhooks.verify(BODY, signed(), SECRET, { now: NOW })).type, "run.succeeded");
});
