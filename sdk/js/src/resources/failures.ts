/** Failures that happened, singly and in groups. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Failures of one kind, by signature. */
export class FailureGroups extends Resource {
  list(query: Query<"failure_groups_list"> = {}, options?: RequestOptions): Pages<"failure_groups_list"> {
    return this.pages(path`/failures/groups`, query, options);
  }

  get(signature: string, query: Query<"failure_groups_get"> = {}, options?: RequestOptions): APIPromise<Result<"failure_groups_get">> {
    return this.read(path`/failures/groups/${signature}`, query, options);
  }

  fixed(signature: string, body: Body<"failure_groups_fixed">, options?: RequestOptions): APIPromise<Result<"failure_groups_fixed">> {
    return this.post(path`/failures/groups/${signature}/fixed`, body, options);
  }

  mute(signature: string, body: Body<"failure_groups_mute">, options?: RequestOptions): APIPromise<Result<"failure_groups_mute">> {
    return this.post(path`/failures/groups/${signature}/mute`, body, options);
  }

  unmute(signature: string, body: Body<"failure_groups_unmute">, options?: RequestOptions): APIPromise<Result<"failure_groups_unmute">> {
    return this.post(path`/failures/groups/${signature}/unmute`, body, options);
  }
}

/** Failures of runs, with what the catalog knew of each. */
export class Failures extends Resource {
  readonly groups = new FailureGroups(this.transport);

  list(query: Query<"failures_list"> = {}, options?: RequestOptions): Pages<"failures_list"> {
    return this.pages(path`/failures`, query, options);
  }

  analytics(query: Query<"failures_analytics"> = {}, options?: RequestOptions): APIPromise<Result<"failures_analytics">> {
    return this.read(path`/failures/analytics`, query, options);
  }

  stats(options?: RequestOptions): APIPromise<Result<"failures_stats">> {
    return this.read(path`/failures/stats`, {}, options);
  }
}
