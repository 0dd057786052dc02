/** Keys, and what a person has to say yes or no to. */

import type { ApiKey, ApiKeyBody, Approval, ApprovalBody, Decided, NewApiKey, ServiceAccount } from "../models.js";
import type { Body, Pages, Query } from "../operations.js";
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

  approve(runId: string, stepId: string, body: ApprovalBody, options?: RequestOptions): APIPromise<Decided> {
    return this.post(path`/approvals/${runId}/${stepId}/approve`, body, options);
  }

  reject(runId: string, stepId: string, body: ApprovalBody, options?: RequestOptions): APIPromise<Decided> {
    return this.post(path`/approvals/${runId}/${stepId}/reject`, body, options);
  }
}
