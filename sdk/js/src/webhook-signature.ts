/** Checks that a webhook came from who knows its secret, and signs as they do (Standard Webhooks 1.0). Works without a client. */

import { hex, webCrypto } from "./crypto.js";
import { WebhookVerificationError } from "./errors.js";
import type { JsonObject } from "./operations.js";

const PREFIX = "whsec_";
const TOLERANCE_SECONDS = 300;

/** Headers as fetch has them, or as node:http and the frameworks on it do. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The body of a webhook. */
export interface WebhookEvent extends JsonObject {
  type: string;
  timestamp: string;
  data: JsonObject;
}

export interface VerifyOptions {
  /** Seconds a webhook may be old, or ahead of this clock. Default: 300. */
  tolerance?: number;
  /** Now, in milliseconds since 1970. Default: this clock. */
  now?: number;
}

/**
 * Verify a webhook and return what it says. `rawBody` is the body as it came, before any parsing; `secret` may be several
 * while one takes over from another. Throws a `WebhookVerificationError`.
 */
export async function verifyWebhook(
  rawBody: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): Promise<WebhookEvent> {
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  checkAge(timestamp, options);
  const body = typeof rawBody === "string" ? new TextEncoder().encode(rawBody) : new Uint8Array(rawBody);
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (!(await anyFits(secrets, signatures, signed))) throw new WebhookVerificationError("no signature of the webhook is of its secret");
  return eventIn(body);
}

/** Sign a body as webhooks are signed; return the headers that say so. */
export async function signWebhook(body: string, secret: string): Promise<Record<string, string>> {
  const crypto = await webCrypto();
  const [id, timestamp] = [`msg_${hex(crypto.getRandomValues(new Uint8Array(16)))}`, String(Math.floor(Date.now() / 1_000))];
  const key = await crypto.subtle.importKey("raw", secretBytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${timestamp}.${body}`));
  const text = btoa(String.fromCharCode(...new Uint8Array(signature)));
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${text}` };
}

function header(headers: WebhookHeaders, name: string): string {
  const found = headers instanceof Headers ? headers.get(name) : fieldOf(headers, name);
  if (!found) throw new WebhookVerificationError(`the webhook has no header ${name}`);
  return found;
}

function fieldOf(headers: Exclude<WebhookHeaders, Headers>, name: string): string | undefined {
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === "object" ? found.join(" ") : found;
}

function checkAge(timestamp: string, { tolerance = TOLERANCE_SECONDS, now = Date.now() }: VerifyOptions): void {
  if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookVerificationError("the webhook's timestamp is no number of seconds");
  const age = now / 1_000 - Number(timestamp);
  if (age > tolerance) throw new WebhookVerificationError("the webhook is too old");
  if (age < -tolerance) throw new WebhookVerificationError("the webhook is from the future");
}

async function anyFits(secrets: readonly string[], signatures: string, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const { subtle } = await webCrypto();
  let fits = false;
  for (const secret of secrets) {
    const key = await subtle.importKey("raw", secretBytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    for (const signature of signatures.split(" ")) {
      const [version, value] = signature.split(",", 2);
      const bytes = version === "v1" && value ? fromBase64(value) : null;
      // The platform compares in constant time, and every signature is looked at.
      if (bytes && (await subtle.verify("HMAC", key, bytes, signed))) fits = true;
    }
  }
  return fits;
}

function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  if (!bytes?.length) throw new WebhookVerificationError("the secret is not whsec_ and base64 after it");
  return bytes;
}

/** Decode base64; null where it is none. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

function eventIn(body: Uint8Array): WebhookEvent {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as WebhookEvent;
  } catch (error) {
    throw new WebhookVerificationError("the webhook is genuine, but its body is no JSON", { cause: error });
  }
}
