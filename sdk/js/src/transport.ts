/** Sends requests: with the key, with a deadline, and again where that may help. */

import { hex, webCrypto } from "./crypto.js";
import { AOSError, APIConnectionError, APIStatusError, APITimeoutError, statusError } from "./errors.js";
import type { Problem } from "./models.js";
import type { RequestOptions, Settings } from "./options.js";
import type { QueryValues } from "./pagination.js";
import { delayBeforeRetry, retryAfterMs } from "./retry.js";
import { VERSION } from "./version.js";

const API = "/api/v1";
const WITHOUT_BODY = new Set([101, 103, 204, 205, 304]);
/** A timer of more milliseconds than this, of Infinity too, would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface RequestSpec {
  readonly method: Method;
  readonly path: Path;
  readonly query?: QueryValues | undefined;
  readonly body?: unknown;
  readonly accept?: string;
  readonly headers?: Record<string, string>;
  /** Hand over the body as it arrives; deadline and abort are then those of the response's head alone. */
  readonly stream?: boolean;
  /** False where the server cannot tell a second sending from a second wish. */
  readonly resend?: boolean;
  readonly options?: RequestOptions | undefined;
}

/** A path below /api/v1: as it is sent, and with `{}` for each of its ids. */
export interface Path {
  readonly text: string;
  readonly template: string;
}

/** Make a path, its ids encoded; refuses an id that is empty or would lead elsewhere. */
export function path(parts: TemplateStringsArray, ...ids: readonly string[]): Path {
  const text = parts.reduce((whole, part, index) => whole + segment(ids[index - 1]) + part);
  return { text, template: parts.join("{}") };
}

function segment(value: unknown): string {
  if (typeof value !== "string" || value === "" || value === "." || value === "..") {
    throw new AOSError(`${JSON.stringify(value)} cannot be an id or a name`, { code: "INVALID_INPUT", category: "validation" });
  }
  return encodeURIComponent(value);
}

/** A client's way to its server. */
export class Transport {
  constructor(readonly settings: Settings) {}

  /** Send a request until it succeeds or nothing more may help. Throws an `AOSError`, or the reason of the caller's abort. */
  async send(spec: RequestSpec): Promise<Response> {
    const { signal, maxRetries = this.settings.maxRetries } = spec.options ?? {};
    const headers = await this.#headers(spec);
    for (let retries = 0; ; retries++) {
      try {
        return await this.#attempt(spec, headers);
      } catch (error) {
        const delay = retries < maxRetries ? delayBeforeRetry(error, retries, spec.resend ?? true) : null;
        if (delay === null) throw error;
        await sleep(delay, signal);
      }
    }
  }

  async #headers(spec: RequestSpec): Promise<Record<string, string>> {
    const { idempotencyKey, wait, headers } = spec.options ?? {};
    const all = new Headers({ accept: spec.accept ?? "application/json", ...spec.headers });
    if (spec.body !== undefined) all.set("content-type", "application/json");
    if (spec.method === "POST") all.set("idempotency-key", idempotencyKey ?? (await newKey()));
    if (wait !== undefined) all.set("prefer", `wait=${Math.ceil(wait)}`);
    // A browser lets nobody name the agent.
    if (!("document" in globalThis)) all.set("user-agent", `aos-sdk-js/${VERSION}`);
    for (const [name, value] of Object.entries({ ...this.settings.headers, ...headers })) all.set(name, value);
    all.set("authorization", `Bearer ${this.settings.apiKey}`);
    return Object.fromEntries(all);
  }

  async #attempt(spec: RequestSpec, headers: Record<string, string>): Promise<Response> {
    const { signal, timeout = this.settings.timeout, wait = 0 } = spec.options ?? {};
    const limit = deadline(timeout + wait * 1_000, signal);
    try {
      const init: RequestInit = { method: spec.method, headers, signal: limit.signal, redirect: "manual" };
      if (spec.body !== undefined) init.body = JSON.stringify(spec.body);
      const response = await this.settings.fetch(this.#address(spec), init);
      if (spec.stream && response.ok) return response;
      const whole = await buffered(response);
      if (!whole.ok) throw await errorOf(whole);
      return whole;
    } catch (error) {
      if (error instanceof APIStatusError) throw error;
      signal?.throwIfAborted();
      throw limit.passed()
        ? new APITimeoutError(`${spec.method} ${spec.path.text} had no answer within ${timeout + wait * 1_000} ms`, { cause: error })
        : new APIConnectionError(`no answer from ${this.settings.baseUrl}: ${reasonOf(error)}`, { cause: error });
    } finally {
      limit.clear();
    }
  }

  #address(spec: RequestSpec): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(spec.query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined && one !== null) query.append(name, String(one));
      }
    }
    const asked = query.toString();
    return this.settings.baseUrl + API + spec.path.text + (asked && `?${asked}`);
  }
}

/** Wait; an abort ends it with the reason given for it. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, Math.min(milliseconds, LONGEST_TIMER_MS));
    signal?.addEventListener("abort", stop, { once: true });
  });
}

interface Deadline {
  readonly signal: AbortSignal;
  passed(): boolean;
  clear(): void;
}

function deadline(milliseconds: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  const forward = () => controller.abort(outer?.reason);
  if (outer?.aborted) forward();
  outer?.addEventListener("abort", forward, { once: true });
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    controller.abort();
  }, Math.min(milliseconds, LONGEST_TIMER_MS));
  const clear = () => {
    clearTimeout(timer);
    outer?.removeEventListener("abort", forward);
  };
  return { signal: controller.signal, passed: () => passed, clear };
}

/** Read a response to its end, so that one that breaks off can be asked for again. */
async function buffered(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  // A browser shows nothing of a redirect, not even its status.
  if (status === 0) throw new TypeError("the server redirects; make baseUrl the address it redirects to");
  const bytes = await response.arrayBuffer();
  return new Response(WITHOUT_BODY.has(status) ? null : bytes, { status, statusText, headers });
}

async function errorOf(response: Response): Promise<APIStatusError> {
  return statusError(response.status, response.headers, problemIn(await response.text()), retryAfterMs(response.headers));
}

/** Read a problem document; null where a proxy, say, has answered with a page of its own. */
function problemIn(text: string): Partial<Problem> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message || error.cause.name})` : error.message;
}

async function newKey(): Promise<string> {
  return `sdk-${hex((await webCrypto()).getRandomValues(new Uint8Array(16)))}`;
}
