/** Keys, and what a person has to say yes or no to. */

import type { ApiKey, ApiKeyBody, Approval, ApprovalBody, Decided, NewApiKey, ServiceAccount } from "../models.js";
import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Keys of the API. */
export class ApiKeys extends Resource {
  list(query: Query<"api_keys_list"> = {}, options?: RequestOptions): Pages<"api_keys_list"> {
    return this.pages(path`/api-keys`, query, options);
  }

  /** Make a key. It is shown this once. */
  create(body: ApiKeyBody, options?: RequestOptions): APIPromise<NewApiKey> {
    return this.make(path`/api-keys`, body, options);
  }

  get(keyId: string, options?: RequestOptions): APIPromise<ApiKey> {
    return this.read(path`/api-keys/${keyId}`, {}, options);
  }

  revoke(keyId: string, options?: RequestOptions): APIPromise<ApiKey> {
    return this.post(path`/api-keys/${keyId}/revoke`, {}, options);
  }
}

/** Programs as members of the tenant, each with keys of its own. */
export class ServiceAccounts extends Resource {
  list(query: Query<"service_accounts_list"> = {}, options?: RequestOptions): Pages<"service_accounts_list"> {
    return this.pages(path`/service-accounts`, query, options);
  }

  create(body: Body<"service_accounts_create">, options?: RequestOptions): APIPromise<ServiceAccount> {
    return this.make(path`/service-accounts`, body, options);
  }

  get(accountId: string, options?: RequestOptions): APIPromise<ServiceAccount> {
    return this.read(path`/service-accounts/${accountId}`, {}, options);
  }

  update(accountId: string, body: Body<"service_accounts_update">, options?: RequestOptions): APIPromise<ServiceAccount> {
    return this.request({ method: "PATCH", path: path`/service-accounts/${accountId}`, body, options });
  }
}

/** Steps that wait for a person. */
export class Approvals extends Resource {
  list(query: Query<"approvals_list"> = {}, options?: RequestOptions): Pages<"approvals_list"> {
    return this.pages(path`/approvals`, query, options);
  }

  get(runId: string, stepId: string, options?: RequestOptions): APIPromise<Approval> {
    return this.read(path`/approvals/${runId}/${stepId}`, {}, options);
  }

  /** Let a call happen. An edited one, and one that says `needs_reason`, takes a `reason` of 10 characters at least. */
  approve(runId: string, stepId: string, body: ApprovalBody, options?: RequestOptions): APIPromise<Decided> {
    return this.post(path`/approvals/${runId}/${stepId}/approve`, body, options);
  }

  /** See what a waiting call would be with other parameters; `approve` takes these and the `action_hash` found here. Decides nothing. */
  edit(
    runId: string,
    stepId: string,
    body: Body<"approvals_edit">,
    options?: RequestOptions,
  ): APIPromise<Result<"approvals_edit">> {
    return this.post(path`/approvals/${runId}/${stepId}/edit`, body, options);
  }

  /** Refuse a call. The `reason`, 10 characters at least, is what a planner is told. */
  reject(runId: string, stepId: string, body: Body<"approvals_reject">, options?: RequestOptions): APIPromise<Decided> {
    return this.post(path`/approvals/${runId}/${stepId}/reject`, body, options);
  }

  /** Say one word on many calls, and why; every one says what became of it. */
  decide(body: Body<"approvals_decide">, options?: RequestOptions): APIPromise<Result<"approvals_decide">> {
    return this.post(path`/approvals/decide`, body, options);
  }

  /** What was said about a call, the first first. */
  notes(runId: string, stepId: string, options?: RequestOptions): APIPromise<Result<"approvals_notes">> {
    return this.read(path`/approvals/${runId}/${stepId}/notes`, {}, options);
  }

  /** Hand a decision on, ask who asked for the run, or reply as that one. */
  note(
    runId: string,
    stepId: string,
    body: Body<"approvals_note">,
    options?: RequestOptions,
  ): APIPromise<Result<"approvals_note">> {
    return this.make(path`/approvals/${runId}/${stepId}/notes`, body, options);
  }

  /** Make a link by which one person decides the call once. Its `url` is told this once. */
  link(
    runId: string,
    stepId: string,
    body: Body<"approvals_link">,
    options?: RequestOptions,
  ): APIPromise<Result<"approvals_link">> {
    return this.make(path`/approvals/${runId}/${stepId}/links`, body, options);
  }

  /** The links that were made for a call, and how each stands. */
  links(runId: string, stepId: string, options?: RequestOptions): APIPromise<Result<"approvals_links">> {
    return this.read(path`/approvals/${runId}/${stepId}/links`, {}, options);
  }

  /** Take a link back before it is used. */
  revokeLink(
    runId: string,
    stepId: string,
    linkId: string,
    body: Body<"approvals_revoke_link"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"approvals_revoke_link">> {
    return this.post(path`/approvals/${runId}/${stepId}/links/${linkId}/revoke`, body, options);
  }
}

/** Steps that wait for a person's answer. */
export class Questions extends Resource {
  list(query: Query<"questions_list"> = {}, options?: RequestOptions): Pages<"questions_list"> {
    return this.pages(path`/questions`, query, options);
  }

  /** One question, with the JSON Schema of its answer (`form`). */
  get(runId: string, stepId: string, options?: RequestOptions): APIPromise<Result<"questions_get">> {
    return this.read(path`/questions/${runId}/${stepId}`, {}, options);
  }

  /** Answer a question; what becomes of a failure is an answer too: `{ action: "retry" }`. */
  answer(runId: string, stepId: string, body: Body<"questions_answer">, options?: RequestOptions): APIPromise<Decided> {
    return this.post(path`/questions/${runId}/${stepId}/answer`, body, options);
  }
}
