/** The failure catalog. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** What is known of failures, and what to do about each. */
export class Catalog extends Resource {
  list(query: Query<"catalog_list"> = {}, options?: RequestOptions): Pages<"catalog_list"> {
    return this.pages(path`/catalog`, query, options);
  }

  create(body: Body<"catalog_create">, options?: RequestOptions): APIPromise<Result<"catalog_create">> {
    return this.make(path`/catalog`, body, options);
  }

  get(entryId: string, options?: RequestOptions): APIPromise<Result<"catalog_get">> {
    return this.read(path`/catalog/${entryId}`, {}, options);
  }

  update(entryId: string, body: Body<"catalog_update">, options?: RequestOptions): APIPromise<Result<"catalog_update">> {
    return this.request({ method: "PATCH", path: path`/catalog/${entryId}`, body, options });
  }

  delete(entryId: string, query: Query<"catalog_delete">, options?: RequestOptions): APIPromise<Result<"catalog_delete">> {
    return this.request({ method: "DELETE", path: path`/catalog/${entryId}`, query, options });
  }

  /** Make an earlier version the current one. */
  restore(entryId: string, body: Body<"catalog_restore">, options?: RequestOptions): APIPromise<Result<"catalog_restore">> {
    return this.post(path`/catalog/${entryId}/restore`, body, options);
  }

  versions(entryId: string, query: Query<"catalog_versions"> = {}, options?: RequestOptions): Pages<"catalog_versions"> {
    return this.pages(path`/catalog/${entryId}/versions`, query, options);
  }

  export(options?: RequestOptions): APIPromise<Result<"catalog_export">> {
    return this.read(path`/catalog/export`, {}, options);
  }

  import(body: Body<"catalog_import">, options?: RequestOptions): APIPromise<Result<"catalog_import">> {
    return this.post(path`/catalog/import`, body, options);
  }
}
