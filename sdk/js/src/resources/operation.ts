/** What keeps an installation going: circuits, dead letters, drift, freezes, doubts. */

import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import type { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path } from "../transport.js";

/** Which calls are held off, because too many failed. */
export class Circuits extends Resource {
  list(query: Query<"circuits_list"> = {}, options?: RequestOptions): Pages<"circuits_list"> {
    return this.pages(path`/circuits`, query, options);
  }

  reset(body: Body<"circuits_reset">, options?: RequestOptions): APIPromise<Result<"circuits_reset">> {
    return this.post(path`/circuits/reset`, body, options);
  }
}

/** Runs that were given up. */
export class DeadLetters extends Resource {
  list(query: Query<"dead_letters_list"> = {}, options?: RequestOptions): Pages<"dead_letters_list"> {
    return this.pages(path`/dead-letters`, query, options);
  }

  get(runId: string, options?: RequestOptions): APIPromise<Result<"dead_letters_get">> {
    return this.read(path`/dead-letters/${runId}`, {}, options);
  }

  requeue(runId: string, body: Body<"dead_letters_requeue">, options?: RequestOptions): APIPromise<Result<"dead_letters_requeue">> {
    return this.make(path`/dead-letters/${runId}/requeue`, body, options);
  }
}

/** Skills and agents that go otherwise than they used to. */
export class Drift extends Resource {
  list(query: Query<"drift_list"> = {}, options?: RequestOptions): Pages<"drift_list"> {
    return this.pages(path`/drift`, query, options);
  }

  get(driftId: string, options?: RequestOptions): APIPromise<Result<"drift_get">> {
    return this.read(path`/drift/${driftId}`, {}, options);
  }

  acknowledge(driftId: string, body: Body<"drift_acknowledge">, options?: RequestOptions): APIPromise<Result<"drift_acknowledge">> {
    return this.post(path`/drift/${driftId}/acknowledge`, body, options);
  }

  resolve(driftId: string, body: Body<"drift_resolve">, options?: RequestOptions): APIPromise<Result<"drift_resolve">> {
    return this.post(path`/drift/${driftId}/resolve`, body, options);
  }
}

/** What is stopped by a person. */
export class Freezes extends Resource {
  list(query: Query<"freezes_list"> = {}, options?: RequestOptions): Pages<"freezes_list"> {
    return this.pages(path`/freezes`, query, options);
  }

  create(body: Body<"freezes_create">, options?: RequestOptions): APIPromise<Result<"freezes_create">> {
    return this.make(path`/freezes`, body, options);
  }

  get(freezeId: string, options?: RequestOptions): APIPromise<Result<"freezes_get">> {
    return this.read(path`/freezes/${freezeId}`, {}, options);
  }

  lift(freezeId: string, body: Body<"freezes_lift">, options?: RequestOptions): APIPromise<Result<"freezes_lift">> {
    return this.post(path`/freezes/${freezeId}/lift`, body, options);
  }
}

/** Calls nobody knows the end of. */
export class InDoubt extends Resource {
  list(query: Query<"in_doubt_list"> = {}, options?: RequestOptions): Pages<"in_doubt_list"> {
    return this.pages(path`/in-doubt`, query, options);
  }

  get(runId: string, stepId: string, options?: RequestOptions): APIPromise<Result<"in_doubt_get">> {
    return this.read(path`/in-doubt/${runId}/${stepId}`, {}, options);
  }

  /** Say what became of a call. */
  verdict(runId: string, stepId: string, body: Body<"in_doubt_verdict">, options?: RequestOptions): APIPromise<Result<"in_doubt_verdict">> {
    return this.post(path`/in-doubt/${runId}/${stepId}/verdict`, body, options);
  }
}
