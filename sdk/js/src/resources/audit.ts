/** The audit log. */

import type { Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Who did what, in a chain of hashes. */
export class Audit extends Resource {
  /** List entries, the latest first. */
  list(query: Query<"audit_list"> = {}, options?: RequestOptions): Pages<"audit_list"> {
    return this.pages(path`/audit`, query, options);
  }

  /** Check the chain. */
  verify(options?: RequestOptions): APIPromise<Result<"audit_verify">> {
    return this.read(path`/audit/verify`, {}, options);
  }
}
