/** The client of AOS: `new AOS()`, its errors, its types, and the check of webhooks. */

export { AOS, type ExecuteOptions } from "./client.js";
export {
  AOSError,
  APIConnectionError,
  APIStatusError,
  APITimeoutError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  RunFailedError,
  UnprocessableEntityError,
  WaitTimeoutError,
  WebhookVerificationError,
} from "./errors.js";
export type { Cursor, FollowOptions } from "./feed.js";
export type * from "./models.js";
export type { Body, Item, JsonObject, OperationId, Query, Result } from "./operations.js";
export type { ClientOptions, Fetch, RequestOptions } from "./options.js";
export { Page } from "./pagination.js";
export type { APIPromise, PagePromise, WithResponse } from "./promise.js";
export type { FeedQuery } from "./resources/events.js";
export type { WaitOptions } from "./resources/runs.js";
export type { components, operations, paths } from "./types.js";
export { VERSION } from "./version.js";
export { verifyWebhook, type VerifyOptions, type WebhookEvent, type WebhookHeaders } from "./webhook-signature.js";
