"""A step that waits for a yes: who asked for the run may not give it, so another key does."""
# ruff: noqa: INP001, T201 - a program people start and read, not a module of a package

from __future__ import annotations

import os
import sys

from aos_sdk import AOS, AOSError, PermissionDeniedError

AGENT = os.environ.get("AOS_AGENT", "default")
STEP = "publish"
MAKE_KEY = "python manage.py api_keys create approver --scope approvals:read --scope approvals:write"
PLAN = {
    "goal": "Publish the release notes once somebody has agreed",
    "steps": [
        {
            "step_id": STEP,
            "skill": "json_transform",
            "params": {"input": {"published": "Release notes of 1.0"}},
            "approval": "always",
        }
    ],
}


def approvers_key() -> str:
    """Return the key of somebody else. One that is made by one's own key would not do: both are in one hand."""
    given = os.environ.get("AOS_APPROVER_API_KEY")
    if not given:
        sys.exit(f"Somebody else has to approve. Make a key for them, and set AOS_APPROVER_API_KEY to it:\n  {MAKE_KEY}")
    return given


def main() -> None:
    """Ask, be refused as one's own approver, and have somebody else approve."""
    with AOS() as client, AOS(api_key=approvers_key()) as approver:
        run = client.runs.submit(AGENT, plan=PLAN)
        waiting = client.runs.wait(run.run_id, timeout=60)
        print(f"{run.run_id} is {waiting.status} for {waiting.waiting_for}: nothing has been done yet.")
        if waiting.waiting_for != "approval":
            sys.exit("The run should wait for an approval.")
        seen = client.runs.event_page(run.run_id).next_after

        # What is approved is exactly what was looked at: the hash is of the skill and its parameters.
        asked = approver.approvals.get(run.run_id, STEP)
        try:
            client.approvals.approve(run.run_id, STEP, action_hash=asked.action_hash)
        except PermissionDeniedError as refused:
            print(f"Approving one's own run is refused: {refused.message}")
        else:
            sys.exit("One's own run could be approved, which must not be.")

        approver.approvals.approve(run.run_id, STEP, action_hash=asked.action_hash, reason="I have read them.")
        print("Somebody else approved it.")
        # To its end, by its events: for a moment the run still looks as if it waited.
        for event in client.runs.events(run.run_id, after=seen):
            print(f"  {event.kind}")
        result = client.runs.result(run.run_id, timeout=60)
    print(f"Done: {result['value']['published']} published.")


if __name__ == "__main__":
    try:
        main()
    except AOSError as error:
        sys.exit("\n  try: ".join([f"It did not work: {error}", *error.suggestions]))
