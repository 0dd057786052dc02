"""The only writer of money: draws for runs, settles, gives back, tops up, in every scope of a movement or in none.

For each scope, always, and kept so by the database (triggers on the entries):

    reserved  = reserves − settles − releases            what runs hold
    spent     = settles + absorbs                        what is gone
    spent + reserved ≤ limit                             after every reserve; a call that cost more than it could is
                                                         absorbed, and a limit may be lowered below what is spent

    reserve   unreserved → reserved     refused where a scope's limit leaves too little
    settle    reserved → spent
    release   reserved → unreserved
    absorb    unreserved → spent        never refused: the money is gone already
    top_up    raises the limit
    adjust    sets the limit

Beside them stand the lots of each run: what it drew, when, and what became of it. A draw is known by its reference, and
what was spent is told as a sum, so a caller may repeat anything after a commit whose answer was lost.
"""

from agents.ledger.amounts import Amounts, Crossing, Drawn, Raised, Short, Standing, model_key
from agents.ledger.books import ScopeMissing, owner_of
from agents.ledger.budgets import list_budgets, remove_budget, set_budget, top_up_budget
from agents.ledger.purse import ReferenceReused, RunPurse
from agents.ledger.standing import count_holding, room_of, scopes_of_run, spent_by_day

__all__ = [
    "Amounts",
    "Crossing",
    "Drawn",
    "Raised",
    "ReferenceReused",
    "RunPurse",
    "ScopeMissing",
    "Short",
    "Standing",
    "count_holding",
    "list_budgets",
    "model_key",
    "owner_of",
    "remove_budget",
    "room_of",
    "scopes_of_run",
    "set_budget",
    "spent_by_day",
    "top_up_budget",
]
