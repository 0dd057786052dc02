// A real HTTP server that answers as a test tells it to, and a client of it.
import { createServer } from "node:http";
import { AOS } from "../dist/esm/index.js";

/** Serve while the test lasts. `answer(request, response, count)` gets each request with its body read. */
export async function serving(t, answer) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const url = new URL(request.url, "http://localhost");
    const { method, headers } = request;
    const seen = { method, headers, path: url.pathname, query: url.searchParams, body: String(Buffer.concat(pieces)) };
    requests.push(seen);
    await answer(seen, response, requests.length);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  return { requests, baseUrl, client: new AOS({ apiKey: "aos_test_key", baseUrl }) };
}

export function json(response, value, status = 200, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

export function problem(response, status, more = {}, headers = {}) {
  response.writeHead(status, { "content-type": "application/problem+json", ...headers }).end(JSON.stringify({ status, ...more }));
}

/** Collect what an async iterable gives. */
export async function all(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}
