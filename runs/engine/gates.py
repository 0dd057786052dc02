"""The gate a person keeps: which calls ask first and by which rule, what a yes is bound to, and what silence means. Asked once a call.

needs one? → is a standing grant good for it? (a wish: it may be used up) → ask, and once more before it is too late → do what
silence means
"""

from __future__ import annotations

from agents.limits import is_host
from runs.engine import events as e
from runs.engine.decisions import AskApproval, AskPerson, Decision, Escalate, Resume, SeekGrant, Skip
from runs.engine.events import Pin, Terms
from runs.engine.graph import Node
from runs.engine.moves import answer, ask, close, postpone, queue, wait
from runs.engine.state import State, StepState
from skills.canonical import digest


def why_ask(approval: str, pin: Pin, terms: Terms, worst_micro_usd: int | None, target: str | None) -> str:
    """Return the rule by which a person must agree first, the empty text where none does. `target` is `host:port`, None for no call out."""
    if approval == "always":
        return "plan_asks"
    if approval == "never" and terms.plan_may_waive:
        return ""
    if pin.effect in terms.approval_effects:
        return "policy_by_effect"
    if terms.approval_above_micro_usd is not None and (worst_micro_usd or 0) > terms.approval_above_micro_usd:
        return "policy_by_cost"
    if not target or not minds_target(pin, terms):
        return ""
    if any(is_host(pattern.lower(), target) for pattern in terms.approval_hosts):
        return "policy_by_target"
    return "policy_by_first_use" if terms.approval_first_use else ""


def minds_target(pin: Pin, terms: Terms) -> bool:
    """Tell whether it must be known where a call goes before it may start."""
    return pin.effect != "none" and bool(terms.approval_hosts or terms.approval_first_use)


def action_hash(step: StepState, pin: Pin, worst_micro_usd: int) -> str:
    """Return what an approval is bound to: exactly this call, at this most."""
    action = {"step": step.key, "skill": pin.skill, "version": pin.version, "params": step.params, "max_cost": worst_micro_usd}
    return digest(action)


def is_approved(state: State, step: StepState, node: Node, pin: Pin, out: list[Decision]) -> bool:
    """Let a call pass that asks nobody or has its yes; let any other seek one."""
    rule = why_ask(node.approval, pin, state.terms, step.worst_micro_usd, step.target)
    if not rule:
        return True
    worst = step.worst_micro_usd or 0
    step.action_hash = "simulated" if state.simulated else action_hash(step, pin, worst)
    if step.approved_for == step.action_hash:
        return True
    if state.terms.seek_grants and not state.simulated and not step.sought:
        ask(state, step, "grant")
        out.append(
            SeekGrant(
                rule,
                step.key,
                attempt=step.attempt + 1,
                action_hash=step.action_hash,
                skill=pin.skill,
                target=step.target or "",
                max_cost_micro_usd=worst,
            )
        )
        return False
    expires = _wait_for_a_word(state, step, "approval")
    out.append(
        AskApproval(
            rule,
            step.key,
            action_hash=step.action_hash,
            skill=pin.skill,
            version=pin.version,
            effect=pin.effect,
            max_cost_micro_usd=worst,
            expires_at_ms=expires,
        )
    )
    return False


def ask_question(state: State, step: StepState, out: list[Decision]) -> None:
    """Let a step wait for what a person says: that is all it does."""
    expires = _wait_for_a_word(state, step, "input")
    question, form = str(step.params.get("question", "")), step.params.get("form") or {}
    out.append(AskPerson("skill_asks", step.key, question=question, form=form, expires_at_ms=expires))


def _wait_for_a_word(state: State, step: StepState, reason: str) -> int:
    expires = state.now_ms + state.terms.approval_ttl_ms
    reminds = state.terms.approval_escalate_after_ms
    step.expires_at_ms, step.escalated = expires, False
    wait(state, step, reason, expires if reminds is None else min(expires, state.now_ms + reminds))
    return expires


# What comes of it


def on_grant_answered(state: State, fact: e.GrantAnswered, sought: StepState, out: list[Decision]) -> None:
    """Take in whether a standing grant is good for the call; without one a person is asked."""
    answer(state, sought)
    sought.sought = True
    if state.stopping:
        close(state, sought, "cancelled")
        return
    if fact.grant:
        sought.approved_for = sought.action_hash
        out.append(Resume("granted", sought.key, {"action_hash": sought.action_hash, "grant": fact.grant}, by=fact.by))
    queue(state, sought)


def on_approved(state: State, fact: e.ApprovalDecided, asked: StepState, out: list[Decision]) -> None:
    """Let exactly the call pass that was approved; an edited one is priced anew, and passes if it is the one its hash names."""
    rule = "approved"
    read = {"action_hash": fact.action_hash}
    if fact.edited_hash:
        rule = "approved_edited"
        asked.params, asked.worst_micro_usd, asked.model, asked.target = fact.params, None, "", None
        asked.idempotency_key = ""
        read["edited_hash"] = fact.edited_hash
    asked.approved_for = fact.edited_hash or fact.action_hash
    out.append(Resume(rule, asked.key, read, by=fact.by))
    queue(state, asked)


def escalates(state: State, step: StepState, out: list[Decision]) -> bool:
    """Tell whether what is due is not the end of the wait yet; then the next level is asked, and there is time left."""
    if step.expires_at_ms is None or state.now_ms >= step.expires_at_ms:
        return False
    step.escalated = True
    out.append(Escalate("undecided", step.key, {"asked_for_ms": state.terms.approval_escalate_after_ms}, ("expire",)))
    postpone(state, step, step.expires_at_ms)
    return True


def skip_unanswered(state: State, step: StepState, out: list[Decision]) -> None:
    """Leave a step out about which nobody said anything."""
    out.append(Skip("expired_skips", step.key, code="APPROVAL_EXPIRED"))
    close(state, step, "skipped", "nobody decided in time")
