"""The kinds of records the API takes and gives. Written by generate_types.py from the OpenAPI document."""

from aos_sdk.types.names_a import (
    AcceptedRun, AccountBody, AccountPage, AccountView, AdviceChange, AgentBody, AgentCounts, AgentPage, AgentProfile, AgentVersionPage,
    AgentVersionView, AgentView, Alternative, AnalyticsView, AnswerBody, ApprovalBody, ApprovalForecast, ApprovalNotice, ApprovalPage,
    ApprovalView, ApproveBody, Aspect, Assumed, Attempt, Attempts, AuditPage, AuditView,
)
from aos_sdk.types.names_b import (
    BlockedAction, Blocker, Bom, BomAdvice, BomChange, BomComparison, BomPlanner, BomPrice, BomReport, BomSkill, Budget, BudgetAfter,
    BudgetBody, BudgetList, BudgetView, BulkBody, BulkCount, BulkEffect, BulkFault, BulkFilter, BulkFirst, BulkMoney, BulkOptions,
    BulkPage, BulkPreview, BulkPreviewBody, BulkView,
)
from aos_sdk.types.names_c import (
    Calibration, CallFailure, CallInFlight, Callback, CallerCapabilities, CancelledRun, CandidateDecisionBody, CandidateDetail,
    CandidateDocuments, CandidateImportBody, CandidatePage, CandidateView, CatalogView, Category, Cause, Cell, Cents, Chain, Changes,
    ChaosBody, ChaosCase, ChaosEnd, ChaosLimits, ChaosReport, CircuitList, CircuitView, Clearing, CodeCount,
)
from aos_sdk.types.names_c2 import (
    CodeView, CompositionHints, Concurrency, Constraints, CostModel, CostRange,
)
from aos_sdk.types.names_d import (
    DeadLetter, DeadLetterPage, Decided, DecisionBody, DecisionPage, DecisionRecord, DecisionResult, DecisionResults, DeliveryPage,
    DeliveryView, Divergence, Doubt, DoubtEvidence, DoubtPage, DriftPage, DriftReasonBody, DriftView, DurationRange,
)
from aos_sdk.types.names_e import (
    EditBody, EditedCall, Effect, EffectAgain, Ending, EntryBody, EntryChangeView, EntryView, EventPage, ExecuteBody, ExecutedOutcome,
    Execution, Explanation, ExportView,
)
from aos_sdk.types.names_f import (
    FailureDetails, FailureInfo, FailureMode, FailureTold, Fault, FaultDetail, FaultKind, FaultReport, FeedEvent, FeedPage, FieldChange,
    FixedBody, ForecastAnswer, ForecastRow, FoundSkill, FreezeBody, FreezePage, FreezeView,
)
from aos_sdk.types.names_g import (
    GivenAnswerBody, GivenVerdict, GoalBody, GrantBody, GrantPage, GrantUsePage, GrantUseView, GrantView, GroupAgent, GroupCandidate,
    GroupDecision, GroupPage, GroupVersion, GroupView, GroupedBy,
)
from aos_sdk.types.names_h import (
    HeatMap,
)
from aos_sdk.types.names_i import (
    ImportBody, ImportView, ImportedView, Invariant,
)
from aos_sdk.types.names_k import (
    KeyBody, KeyPage, KeyView,
)
from aos_sdk.types.names_l import (
    LastWorker, LeftEffect, LiftBody, Limits, LinkBody, LinkView, LostCall,
)
from aos_sdk.types.names_m import (
    MadeLink, MadeLinks, ManyDecisionsBody, MarkView, MarkedView, MatchPage, MatchView, MeasuredCost, MeasuredFailures, MeasuredLatency,
    ModeView, MuteBody,
)
from aos_sdk.types.names_n import (
    NewKeyView, NextActions, NoteBody, NoteList, NoteView,
)
from aos_sdk.types.names_o import (
    Obstacle, OneGroupView, OneOfMany, OtherChance, OtlpTrace, OutcomeChange,
)
from aos_sdk.types.names_p import (
    Pace, PairReport, Part, PatchedAccountChanges, PatchedAgentChanges, PatchedEntryChanges, PatchedWebhookChanges, PermissionGap, Plan,
    PlanAlternative, PlanBody, PlanStep, PlanVerdict, PlannerChoice, Policies, PriceList, PriceTier, PriceView, ProbeAnswer, ProbeTold,
    Problem,
)
from aos_sdk.types.names_q import (
    QueryBody, QuestionAnswer, QuestionPage, QuestionView,
)
from aos_sdk.types.names_r import (
    RateForecast, RateLimit, RateRule, ReasonBody, RecoveryMode, RecoveryParameters, Regression, RemovedBudget, ReplayBody,
    ReplayReport, Requested, RequeueBody, RerunBody, RerunPreview, ResetBody, ResourceContract, RestoreBody, RetryPolicy, Reversal,
    RevokeGrantBody, Risk, RunBody, RunBudget, RunCost, RunDifference, RunEventView, RunPage, RunView, RunsNow, RuntimeSkills,
)
from aos_sdk.types.names_r2 import (
    RuntimeSimulation,
)
from aos_sdk.types.names_s import (
    SchemaNames, ScopeAfter, ScopeMoney, SentCall, Shortage, SideEffect, SimulateBody, Simulation, SkillLine, SkillList, SkillMetadata,
    StatsView, StepDifference, StepForecast, StepPolicy, StructuredOutcome, SuggestBody, SuggestContext, SuggestionView,
)
from aos_sdk.types.names_t import (
    Time, TimesView, ToldStep, TopUpBody, ToppedUpBudget, ToppedUpRun, Totals, Trace, TraceAnswer, TracedAttempt, TracedEffect,
    TracedEvent, TracedFailure, TracedRun, TracedStep, TracedWait,
)
from aos_sdk.types.names_u import (
    UndoBody, Undoes, UnmuteBody, UnreadableRun, Usage, UsageAnswer, UsageRow, UsageSums,
)
from aos_sdk.types.names_v import (
    VerdictBody, VerdictTold, VersionChange, VersionCounts, VersionGap, VersionView, VersionsView,
)
from aos_sdk.types.names_w import (
    WebhookBody, WebhookPage, WebhookView, WebhookWithSecret, WhatIfOutcome, WhoMay, WhoamiView, WholeBulk, WholeDelivery, WhyGrouped,
)

KEYED_OPERATIONS = frozenset({
    "agents_create", "api_keys_create", "approvals_link", "approvals_note", "budgets_top_up", "bulk_begin", "catalog_create",
    "catalog_import", "dead_letters_requeue", "freezes_create", "goals_submit", "grants_create", "recovery_candidates_import",
    "runs_replay", "runs_rerun", "runs_submit", "runs_top_up", "runs_undo_step", "runtime_execute", "service_accounts_create",
    "webhook_deliveries_redeliver", "webhooks_create", "webhooks_rotate_secret", "webhooks_test",
})

__all__ = [
    "KEYED_OPERATIONS", "AcceptedRun", "AccountBody", "AccountPage", "AccountView", "AdviceChange", "AgentBody", "AgentCounts",
    "AgentPage", "AgentProfile", "AgentVersionPage", "AgentVersionView", "AgentView", "Alternative", "AnalyticsView", "AnswerBody",
    "ApprovalBody", "ApprovalForecast", "ApprovalNotice", "ApprovalPage", "ApprovalView", "ApproveBody", "Aspect", "Assumed", "Attempt",
    "Attempts", "AuditPage", "AuditView", "BlockedAction", "Blocker", "Bom", "BomAdvice", "BomChange", "BomComparison", "BomPlanner",
    "BomPrice", "BomReport", "BomSkill", "Budget", "BudgetAfter", "BudgetBody", "BudgetList", "BudgetView", "BulkBody", "BulkCount",
    "BulkEffect", "BulkFault", "BulkFilter", "BulkFirst", "BulkMoney", "BulkOptions", "BulkPage", "BulkPreview", "BulkPreviewBody",
    "BulkView", "Calibration", "CallFailure", "CallInFlight", "Callback", "CallerCapabilities", "CancelledRun", "CandidateDecisionBody",
    "CandidateDetail", "CandidateDocuments", "CandidateImportBody", "CandidatePage", "CandidateView", "CatalogView", "Category",
    "Cause", "Cell", "Cents", "Chain", "Changes", "ChaosBody", "ChaosCase", "ChaosEnd", "ChaosLimits", "ChaosReport", "CircuitList",
    "CircuitView", "Clearing", "CodeCount", "CodeView", "CompositionHints", "Concurrency", "Constraints", "CostModel", "CostRange",
    "DeadLetter", "DeadLetterPage", "Decided", "DecisionBody", "DecisionPage", "DecisionRecord", "DecisionResult", "DecisionResults",
    "DeliveryPage", "DeliveryView", "Divergence", "Doubt", "DoubtEvidence", "DoubtPage", "DriftPage", "DriftReasonBody", "DriftView",
    "DurationRange", "EditBody", "EditedCall", "Effect", "EffectAgain", "Ending", "EntryBody", "EntryChangeView", "EntryView",
    "EventPage", "ExecuteBody", "ExecutedOutcome", "Execution", "Explanation", "ExportView", "FailureDetails", "FailureInfo",
    "FailureMode", "FailureTold", "Fault", "FaultDetail", "FaultKind", "FaultReport", "FeedEvent", "FeedPage", "FieldChange",
    "FixedBody", "ForecastAnswer", "ForecastRow", "FoundSkill", "FreezeBody", "FreezePage", "FreezeView", "GivenAnswerBody",
    "GivenVerdict", "GoalBody", "GrantBody", "GrantPage", "GrantUsePage", "GrantUseView", "GrantView", "GroupAgent", "GroupCandidate",
    "GroupDecision", "GroupPage", "GroupVersion", "GroupView", "GroupedBy", "HeatMap", "ImportBody", "ImportView", "ImportedView",
    "Invariant", "KeyBody", "KeyPage", "KeyView", "LastWorker", "LeftEffect", "LiftBody", "Limits", "LinkBody", "LinkView", "LostCall",
    "MadeLink", "MadeLinks", "ManyDecisionsBody", "MarkView", "MarkedView", "MatchPage", "MatchView", "MeasuredCost",
    "MeasuredFailures", "MeasuredLatency", "ModeView", "MuteBody", "NewKeyView", "NextActions", "NoteBody", "NoteList", "NoteView",
    "Obstacle", "OneGroupView", "OneOfMany", "OtherChance", "OtlpTrace", "OutcomeChange", "Pace", "PairReport", "Part",
    "PatchedAccountChanges", "PatchedAgentChanges", "PatchedEntryChanges", "PatchedWebhookChanges", "PermissionGap", "Plan",
    "PlanAlternative", "PlanBody", "PlanStep", "PlanVerdict", "PlannerChoice", "Policies", "PriceList", "PriceTier", "PriceView",
    "ProbeAnswer", "ProbeTold", "Problem", "QueryBody", "QuestionAnswer", "QuestionPage", "QuestionView", "RateForecast", "RateLimit",
    "RateRule", "ReasonBody", "RecoveryMode", "RecoveryParameters", "Regression", "RemovedBudget", "ReplayBody", "ReplayReport",
    "Requested", "RequeueBody", "RerunBody", "RerunPreview", "ResetBody", "ResourceContract", "RestoreBody", "RetryPolicy", "Reversal",
    "RevokeGrantBody", "Risk", "RunBody", "RunBudget", "RunCost", "RunDifference", "RunEventView", "RunPage", "RunView", "RunsNow",
    "RuntimeSimulation", "RuntimeSkills", "SchemaNames", "ScopeAfter", "ScopeMoney", "SentCall", "Shortage", "SideEffect",
    "SimulateBody", "Simulation", "SkillLine", "SkillList", "SkillMetadata", "StatsView", "StepDifference", "StepForecast",
    "StepPolicy", "StructuredOutcome", "SuggestBody", "SuggestContext", "SuggestionView", "Time", "TimesView", "ToldStep", "TopUpBody",
    "ToppedUpBudget", "ToppedUpRun", "Totals", "Trace", "TraceAnswer", "TracedAttempt", "TracedEffect", "TracedEvent", "TracedFailure",
    "TracedRun", "TracedStep", "TracedWait", "UndoBody", "Undoes", "UnmuteBody", "UnreadableRun", "Usage", "UsageAnswer", "UsageRow",
    "UsageSums", "VerdictBody", "VerdictTold", "VersionChange", "VersionCounts", "VersionGap", "VersionView", "VersionsView",
    "WebhookBody", "WebhookPage", "WebhookView", "WebhookWithSecret", "WhatIfOutcome", "WhoMay", "WhoamiView", "WholeBulk",
    "WholeDelivery", "WhyGrouped",
]
