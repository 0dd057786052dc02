/** The tenant's feed of events. */

import { follow, type FollowOptions } from "../feed.js";
import type { TenantEvent, TenantEventPage } from "../models.js";
import type { Query } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

export type FeedQuery = Query<"events_list">;

/** Events of all runs of the tenant. */
export class Events extends Resource {
  /** Read one page. */
  page(query: FeedQuery = {}, options?: RequestOptions): APIPromise<TenantEventPage> {
    const timeout = (options?.timeout ?? this.transport.settings.timeout) + (query.wait ?? 0) * 1_000;
    return this.read(path`/events`, query, { ...options, timeout });
  }

  /** Follow the feed, which has no end: stop reading, or abort. An event of type `reset` says that some are gone. */
  stream(options: FollowOptions & Pick<FeedQuery, "types"> = {}): AsyncGenerator<TenantEvent, void, undefined> {
    const { types, ...rest } = options;
    return follow<TenantEvent>(this.transport, path`/events`, rest, { types });
  }
}
