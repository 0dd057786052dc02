/** Runs, and the goals and plans they come from. */

import { RunFailedError, WaitTimeoutError } from "../errors.js";
import { follow, type FollowOptions } from "../feed.js";
import type { GoalBody, OtlpTrace, ReasonBody, Run, RunBody, RunEvent, RunEventPage, StepDecision, Trace } from "../models.js";
import type { Body, Pages, Query, Result } from "../operations.js";
import type { RequestOptions } from "../options.js";
import { APIPromise } from "../promise.js";
import { Resource } from "../resource.js";
import { path, sleep } from "../transport.js";

const ENDED: ReadonlySet<string> = new Set(["succeeded", "partial", "failed", "cancelled", "dead_lettered"]);
const WITH_RESULT: ReadonlySet<string> = new Set(["succeeded", "partial"]);
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 2_000;

export interface WaitOptions {
  /** Milliseconds to wait at most. Default: as long as it takes. */
  timeout?: number;
  /** Milliseconds between two looks. Default: 100, growing to 2000. */
  pollInterval?: number;
  /** Return a run that failed or was cancelled instead of throwing a `RunFailedError`. */
  returnFailed?: boolean;
  /** Return also when the run waits for somebody: for an approval, for money, for a resume. */
  returnWaiting?: boolean;
  signal?: AbortSignal;
}

/** Replays of a run. */
export class Replays extends Resource {
  get(runId: string, childId: string, options?: RequestOptions): APIPromise<Result<"runs_replays_get">> {
    return this.read(path`/runs/${runId}/replays/${childId}`, {}, options);
  }
}

/** What is wanted, for an agent to plan. */
export class Goals extends Resource {
  /** Begin a run of a goal. */
  submit(body: GoalBody, options?: RequestOptions): APIPromise<Result<"goals_submit">> {
    return this.make(path`/goals`, body, options);
  }
}

/** What is to be done, step by step. */
export class Plans extends Resource {
  validate(body: Body<"plans_validate">, options?: RequestOptions): APIPromise<Result<"plans_validate">> {
    return this.post(path`/plans:validate`, body, options);
  }
}

/** Plans being carried out. */
export class Runs extends Resource {
  readonly replays = new Replays(this.transport);

  /** List runs, the latest first. */
  list(query: Query<"runs_list"> = {}, options?: RequestOptions): Pages<"runs_list"> {
    return this.pages(path`/runs`, query, options);
  }

  /** Begin a run of a plan, a goal or a simulation. */
  submit(body: RunBody, options?: RequestOptions): APIPromise<Result<"runs_submit">> {
    return this.make(path`/runs`, body, options);
  }

  get(runId: string, options?: RequestOptions): APIPromise<Run> {
    return this.read(path`/runs/${runId}`, {}, options);
  }

  cancel(runId: string, body: ReasonBody = {}, options?: RequestOptions): APIPromise<Result<"runs_cancel">> {
    return this.post(path`/runs/${runId}/cancel`, body, options);
  }

  pause(runId: string, body: ReasonBody = {}, options?: RequestOptions): APIPromise<Result<"runs_pause">> {
    return this.post(path`/runs/${runId}/pause`, body, options);
  }

  resume(runId: string, body: ReasonBody = {}, options?: RequestOptions): APIPromise<Result<"runs_resume">> {
    return this.post(path`/runs/${runId}/resume`, body, options);
  }

  /** Decide for a step that waits. */
  decide(runId: string, body: StepDecision, options?: RequestOptions): APIPromise<Result<"runs_decide">> {
    return this.post(path`/runs/${runId}/decide`, body, options);
  }

  /** Raise what a run may spend. */
  topUp(runId: string, body: Body<"runs_top_up"> = {}, options?: RequestOptions): APIPromise<Result<"runs_top_up">> {
    return this.make(path`/runs/${runId}/top-up`, body, options);
  }

  /** Run a run again, from its beginning or a step. */
  rerun(runId: string, body: Body<"runs_rerun"> = {}, options?: RequestOptions): APIPromise<Result<"runs_rerun">> {
    return this.make(path`/runs/${runId}/rerun`, body, options);
  }

  /** Prove a run again from its journal, or play it with other answers. */
  replay(runId: string, body: Body<"runs_replay"> = {}, options?: RequestOptions): APIPromise<Result<"runs_replay">> {
    return this.make(path`/runs/${runId}/replay`, body, options);
  }

  /** Begin the run that takes back what a step did. */
  undoStep(
    runId: string,
    stepId: string,
    body: Body<"runs_undo_step"> = {},
    options?: RequestOptions,
  ): APIPromise<Result<"runs_undo_step">> {
    return this.make(path`/runs/${runId}/steps/${stepId}/undo`, body, options);
  }

  /** All that is known of a run. */
  trace(runId: string, query: { format: "otlp" }, options?: RequestOptions): APIPromise<OtlpTrace>;
  trace(runId: string, query?: { format?: "json" }, options?: RequestOptions): APIPromise<Trace>;
  trace(runId: string, query: Query<"runs_trace"> = {}, options?: RequestOptions): APIPromise<OtlpTrace | Trace> {
    return this.read(path`/runs/${runId}/trace`, query, options);
  }

  /** What a run may use. */
  contract(runId: string, options?: RequestOptions): APIPromise<Result<"runs_contract">> {
    return this.read(path`/runs/${runId}/contract`, {}, options);
  }

  /** Why a run waits, or ended as it did. */
  explain(runId: string, options?: RequestOptions): APIPromise<Result<"runs_explain">> {
    return this.read(path`/runs/${runId}/explain`, {}, options);
  }

  decisions(runId: string, query: Query<"runs_decisions"> = {}, options?: RequestOptions): Pages<"runs_decisions"> {
    return this.pages(path`/runs/${runId}/decisions`, query, options);
  }

  diff(runId: string, otherId: string, options?: RequestOptions): APIPromise<Result<"runs_diff">> {
    return this.read(path`/runs/${runId}/diff/${otherId}`, {}, options);
  }

  /** What a run was made of. */
  bom(runId: string, query: Query<"runs_bom"> = {}, options?: RequestOptions): APIPromise<Result<"runs_bom">> {
    return this.read(path`/runs/${runId}/bom`, query, options);
  }

  /** Read a run's events as one page, letting the server wait for a first one if so told. */
  eventsPage(runId: string, query: Query<"runs_events"> = {}, options?: RequestOptions): APIPromise<RunEventPage> {
    const timeout = (options?.timeout ?? this.transport.settings.timeout) + (query.wait ?? 0) * 1_000;
    return this.read(path`/runs/${runId}/events`, query, { ...options, timeout });
  }

  /** Follow a run's events to its end, through cuts of the connection. An event of kind `reset` says that some are gone. */
  events(runId: string, options: FollowOptions = {}): AsyncGenerator<RunEvent, void, undefined> {
    return follow<RunEvent>(this.transport, path`/runs/${runId}/events`, options);
  }

  /** Get all that proves a run, as the bytes of a ZIP file. */
  evidence(runId: string, query: Query<"runs_evidence"> = {}, options?: RequestOptions): APIPromise<Uint8Array> {
    const route = path`/runs/${runId}/evidence`;
    const sent = this.transport.send({ method: "GET", path: route, query, accept: "application/zip, */*", options });
    return new APIPromise(sent, async (response) => new Uint8Array(await response.arrayBuffer()));
  }

  /** Wait until a run has ended. Throws a `RunFailedError` for one without success, a `WaitTimeoutError` when time is up. */
  async wait(runId: string, options: WaitOptions = {}): Promise<Run> {
    const { timeout = Infinity, signal } = options;
    const end = Date.now() + timeout;
    const request = signal && { signal };
    for (let pause = options.pollInterval ?? FIRST_LOOK_MS; ; pause = options.pollInterval ?? Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
      const run = await this.get(runId, request);
      if (ENDED.has(run.status)) return this.#outcome(run, options);
      if (options.returnWaiting && run.status === "waiting") return run;
      const left = end - Date.now();
      if (left <= 0) throw new WaitTimeoutError(`${runId} was ${run.status} after ${timeout} ms; it goes on`, run);
      await sleep(Math.min(pause, left), signal);
    }
  }

  async #outcome(run: Run, { returnFailed, signal }: WaitOptions): Promise<Run> {
    if (returnFailed || WITH_RESULT.has(run.status)) return run;
    throw new RunFailedError(run, await this.explain(run.run_id, signal && { signal }));
  }
}
