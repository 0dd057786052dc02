"""One body for each operation that takes one, shown in the description of the API; a test sends every one of them."""

from __future__ import annotations

from typing import Any

PLAN: dict[str, Any] = {
    "goal": "Take the price out of an answer",
    "steps": [
        {
            "step_id": "price",
            "skill": "json_transform",
            "params": {"input": {"data": {"amount": "67000.12"}}, "path": "$.data.amount"},
        }
    ],
}
RUN = "run_01a22488cd387822aa9c0fa3bccedec2"
ENTRY = {"code": "TIMEOUT", "skill": "http_call", "mode": "RETRY_EXPONENTIAL", "suggestions": ["Ask for a smaller page."]}
CANDIDATE = {
    "signature": "86f37f35debc92f8d6f97c5614c6c9f8399568763520262cc2074c4dd9cc4eb1",
    "code": "TIMEOUT",
    "skill": "http_call",
    "host": "api.example.com",
    "cause": "no answer",
    "mode": "RETRY_WITH_JITTER",
}
_DECIDED = {"reason": "It recovered nineteen of the last twenty."}

BODIES: dict[str, Any] = {
    "approvals_edit": {"action_hash": "0" * 64, "params": {"data": {"total": 40}, "expression": "total"}},
    "grants_create": {
        "skill": "http_call",
        "host": "api.example.com",
        "max_uses": 20,
        "max_total_micro_usd": 500_000,
        "reason": "Refunds of the sale, agreed with finance.",
    },
    "grants_revoke": {"reason": "The sale is over."},
    "approvals_approve": {"action_hash": "0" * 64, "reason": "Checked against the order."},
    "approvals_reject": {"action_hash": "0" * 64, "reason": "The account is not theirs."},
    "approvals_decide": {
        "decisions": [{"run_id": RUN, "step_id": "price", "action_hash": "0" * 64}],
        "verdict": "approve",
        "reason": "All of them are on the list of today.",
    },
    "approvals_note": {"kind": "ask", "text": "Which order is this for?"},
    "approvals_link": {"for": "bob", "ttl_s": 3600},
    "approvals_revoke_link": {"reason": "It was sent to the wrong bob."},
    "questions_answer": {"value": {"colour": "red"}},
    "agents_create": {"name": "trader", "description": "Watches prices.", "profile": {"allowed_skills": ["http_call", "json_transform"]}},
    "agents_update": {"description": "Watches prices and tells them.", "reason": "It says more by now."},
    "api_keys_create": {"name": "ci", "scopes": ["runs:read", "runs:write"]},
    "budgets_set": {"kind": "tenant", "period": "day", "limit_cents": "500"},
    "budgets_top_up": {"amount_cents": "50"},
    "bulk_begin": {"action": "cancel", "filter": {"status": "waiting"}, "reason": "The order was withdrawn.", "expected": 3},
    "bulk_preview": {"action": "rerun", "filter": {"status": "failed", "failure_code": "TIMEOUT"}},
    "catalog_create": ENTRY | {"reason": "Pages of more than 100 rows take too long."},
    "catalog_import": {"entries": [ENTRY], "dry_run": True, "reason": "What the other installation learned."},
    "catalog_restore": {"to_version": 1, "reason": "The change helped nobody."},
    "catalog_update": {"version": 1, "suggestions": ["Ask for 50 rows."], "reason": "100 were still too many."},
    "chaos": {"plan": PLAN, "faults": ["timeout"], "pairs": False},
    "circuits_reset": {"skill": "http_call", "host": "api.example.com:443", "reason": "They say it is mended."},
    "dead_letters_requeue": {"reason": "The worker's memory was doubled."},
    "drift_acknowledge": {"reason": "Seen; the host was moved."},
    "drift_resolve": {"reason": "It is as fast as before."},
    "failure_groups_fixed": {"reason": "The key was renewed."},
    "failure_groups_mute": {"reason": "Known until they move.", "until": "2099-01-01T00:00:00Z"},
    "failure_groups_unmute": {"reason": "They moved."},
    "freezes_create": {"kind": "skill", "key": "llm_invoke", "reason": "The provider bills twice."},
    "freezes_lift": {"reason": "The provider mended it."},
    "goals_submit": {"agent": "assistant", "goal": "Fetch https://example.com, extract headings, summarize them", "budget_cents": "10"},
    "in_doubt_verdict": {"verdict": "happened", "reason": "It is in their list of payments."},
    "plans_validate": {"plan": PLAN},
    "recovery_candidates_activate": _DECIDED,
    "recovery_candidates_approve": _DECIDED,
    "recovery_candidates_reject": {"reason": "It hides the cause."},
    "recovery_candidates_reopen": {"reason": "There are new failures."},
    "recovery_candidates_withdraw": {"reason": "It helps no more."},
    "recovery_candidates_import": {"data": [CANDIDATE]},
    "recovery_suggest": {"code": "TIMEOUT", "context": {"skill": "http_call"}},
    "runs_cancel": {"reason": "Not needed any more."},
    "runs_decide": {"step_id": "price", "verdict": "approve", "action_hash": "0" * 64, "reason": "Checked against the order."},
    "runs_pause": {"reason": "Until the market opens."},
    "runs_replay": {"mode": "tape"},
    "runs_rerun": {"from_step": "price", "dry_run": True},
    "runs_resume": {"reason": "The market is open."},
    "runs_submit": {"agent": "assistant", "plan": PLAN, "budget_cents": "10"},
    "runs_top_up": {"amount_cents": "25"},
    "runs_undo_step": {"reason": "The customer withdrew."},
    "runtime_execute": {"skill": "json_transform", "params": {"input": {"x": 1}}},
    "runtime_query": {"what": "history", "filters": {}},
    "runtime_simulate": {"plan": PLAN, "agent": "assistant"},
    "service_accounts_create": {"name": "nightly", "role": "developer", "description": "Starts the nightly runs."},
    "service_accounts_update": {"role": "viewer"},
    "webhooks_create": {"url": "https://hooks.example.com/aos", "event_types": ["run.failed", "run.waiting"]},
    "webhooks_update": {"event_types": []},
    "webhooks_answer": {
        "run_id": RUN,
        "step_id": "price",
        "verdict": "approve",
        "action_hash": "0" * 64,
        "reason": "Checked against the order.",
    },
}
"""By operation."""

PLACES: dict[str, str] = {
    "agent_id": "agt_01a22488cd387822aa9c0fa3bccedec2",
    "run_id": RUN,
    "other_id": RUN,
    "child_id": RUN,
    "step_id": "price",
    "webhook_id": "whk_01a22488cd387822aa9c0fa3bccedec2",
    "delivery_id": "msg_01a22488cd387822aa9c0fa3bccedec2",
    "key_id": "key_01a22488cd387822aa9c0fa3bccedec2",
    "account_id": "svc_01a22488cd387822aa9c0fa3bccedec2",
    "bulk_id": "blk_01a22488cd387822aa9c0fa3bccedec2",
    "link_id": "lnk_01a22488cd387822aa9c0fa3bccedec2",
    "freeze_id": "frz_01a22488cd387822aa9c0fa3bccedec2",
}
"""What stands in the path, by the name of its place."""


def add_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the examples into the description of the API."""
    for methods in result["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                content["example"] = BODIES[operation["operationId"]]
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path" and parameter["name"] in PLACES:
                    parameter["example"] = PLACES[parameter["name"]]
    return result
