/** The runtime's own six questions, as routes. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** What the runtime does and knows. */
export class Runtime extends Resource {
  capabilities(query: Query<"runtime_capabilities"> = {}, options?: RequestOptions): APIPromise<Result<"runtime_capabilities">> {
    return this.read(path`/runtime/capabilities`, query, options);
  }

  /** Call one skill. A failure of the skill is told in the outcome, not thrown. */
  execute(body: Body<"runtime_execute">, options?: RequestOptions): APIPromise<Result<"runtime_execute">> {
    return this.make(path`/runtime/execute`, body, options);
  }

  failureCatalog(query: Query<"runtime_failure_catalog"> = {}, options?: RequestOptions): Pages<"runtime_failure_catalog"> {
    return this.pages(path`/runtime/failure-catalog`, query, options);
  }

  query(body: Body<"runtime_query">, options?: RequestOptions): APIPromise<Result<"runtime_query">> {
    return this.post(path`/runtime/query`, body, options);
  }

  resourceContract(runId: string, options?: RequestOptions): APIPromise<Result<"runtime_resource_contract">> {
    return this.read(path`/runtime/resource-contract/${runId}`, {}, options);
  }

  simulate(body: Body<"runtime_simulate"> = {}, options?: RequestOptions): APIPromise<Result<"runtime_simulate">> {
    return this.post(path`/runtime/simulate`, body, options);
  }

  skills(options?: RequestOptions): Pages<"runtime_skills"> {
    return this.pages(path`/runtime/skills`, {}, options);
  }

  skill(name: string, query: Query<"runtime_skill"> = {}, options?: RequestOptions): APIPromise<Result<"runtime_skill">> {
    return this.read(path`/runtime/skills/${name}`, query, options);
  }
}
