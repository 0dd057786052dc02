/** When a request is sent again, and after how long. */

import { APIConnectionError, APIStatusError } from "./errors.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
const LONGEST_OBEYED_MS = 60_000;
const JITTER = 0.25;

/** Read a Retry-After header, which holds seconds or a date; null where there is none to be read. */
export function retryAfterMs(headers: Headers, now: number = Date.now()): number | null {
  const header = headers.get("retry-after")?.trim();
  if (!header) return null;
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1_000;
  const instant = Date.parse(header);
  return Number.isNaN(instant) ? null : Math.max(0, instant - now);
}

/**
 * Say after how many milliseconds to send a request again, null if not at all.
 *
 * `resend` is false for a request the server may not be able to tell from its repetition: such a one goes out again only
 * where the server has said that it did not begin.
 */
export function delayBeforeRetry(error: unknown, retriesDone: number, resend: boolean): number | null {
  if (!mayHelp(error, resend)) return null;
  const told = error instanceof APIStatusError ? error.retryAfterMs : null;
  // Who is told to wait longer than anybody sits still for learns it now, instead of being refused again.
  if (told !== null) return told <= LONGEST_OBEYED_MS ? told : null;
  const delay = Math.min(FIRST_DELAY_MS * 2 ** retriesDone, LONGEST_DELAY_MS);
  return delay * (1 - JITTER * Math.random());
}

function mayHelp(error: unknown, resend: boolean): boolean {
  if (error instanceof APIConnectionError) return resend;
  if (!(error instanceof APIStatusError)) return false;
  if (error.status === 429) return true;
  if (error.status === 409) return conflictMayPass(error);
  return resend && (error.status === 408 || error.status >= 500);
}

function conflictMayPass(error: APIStatusError): boolean {
  if (error.code === "idempotency_mismatch" || error.errors.some(({ code }) => code === "idempotency_mismatch")) return false;
  // A conflict the server calls final, such as cancelling a run that has ended, is told at once.
  return error.problem?.retryable !== false || error.retryAfterMs !== null;
}
