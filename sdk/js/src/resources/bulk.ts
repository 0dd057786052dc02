/** One action over many runs: look first, begin, follow, stop. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Many runs cancelled, paused, resumed or done again by a filter. */
export class BulkOperations extends Resource {
  /** Say what an action would do. Begin with the `filter` it answers: later runs are left out of that. */
  preview(body: Body<"bulk_preview">, options?: RequestOptions): APIPromise<Result<"bulk_preview">> {
    return this.post(path`/bulk-operations/preview`, body, options);
  }

  list(query: Query<"bulk_list"> = {}, options?: RequestOptions): Pages<"bulk_list"> {
    return this.pages(path`/bulk-operations`, query, options);
  }

  /** Begin an operation. Above twenty runs `expected` says how many they are, as the preview told. */
  begin(body: Body<"bulk_begin">, options?: RequestOptions): APIPromise<Result<"bulk_begin">> {
    return this.make(path`/bulk-operations`, body, options);
  }

  /** Say how far an operation is, and why runs were refused. */
  get(bulkId: string, options?: RequestOptions): APIPromise<Result<"bulk_get">> {
    return this.read(path`/bulk-operations/${bulkId}`, {}, options);
  }

  /** Stop an operation before its next few runs. What was done stays done. */
  abort(bulkId: string, options?: RequestOptions): APIPromise<Result<"bulk_abort">> {
    return this.post(path`/bulk-operations/${bulkId}/abort`, {}, options);
  }
}
