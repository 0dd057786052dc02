/** Standing grants: a yes given in advance, within limits. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** A yes given in advance to calls of one skill. At least one of its limits ends it. */
export class Grants extends Resource {
  list(query: Query<"grants_list"> = {}, options?: RequestOptions): Pages<"grants_list"> {
    return this.pages(path`/approvals/grants`, query, options);
  }

  /** Let calls of a skill through without asking, for one agent or all, to one host or any. */
  create(body: Body<"grants_create">, options?: RequestOptions): APIPromise<Result<"grants_create">> {
    return this.make(path`/approvals/grants`, body, options);
  }

  get(grantId: string, options?: RequestOptions): APIPromise<Result<"grants_get">> {
    return this.read(path`/approvals/grants/${grantId}`, {}, options);
  }

  /** Take a grant back: no further call goes by it. */
  revoke(grantId: string, body: Body<"grants_revoke">, options?: RequestOptions): APIPromise<Result<"grants_revoke">> {
    return this.post(path`/approvals/grants/${grantId}/revoke`, body, options);
  }

  /** The calls a grant let through, newest first. */
  uses(grantId: string, query: Query<"grant_uses_list"> = {}, options?: RequestOptions): Pages<"grant_uses_list"> {
    return this.pages(path`/approvals/grants/${grantId}/uses`, query, options);
  }
}
