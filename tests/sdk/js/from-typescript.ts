// Uses the package as a strict TypeScript project does; wrong types would not compile.
import {
  AOS,
  AOSError,
  type Approval,
  type Decided,
  NotFoundError,
  type Run,
  type RunEvent,
  type Simulation,
  type Trace,
  verifyWebhook,
  type WebhookEvent,
} from "@aos/sdk";

const client = new AOS({ apiKey: "k", timeout: 1_000, maxRetries: 1 }).withOptions({ maxRetries: 0 });

export async function use(signal: AbortSignal): Promise<void> {
  const run: Run = await client.runs.submit({ agent: "a", goal: "g", callback_url: "https://example.org" }, { wait: 5, signal });
  const status: string = run.status;
  const { data, response, requestId } = await client.goals.submit({ agent: "a", goal: "g" }).withResponse();
  const url: [string, number, string | null] = [data.run_id, response.status, requestId];
  for await (const event of client.runs.events(run.run_id, { after: 3 })) void (event satisfies RunEvent).seq.toFixed();
  for await (const agent of client.agents.list({ limit: 2 })) void agent.name.length;
  const page = await client.skills.list();
  const names: string[] = page.data.map((skill) => skill.name);
  const simulation: Simulation = await client.simulate({ goal: "g", agent: "a" });
  const approvals: Approval[] = (await client.approvals.list()).data.slice();
  const decided: Decided = await client.approvals.approve("r", "s", { action_hash: approvals[0]?.action_hash ?? "" });
  const spans: unknown[] = (await client.runs.trace("r", { format: "otlp" })).resourceSpans;
  const waits: string[] = (await client.query("blocked_by")).blocked_by?.map((each) => each.detail) ?? [];
  const verdict: string = (await client.inDoubt.get("r", "s")).choices["happened"] ?? "";
  const trace: Trace = await client.runs.trace("r");
  void [decided, spans, waits, verdict, trace, (await client.runs.cancel("r")).may_still_land.length];
  const outcome = await client.execute("json_transform", { input: 1 }, { agent: "a" });
  const success: boolean = outcome.success;
  const event: WebhookEvent = await verifyWebhook("{}", new Headers(), "whsec_AAAA");
  void [status, url, names, simulation, success, event, await client.runs.cancel("r"), await client.recovery.candidates.approve("c")];
}

export function told(error: unknown): string {
  if (error instanceof NotFoundError) return `${error.status} ${error.code} ${error.problem?.detail}`;
  return error instanceof AOSError ? `${error.code} ${error.retryAfterMs} ${error.suggestions.join()}` : "other";
}

// @ts-expect-error a run needs an agent
void (() => client.runs.submit({ goal: "g" }));
// @ts-expect-error there is no such filter
void (() => client.runs.list({ stature: "tall" }));
// @ts-expect-error a run has no such field that is a number
void ((run: Run): number => run.run_id);
