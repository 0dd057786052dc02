/** The errors this package throws. Every one of them is an `AOSError` and says whether trying again may help. */

import type { Explanation, FaultDetail, Problem, Run } from "./models.js";

/** What is known of an error, in the words of the API. */
export interface ErrorFacts {
  code?: string | null | undefined;
  category?: string | null | undefined;
  retryable?: boolean | undefined;
  retryAfterMs?: number | null | undefined;
  suggestions?: readonly string[] | undefined;
  requestId?: string | null | undefined;
  traceId?: string | null | undefined;
  cause?: unknown;
}

/** Any error of this package. */
export class AOSError extends Error {
  readonly code: string | null;
  readonly category: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly suggestions: readonly string[];
  readonly requestId: string | null;
  readonly traceId: string | null;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = facts.code ?? null;
    this.category = facts.category ?? null;
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.suggestions = facts.suggestions ?? [];
    this.requestId = facts.requestId ?? null;
    this.traceId = facts.traceId ?? null;
  }
}

/** No answer came: the network failed, or the server hung up. */
export class APIConnectionError extends AOSError {
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: "CONNECTION_ERROR", category: "transient", retryable: true, ...facts });
  }
}

/** No answer came in time. What was asked for may have been done. */
export class APITimeoutError extends APIConnectionError {
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: "TIMEOUT", ...facts });
  }
}

/** A run did not end within the time somebody was ready to wait; it goes on. `run` is how it stood. */
export class WaitTimeoutError extends AOSError {
  readonly run: Run;

  constructor(message: string, run: Run) {
    super(message, { code: "TIMEOUT", category: "transient", retryable: true, traceId: run.trace_id });
    this.run = run;
  }
}

/** A webhook that nobody who knows the secret has sent, or one sent too long ago. */
export class WebhookVerificationError extends AOSError {}

/** The server refused or failed; `problem` is its answer as far as it was a problem document (RFC 9457). */
export class APIStatusError extends AOSError {
  readonly status: number;
  readonly headers: Headers;
  readonly problem: Partial<Problem> | null;
  readonly retrySafety: string | null;
  readonly runId: string | null;
  readonly errors: readonly FaultDetail[];

  constructor(status: number, headers: Headers, problem: Partial<Problem> | null, retryAfterMs: number | null) {
    super(messageOf(status, problem), {
      code: problem?.code,
      category: problem?.category,
      retryable: problem?.retryable ?? (status === 408 || status === 429 || status >= 500),
      retryAfterMs: retryAfterMs ?? problem?.retry_after_ms,
      suggestions: problem?.suggestions,
      requestId: headers.get("x-request-id"),
      traceId: problem?.trace_id,
    });
    this.status = status;
    this.headers = headers;
    this.problem = problem;
    this.retrySafety = problem?.retry_safety ?? null;
    this.runId = problem?.run_id ?? null;
    this.errors = problem?.errors ?? [];
  }
}

export class BadRequestError extends APIStatusError {}
export class AuthenticationError extends APIStatusError {}
export class PermissionDeniedError extends APIStatusError {}
export class NotFoundError extends APIStatusError {}
export class ConflictError extends APIStatusError {}
export class UnprocessableEntityError extends APIStatusError {}
export class RateLimitError extends APIStatusError {}
export class InternalServerError extends APIStatusError {}

/** A run ended without success. `outcome` is the run as it ended, `explanation` why. */
export class RunFailedError extends AOSError {
  readonly outcome: Run;
  readonly explanation: Explanation | null;

  constructor(outcome: Run, explanation: Explanation | null = null) {
    const last = explanation?.failures?.at(-1);
    const category = last?.advice?.["category"];
    super(`run ${outcome.run_id} ${outcome.status}: ${last?.message ?? outcome.summary}`, {
      code: outcome.failure_code,
      category: typeof category === "string" ? category : null,
      suggestions: last?.suggestions,
      traceId: outcome.trace_id,
    });
    this.outcome = outcome;
    this.explanation = explanation;
  }
}

type StatusErrorClass = new (
  status: number,
  headers: Headers,
  problem: Partial<Problem> | null,
  retryAfterMs: number | null,
) => APIStatusError;

const CLASSES: { readonly [status: number]: StatusErrorClass } = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  410: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
};

/** Make the error of a status; one nobody has a class for is a plain `APIStatusError`. */
export function statusError(
  status: number,
  headers: Headers,
  problem: Partial<Problem> | null,
  retryAfterMs: number | null,
): APIStatusError {
  const kind = CLASSES[status] ?? (status >= 500 ? InternalServerError : APIStatusError);
  return new kind(status, headers, problem, retryAfterMs);
}

function messageOf(status: number, problem: Partial<Problem> | null): string {
  const why = problem?.detail || problem?.title;
  const code = problem?.code ? ` ${problem.code}` : "";
  return why ? `${status}${code}: ${why}` : `the server answered ${status}${code}`;
}
