/** Budgets, prices, and what was used. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Limits of what may be spent. */
export class Budgets extends Resource {
  list(options?: RequestOptions): Pages<"budgets_list"> {
    return this.pages(path`/budgets`, {}, options);
  }

  get(budgetId: string, options?: RequestOptions): APIPromise<Result<"budgets_get">> {
    return this.read(path`/budgets/${budgetId}`, {}, options);
  }

  set(body: Body<"budgets_set">, options?: RequestOptions): APIPromise<Result<"budgets_set">> {
    return this.request({ method: "PUT", path: path`/budgets`, body, options });
  }

  topUp(budgetId: string, body: Body<"budgets_top_up"> = {}, options?: RequestOptions): APIPromise<Result<"budgets_top_up">> {
    return this.make(path`/budgets/${budgetId}/top-up`, body, options);
  }

  remove(query: Query<"budgets_remove">, options?: RequestOptions): APIPromise<Result<"budgets_remove">> {
    return this.request({ method: "DELETE", path: path`/budgets`, query, options });
  }
}

/** What models cost, by date. */
export class Prices extends Resource {
  list(query: Query<"prices_list"> = {}, options?: RequestOptions): Pages<"prices_list"> {
    return this.pages(path`/prices`, query, options);
  }

  get(priceId: string, options?: RequestOptions): APIPromise<Result<"prices_get">> {
    return this.read(path`/prices/${priceId}`, {}, options);
  }
}

/** What was spent on what. */
export class Usage extends Resource {
  get(query: Query<"usage_get"> = {}, options?: RequestOptions): APIPromise<Result<"usage_get">> {
    return this.read(path`/usage`, query, options);
  }

  forecast(options?: RequestOptions): APIPromise<Result<"usage_forecast">> {
    return this.read(path`/usage/forecast`, {}, options);
  }
}
