/** The client: its settings, its resources, and the six questions the runtime itself answers. */

import { AOSError } from "./errors.js";
import type { ExecutedOutcome, ResourceContract, SkillMetadata, Whoami } from "./models.js";
import type { Body, JsonObject, Query, Result } from "./operations.js";
import { type ClientOptions, environment, type Fetch, type RequestOptions, serverAddress, type Settings } from "./options.js";
import type { APIPromise } from "./promise.js";
import { Resource } from "./resource.js";
import { ApiKeys, Approvals, Questions, ServiceAccounts } from "./resources/access.js";
import { Agents } from "./resources/agents.js";
import { Audit } from "./resources/audit.js";
import { BulkOperations } from "./resources/bulk.js";
import { Catalog } from "./resources/catalog.js";
import { Events } from "./resources/events.js";
import { Failures } from "./resources/failures.js";
import { Grants } from "./resources/grants.js";
import { Budgets, Prices, Usage } from "./resources/money.js";
import { Circuits, DeadLetters, Drift, Freezes, InDoubt } from "./resources/operation.js";
import { Recovery } from "./resources/recovery.js";
import { Goals, Plans, Runs } from "./resources/runs.js";
import { Runtime } from "./resources/runtime.js";
import { Schemas, Skills } from "./resources/skills.js";
import { Webhooks } from "./resources/webhooks.js";
import { path, Transport } from "./transport.js";

const DEFAULT_URL = "http://127.0.0.1:8000";
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRIES = 2;

/** How to call one skill. */
export interface ExecuteOptions extends RequestOptions {
  agent?: string | undefined;
  version?: string | undefined;
}

/** A client of one AOS server, with one key. */
export class AOS extends Resource {
  readonly agents = new Agents(this.transport);
  readonly apiKeys = new ApiKeys(this.transport);
  readonly approvals = new Approvals(this.transport);
  readonly audit = new Audit(this.transport);
  readonly budgets = new Budgets(this.transport);
  readonly bulk = new BulkOperations(this.transport);
  readonly catalog = new Catalog(this.transport);
  readonly circuits = new Circuits(this.transport);
  readonly deadLetters = new DeadLetters(this.transport);
  readonly drift = new Drift(this.transport);
  readonly events = new Events(this.transport);
  readonly failures = new Failures(this.transport);
  readonly freezes = new Freezes(this.transport);
  readonly goals = new Goals(this.transport);
  readonly grants = new Grants(this.transport);
  readonly inDoubt = new InDoubt(this.transport);
  readonly plans = new Plans(this.transport);
  readonly prices = new Prices(this.transport);
  readonly questions = new Questions(this.transport);
  readonly recovery = new Recovery(this.transport);
  readonly runs = new Runs(this.transport);
  readonly runtime = new Runtime(this.transport);
  readonly schemas = new Schemas(this.transport);
  readonly serviceAccounts = new ServiceAccounts(this.transport);
  readonly skills = new Skills(this.transport);
  readonly usage = new Usage(this.transport);
  readonly webhooks = new Webhooks(this.transport);

  constructor(options: ClientOptions = {}) {
    super(new Transport(settingsOf(options)));
  }

  /** Return a client that differs from this one in these options. */
  withOptions(options: ClientOptions): AOS {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    return new AOS({ ...this.transport.settings, ...Object.fromEntries(given) });
  }

  /** Say who the key belongs to and what it may do. */
  whoami(options?: RequestOptions): APIPromise<Whoami> {
    return this.read(path`/whoami`, {}, options);
  }

  /** Try a plan against injected faults. */
  chaos(body: Body<"chaos">, options?: RequestOptions): APIPromise<Result<"chaos">> {
    return this.post(path`/chaos`, body, options);
  }

  /** Call one skill, recorded as a run of one step. A failure of the skill is told in the outcome, not thrown. */
  execute(skill: string, params: JsonObject = {}, options: ExecuteOptions = {}): APIPromise<ExecutedOutcome> {
    const { agent, version, ...request } = options;
    return this.runtime.execute({ skill, params, agent: agent ?? null, version: version ?? null }, request);
  }

  /** Describe a skill: what it takes and gives, costs, and how it fails. */
  describeSkill(name: string, query: Query<"runtime_skill"> = {}, options?: RequestOptions): APIPromise<SkillMetadata> {
    return this.runtime.skill(name, query, options);
  }

  /** Ask the runtime what it knows. */
  query(what: string, filters: JsonObject = {}, options?: RequestOptions): APIPromise<Result<"runtime_query">> {
    return this.runtime.query({ what, filters }, options);
  }

  /** Say what a plan or a goal would cost and take, and whether it may run, without running it. */
  simulate(body: Body<"runtime_simulate">, options?: RequestOptions): APIPromise<Result<"runtime_simulate">> {
    return this.runtime.simulate(body, options);
  }

  /** Say what a run may use, and what it has used. */
  getResourceContract(runId: string, options?: RequestOptions): APIPromise<ResourceContract> {
    return this.runtime.resourceContract(runId, options);
  }

  /** List what is known of failures. */
  failureCatalog(query: Query<"runtime_failure_catalog"> = {}, options?: RequestOptions): ReturnType<Runtime["failureCatalog"]> {
    return this.runtime.failureCatalog(query, options);
  }
}

function settingsOf(options: ClientOptions): Settings {
  const apiKey = options.apiKey ?? environment("AOS_API_KEY");
  if (!apiKey) throw new AOSError("no API key: pass apiKey, or set AOS_API_KEY", { code: "MISSING_API_KEY", category: "validation" });
  const baseUrl = options.baseUrl ?? environment("AOS_API_URL") ?? environment("AOS_BASE_URL") ?? DEFAULT_URL;
  return {
    apiKey,
    baseUrl: serverAddress(baseUrl),
    timeout: options.timeout ?? DEFAULT_TIMEOUT_MS,
    maxRetries: options.maxRetries ?? DEFAULT_RETRIES,
    fetch: options.fetch ?? globalFetch,
    headers: options.headers ?? {},
  };
}

/** The platform's fetch, looked up at each call; browsers refuse it as a method of anything else. */
const globalFetch: Fetch = (input, init) => globalThis.fetch(input, init);
