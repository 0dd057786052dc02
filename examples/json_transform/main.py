"""Reshape a list of orders with json_transform: the smallest plan there is, without any network."""
# ruff: noqa: INP001, T201 - a program people start and read, not a module of a package

from __future__ import annotations

import os
import sys

from aos_sdk import AOS, AOSError

AGENT = os.environ.get("AOS_AGENT", "default")
ORDERS = [
    {"id": 1, "customer": "Ada", "amount": 120, "paid": True},
    {"id": 2, "customer": "Grace", "amount": 80, "paid": False},
    {"id": 3, "customer": "Linus", "amount": 45, "paid": True},
]
PLAN = {
    "goal": "Who has paid, the largest amount first",
    "steps": [
        {
            "step_id": "paid",
            "skill": "json_transform",
            "params": {"input": "${inputs.orders}", "path": "$[?@.paid == true]"},
        },
        {
            "step_id": "report",
            "skill": "json_transform",
            "params": {
                "input": "${steps.paid.result.value}",
                "operations": [{"op": "sort", "key": "amount", "descending": True}, {"op": "pick", "keys": ["customer", "amount"]}],
            },
        },
    ],
}


def main() -> None:
    """Simulate the plan, run it, show what came out."""
    with AOS() as client:
        forecast = client.simulate(plan=PLAN, agent=AGENT, inputs={"orders": ORDERS})
        print(f"Simulated: {forecast.verdict}, at most {forecast.cost.worst_micro_usd} micro-USD.")
        run = client.runs.submit(AGENT, plan=PLAN, inputs={"orders": ORDERS})
        print(f"Submitted as {run.run_id}.")
        report = client.runs.result(run.run_id, timeout=60)["value"]
    for line in report:
        print(f"  {line['customer']:<6} {line['amount']:>4}")
    if [line["customer"] for line in report] != ["Ada", "Linus"]:
        sys.exit("The report is not the one that was expected.")
    print("Done: two of three orders are paid.")


if __name__ == "__main__":
    try:
        main()
    except AOSError as error:
        sys.exit("\n  try: ".join([f"It did not work: {error}", *error.suggestions]))
