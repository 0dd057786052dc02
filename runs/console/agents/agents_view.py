"""How agents look on the console: their state in words, what they may, what they do and spend now, and their versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from agents.console.profile_form import in_words
from agents.console.profile_words import words_of
from agents.selectors import agent_names
from runs.models import Run, RunStatus
from skills.wording import UNKNOWN, Look, money

if TYPE_CHECKING:
    from agents.models import Agent, AgentVersion

Json = dict[str, Any]
NAMES = {"name": "Name", "description": "Description", "reason": "Reason", "owner": "Owner", "expected_version": "Version"}
LOOKS = {"active": Look("✓", "active", "green"), "paused": Look("◐", "paused", "amber"), "disabled": Look("⊘", "disabled", "grey")}
# What each change of state means, said on its button and beside it.
STATES = {
    "active": ("Let it take runs", "It takes new runs again."),
    "paused": ("Pause it", "It takes no new run; those it has go on. To stop those too, freeze it."),
    "disabled": ("Disable it", "It takes no new run, for good: those it has go on, and stay on record under its name."),
}


def agent_links(agent_ids: Iterable[str]) -> dict[str, str]:
    """Return the pages of agents by id; who is gone has none."""
    return {agent_id: reverse("console-agent", args=[agent_id]) for agent_id in agent_names(agent_ids)}


def counts_of(tenant_id: int, agents: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return how many runs agents (by row id) have queued or under way, and how many they got within a day."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    mine = Run.objects.filter(agent_id__in=list(agents)).order_by()
    live = [mine.filter(tenant_id=tenant_id, status=status) for status in (RunStatus.QUEUED, RunStatus.RUNNING)]
    for place, rows in ((0, live[0]), (0, live[1]), (1, mine.filter(created_at__gte=timezone.now() - timedelta(days=1)))):
        for agent, number in rows.values_list("agent_id").annotate(Count("pk")):
            found[agent][place] += number
    return {agent: (found[agent][0], found[agent][1]) for agent in agents}


def spending_of(budgets: Iterable[Mapping[str, Any]], agent_id: str) -> str:
    """Return in words what an agent spent of its budgets; "" where it has none."""
    own = [each for each in budgets if each["kind"] == "agent" and each["key"] == agent_id]
    return " · ".join(
        f"{money(each['spent_micro_usd'])} of {money(each['limit_micro_usd']) if each['limit_micro_usd'] is not None else 'unlimited'} "
        f"{'today' if each['period'] == 'day' else 'in all'}"
        for each in own
    )


def agent_line(agent: Agent, counts: tuple[int, int], spending: str) -> Json:
    """Return an agent as the list shows it."""
    return {
        "agent_id": agent.public_id,
        "name": agent.name,
        "description": agent.description,
        "look": LOOKS[agent.status],
        "link": reverse("console-agent", args=[agent.public_id]),
        "runs": runs_link(agent),
        "owner": agent.owner,
        "planner": _planner(agent.profile),
        "version": agent.version,
        "now": counts[0],
        "day": counts[1],
        "spending": spending,
        "changed": time_of(agent.updated_at),
    }


def resting(agent: Agent) -> Json | None:
    """Return what the page of a run says of its agent, should it take no new run; None while it does."""
    if agent.status == "active":
        return None
    words = f"Agent {agent.name} is {agent.status}: it takes no new run."
    return {"words": words, "link": reverse("console-agent", args=[agent.public_id])}


def runs_link(agent: Agent) -> str:
    """Return the list of an agent's runs, the newest first."""
    return f"{reverse('admin:runs_run_changelist')}?agent__id__exact={agent.pk}"


def list_sentence(counts: Mapping[str, int]) -> str:
    """Return in one sentence which agents there are."""
    total, active = sum(counts.values()), counts.get("active", 0)
    if not total:
        return "There is no agent: nothing can be asked for."
    if total == 1:
        return "The one agent there is takes runs." if active else "The one agent there is takes no new run."
    others = [f"{counts[state]} {state}" for state in ("paused", "disabled") if counts.get(state)]
    return f"{active or 'None'} of {total} agents take{'s' if active == 1 else ''} runs{'; ' if others else ''}{', '.join(others)}."


def sentence(agent: Agent, counts: tuple[int, int], frozen: str) -> str:
    """Return in one sentence how an agent stands."""
    if frozen:
        stands = f"is frozen: {frozen.rstrip('.')}"
    else:
        stands = {"active": "takes runs", "paused": "is paused and takes no new run", "disabled": "is disabled"}[agent.status]
    now, day = counts
    return f"{agent.name} {stands}; {now or 'no'} run{'' if now == 1 else 's'} queued or under way, {day or 'none'} begun within a day."


def _planner(profile: Mapping[str, Any]) -> str:
    planner = profile.get("planner", {})
    model = planner.get("options", {}).get("model")
    return f"{planner.get('name', UNKNOWN)}{f' ({model})' if isinstance(model, str) else ''}"


def facts(agent: Agent) -> list[tuple[str, str]]:
    """Return what stands about an agent beside its profile."""
    return [
        ("Description", agent.description or UNKNOWN),
        ("Owner", agent.owner or "nobody"),
        ("Planner", _planner(agent.profile)),
        ("A run may spend", words_of("per_run_micro_usd", agent.profile.get("budget", {}).get("per_run_micro_usd"))),
        ("Made", time_of(agent.created_at)),
        ("Changed", time_of(agent.updated_at)),
    ]


def profile_in_words(profile: Mapping[str, Any]) -> Any:
    return in_words(profile)


def version_line(row: AgentVersion, current: int) -> Json:
    """Return a version as a list shows it."""
    return {
        "version": row.version,
        "is_current": row.version == current,
        "by": row.saved_by,
        "at": time_of(row.saved_at),
        "reason": row.reason,
    }


def time_of(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
