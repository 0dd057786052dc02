"""A run whose budget is used up in the middle: it waits, is topped up, and goes on where it stood."""
# ruff: noqa: INP001, T201 - a program people start and read, not a module of a package

from __future__ import annotations

import os
import sys

from aos_sdk import AOS, AOSError

AGENT = os.environ.get("AOS_AGENT", "default")
SKILL = "json_transform"
COUNT = 3


def step(number: int) -> dict[str, object]:
    taken = {"input": {"page": number}} if number == 1 else {"input": f"${{steps.page{number - 1}.result.value}}"}
    return {"step_id": f"page{number}", "skill": SKILL, "params": taken}


PLAN = {"goal": f"Work through {COUNT} pages", "steps": [step(number) for number in range(1, COUNT + 1)]}


def price_of_a_call(client: AOS) -> int:
    """Return what a call costs in micro-USD; end where it is free, since then nothing can run out."""
    cost: int = client.describe_skill(SKILL).cost_model.base_micro_usd or 0
    found = [price.per_call_micro_usd for price in client.prices.list(provider="skill", model=SKILL, state="in_force")]
    price = max([cost, *(each for each in found if each)])
    if not price:
        sys.exit(f"Calls of {SKILL} are free here. Give them a price first:\n  python manage.py prices set skill {SKILL} --per-call 1000")
    return price


def main() -> None:
    """Give it money for two steps of three, and for the third when it asks."""
    with AOS() as client:
        price = price_of_a_call(client)
        run = client.runs.submit(AGENT, plan=PLAN, budget_micro_usd=price * (COUNT - 1))
        print(f"{run.run_id}: {COUNT} calls of {price} micro-USD each, and money for {COUNT - 1} of them.")

        waiting = client.runs.wait(run.run_id, timeout=60)
        if waiting.waiting_for != "budget":
            sys.exit(
                f"The run is {waiting.status}; it should wait for money. A new price takes some seconds to reach the workers: try again."
            )
        seen = client.runs.event_page(run.run_id).next_after
        short = client.get_resource_contract(run.run_id).budget.shortage
        print(f"It waits after {waiting.steps_done} steps: {short.missing_micro_usd} micro-USD are missing in {short.scope}.")

        client.runs.top_up(run.run_id, amount_micro_usd=short.missing_micro_usd)
        print(f"Topped up by {short.missing_micro_usd}.")
        # To its end, by its events: for a moment the run still looks as if it waited.
        for event in client.runs.events(run.run_id, after=seen):
            print(f"  {event.kind}")
        ended = client.runs.wait(run.run_id, timeout=60, check=True)
        calls = [len(step.attempts) for step in client.runs.trace(run.run_id).steps if step.step_id.startswith("page")]
    print(f"Done: {ended.steps_done} steps, {ended.cost.spent_micro_usd} micro-USD spent, each step called {calls} times.")
    if calls != [1] * COUNT or ended.cost.spent_micro_usd != price * COUNT:
        sys.exit("A step was repeated, or the sum is another one.")


if __name__ == "__main__":
    try:
        main()
    except AOSError as error:
        sys.exit("\n  try: ".join([f"It did not work: {error}", *error.suggestions]))
