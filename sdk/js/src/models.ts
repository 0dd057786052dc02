/** The names of what the API takes and gives. Fields and values a newer server adds pass through as they are. */

import type { Body, Item, Result } from "./operations.js";
import type { components } from "./types.js";

type Schemas = components["schemas"];

export type Agent = Schemas["AgentView"];
export type ApiKey = Schemas["KeyView"];
export type ApiKeyBody = Body<"api_keys_create">;
/** A call that waits for a person's approval, with what it would do. */
export type Approval = Schemas["ApprovalView"];
/** A person's answer; `action_hash` is that of the action which was shown. */
export type ApprovalBody = Body<"approvals_approve">;
/** What a cancellation stops, what is in flight, and which effects may still land. */
export type CancelledRun = Schemas["CancelledRun"];
export type CatalogEntry = Schemas["EntryView"];
/** A run that was given up, and what it leaves behind. */
export type DeadLetter = Schemas["DeadLetter"];
/** A word on a step that waits, taken down. */
export type Decided = Schemas["Decided"];
/** A step whose effect is in doubt, as lists show it. */
export type Doubt = Schemas["Doubt"];
/** What is known of an effect that is in doubt, or was. */
export type DoubtEvidence = Schemas["DoubtEvidence"];
export type ExecutedOutcome = Schemas["ExecutedOutcome"];
export type Explanation = Schemas["Explanation"];
export type FaultDetail = Schemas["FaultDetail"];
export type GoalBody = Body<"goals_submit">;
/** A key just made; `key` is shown this once: null where a repeated request is answered. */
export type NewApiKey = Schemas["NewKeyView"];
/** A run as OpenTelemetry spans. */
export type OtlpTrace = Schemas["OtlpTrace"];
export type Problem = Schemas["Problem"];
/** The answer to a named question; which fields it has, the question says. */
export type QuestionAnswer = Schemas["QuestionAnswer"];
export type ResourceContract = Schemas["ResourceContract"];
/** A run as lists and pages show it. */
export type Run = Result<"runs_get">;
export type RunBody = Body<"runs_submit">;
/** One event of a run, in the order of `seq`. */
export type RunEvent = Item<"runs_events">;
export type RunEventPage = Result<"runs_events">;
export type ServiceAccount = Schemas["AccountView"];
export type Simulation = Result<"runtime_simulate">;
export type SkillMetadata = Schemas["SkillMetadata"];
/** One event of the tenant's feed. */
export type TenantEvent = Item<"events_list">;
export type TenantEventPage = Result<"events_list">;
export type Trace = Schemas["Trace"];
export type Webhook = Schemas["WebhookView"];
/** What somebody who got a webhook decides for the step it tells of. */
export type WebhookAnswer = Body<"webhooks_answer">;
export type WebhookBody = Body<"webhooks_create">;
export type WebhookDelivery = Schemas["DeliveryView"];
/** A webhook with its secret, which is shown this once: null where a repeated request is answered. */
export type WebhookWithSecret = Schemas["WebhookWithSecret"];
export type Whoami = Result<"whoami">;

/** Why somebody pauses, resumes or cancels. */
export type ReasonBody = Body<"runs_cancel">;
/** A person's word on a step that waits. `action_hash` binds it to what was shown. */
export type StepDecision = Body<"runs_decide">;

