// The same files in a browser: requests, streams and the check of webhooks. Skipped where there is no Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { json, serving } from "./serving.mjs";

const CHROMIUM = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find((file) => existsSync(file));

const BODY = '{"type":"run.succeeded","timestamp":"now","data":{}}';

/** What the page runs. */
async function inThePage(secret, body, headers) {
  const { AOS, verifyWebhook } = await import("/sdk/index.js");
  const client = new AOS({ apiKey: "aos_test_key", baseUrl: location.origin });
  const { run_id } = await client.runs.submit({ agent: "a" });
  const kinds = [];
  for await (const { kind } of client.runs.events(run_id)) kinds.push(kind);
  const missing = await client.runs.get("missing").catch((error) => error.name);
  const redirected = await client.withOptions({ maxRetries: 0 }).runs.get("moved").catch((error) => error.message);
  const { type } = await verifyWebhook(body, headers, secret);
  return { run_id, kinds, missing, redirected, type };
}

function page() {
  const key = Buffer.from("a secret for one page alone");
  const seconds = String(Math.floor(Date.now() / 1_000));
  const signature = `v1,${createHmac("sha256", key).update(`m.${seconds}.${BODY}`).digest("base64")}`;
  const headers = { "webhook-id": "m", "webhook-timestamp": seconds, "webhook-signature": signature };
  const given = [`whsec_${key.toString("base64")}`, BODY, headers].map((value) => JSON.stringify(value)).join(", ");
  return `<!doctype html><title>sdk</title><script type="module">
    const told = await (${inThePage})(${given}).catch((error) => ({ failed: String(error?.stack ?? error) }));
    await fetch("/told", { method: "POST", body: JSON.stringify(told) });
  </script>`;
}

function answer(request, response, told) {
  const { method, path } = request;
  if (path === "/told") return told(JSON.parse(request.body)), response.end();
  if (path === "/") return response.writeHead(200, { "content-type": "text/html" }).end(page());
  if (path.startsWith("/sdk/")) {
    const file = new URL(`../dist/esm/${path.slice("/sdk/".length)}`, import.meta.url);
    return response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(file));
  }
  if (path.endsWith("/events")) {
    const stream = 'id: 1\nevent: run_accepted\ndata: {"kind":"run_accepted"}\n\nevent: end\ndata: {}\n\n';
    return response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);
  }
  if (path.endsWith("/moved")) return response.writeHead(302, { location: "/" }).end();
  return method === "POST" ? json(response, { run_id: "run_1" }, 202) : json(response, { code: "NOT_FOUND" }, 404);
}

test("a browser runs it as it is", { skip: CHROMIUM ? false : "no Chromium on PATH", timeout: 60_000 }, async (t) => {
  let told;
  const heard = new Promise((resolve) => (told = resolve));
  const { baseUrl, requests } = await serving(t, (request, response) => answer(request, response, told));
  const profile = mkdtempSync(join(tmpdir(), "aos-sdk-browser-"));
  const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", `--user-data-dir=${profile}`];
  // A group of its own, so that all its processes can be ended.
  const browser = spawn(CHROMIUM, [...options, baseUrl], { detached: true, stdio: "ignore" });
  const ended = once(browser, "exit").then(([status]) => ({ failed: `it ended with ${status}` }));
  const found = await Promise.race([heard, ended]);
  if (browser.exitCode === null) process.kill(-browser.pid, "SIGKILL");
  await ended;
  await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  assert.match(found.redirected, /redirects/, JSON.stringify(found));
  delete found.redirected;
  assert.deepEqual(found, { run_id: "run_1", kinds: ["run_accepted"], missing: "NotFoundError", type: "run.succeeded" });
  const asked = requests.filter(({ path }) => path.startsWith("/api/"));
  assert.ok(asked.every(({ headers }) => headers.authorization === "Bearer aos_test_key"));
});
