/** Ways to recover that were found, and people's word on them. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Ways to recover that may become policy. */
export class RecoveryCandidates extends Resource {
  list(query: Query<"recovery_candidates_list"> = {}, options?: RequestOptions): Pages<"recovery_candidates_list"> {
    return this.pages(path`/recovery/candidates`, query, options);
  }

  get(candidateId: string, options?: RequestOptions): APIPromise<Result<"recovery_candidates_get">> {
    return this.read(path`/recovery/candidates/${candidateId}`, {}, options);
  }

  activate(
    candidateId: string,
    body: Body<"recovery_candidates_activate"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"recovery_candidates_activate">> {
    return this.post(path`/recovery/candidates/${candidateId}/activate`, body, options);
  }

  approve(
    candidateId: string,
    body: Body<"recovery_candidates_approve"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"recovery_candidates_approve">> {
    return this.post(path`/recovery/candidates/${candidateId}/approve`, body, options);
  }

  reject(
    candidateId: string,
    body: Body<"recovery_candidates_reject"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"recovery_candidates_reject">> {
    return this.post(path`/recovery/candidates/${candidateId}/reject`, body, options);
  }

  reopen(
    candidateId: string,
    body: Body<"recovery_candidates_reopen"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"recovery_candidates_reopen">> {
    return this.post(path`/recovery/candidates/${candidateId}/reopen`, body, options);
  }

  withdraw(
    candidateId: string,
    body: Body<"recovery_candidates_withdraw"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"recovery_candidates_withdraw">> {
    return this.post(path`/recovery/candidates/${candidateId}/withdraw`, body, options);
  }

  export(query: Query<"recovery_candidates_export"> = {}, options?: RequestOptions): APIPromise<Result<"recovery_candidates_export">> {
    return this.read(path`/recovery/candidates:export`, query, options);
  }

  import(body: Body<"recovery_candidates_import">, options?: RequestOptions): APIPromise<Result<"recovery_candidates_import">> {
    return this.make(path`/recovery/candidates:import`, body, options);
  }
}

/** What to do about failures. */
export class Recovery extends Resource {
  readonly candidates = new RecoveryCandidates(this.transport);

  suggest(body: Body<"recovery_suggest"> = {}, options?: RequestOptions): APIPromise<Result<"recovery_suggest">> {
    return this.post(path`/recovery/suggest`, body, options);
  }
}
