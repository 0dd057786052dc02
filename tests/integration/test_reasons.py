"""A decision says why. The rule is the service's: whatever door a word comes by, a short reason is refused and nothing is decided."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from agents.models import Membership, Role
from agents.reasons import HINT, TOO_SHORT
from agents.tenancy import SCOPES
from runs.console.people import link_page
from runs.models import DecisionLink, HeardAnswer, Run, Signal
from runs.people import links
from runs.people.editing import edited_call
from skills.base import skill
from skills.contracts import Effect
from skills.registry import registry
from tests.api.cast import Caller, make_caller
from tests.api.test_webhooks import post_signed
from tests.console.conftest import SignIn
from tests.fakes.skills import ANY_FAILURE, Say
from tests.integration.workshop import Workshop, a_worker, as_person, parked, step, trace

API = "/api/v1"
TOO_LITTLE = ("too short", "  " * 20)
ENOUGH = "checked it twice"
SAYS_NOTHING, SAYS_WHY = "needs no reason", "needs a reason"
EDITED = {"said": "good bye"}


@skill(name="burn", version="1.0.0", description="Cannot be undone.", effect=Effect.IRREVERSIBLE, failure_modes=ANY_FAILURE)
class Burn(Say):
    pass


class Word(NamedTuple):
    """A word on a step, and why it is said."""

    run: Run
    step: str
    verdict: str
    action_hash: str
    reason: str

    def body(self, **more: Any) -> dict[str, Any]:
        return {"action_hash": self.action_hash, "reason": self.reason, **more}


class Desk:
    """One installation with everybody who decides in it; each door returns what is refused, the empty text where the word was taken."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.bob: Caller = make_caller(workshop.tenant, "bob", SCOPES)
        self.hook = self.bob.post(f"{API}/webhooks", {"url": "https://hooks.example.com/", "may_answer": True}).json()
        Membership.objects.create(user=User.objects.create_user("carol", is_staff=True), tenant=workshop.tenant, role=Role.APPROVER)
        self.carol = SignIn("carol")
        self.messages = 0

    def by_route(self, word: Word) -> str:
        return self._sent(f"approvals/{word.run.public_id}/{word.step}/{word.verdict}", word.body())

    def with_an_edit(self, word: Word) -> str:
        shown = self._edited(word)
        return self._sent(f"approvals/{word.run.public_id}/{word.step}/approve", word.body(params=EDITED, edited_hash=shown))

    def by_run(self, word: Word) -> str:
        hashed = {"action_hash": word.action_hash} if word.action_hash else {}
        body = {"step_id": word.step, "verdict": word.verdict, "reason": word.reason, **hashed}
        return self._sent(f"runs/{word.run.public_id}/decide", body)

    def together(self, word: Word) -> str:
        one = {"run_id": word.run.public_id, "step_id": word.step, "action_hash": word.action_hash}
        return self._sent("approvals/decide", {"decisions": [one], "verdict": word.verdict, "reason": word.reason})

    def by_answer(self, word: Word) -> str:
        self.messages += 1
        hashed = {"action_hash": word.action_hash} if word.action_hash else {}
        body = {"run_id": word.run.public_id, "step_id": word.step, "verdict": word.verdict, "reason": word.reason, **hashed}
        return _refused(post_signed(self.hook["webhook_id"], body, self.hook["secret"], message=f"msg_{self.messages}"))

    def by_link(self, word: Word) -> str:
        # Each address may try so many a minute.
        link_page.tries.clear()
        dan = as_person(self.workshop.tenant, "dan")
        link, secret = links.make_link(principal=dan, run_id=word.run.public_id, step_id=word.step, made_for="carol")
        at = reverse("decide-by-link", args=[link.public_id, secret])
        return _said(self.carol.post(at, {"verdict": word.verdict, "reason": word.reason}))

    def by_page(self, word: Word) -> str:
        at = reverse("console-approval", args=[word.run.public_id, word.step])
        return _said(self.carol.post(at, word.body(verdict=word.verdict), follow=True))

    def by_page_with_an_edit(self, word: Word) -> str:
        at = reverse("console-approval-edit", args=[word.run.public_id, word.step])
        form = word.body(verb="approve", params=json.dumps(EDITED), edited_hash=self._edited(word))
        return _said(self.carol.post(at, form, follow=True))

    def in_doubt_by_route(self, word: Word) -> str:
        return self._sent(f"in-doubt/{word.run.public_id}/{word.step}/verdict", {"verdict": word.verdict, "reason": word.reason})

    def in_doubt_by_page(self, word: Word) -> str:
        at = reverse("console-in-doubt-one", args=[word.run.public_id, word.step])
        page = self.carol.post(at, {"verdict": word.verdict, "reason": word.reason}, follow=True).content.decode()
        return "" if "Taken down" in page else "/reason" if "reason: " in page else page

    def in_doubt_by_command(self, word: Word) -> str:
        errors = io.StringIO()
        try:
            call_command(
                "in_doubt",
                *("verdict", word.run.public_id, word.step, word.verdict, f"--reason={word.reason}"),
                stdout=io.StringIO(),
                stderr=errors,
            )
        except SystemExit:
            return "/reason" if "/reason" in errors.getvalue() else errors.getvalue()
        return ""

    def _edited(self, word: Word) -> str:
        shown = edited_call(
            tenant=self.workshop.tenant, run_id=word.run.public_id, step_id=word.step, action_hash=word.action_hash, params=EDITED
        )
        return str(shown["action_hash"])

    def _sent(self, path: str, body: dict[str, Any]) -> str:
        return _refused(self.bob.post(f"{API}/{path}", body))


def _refused(response: Any) -> str:
    if response.status_code in (200, 202):
        return ""
    told = response.json()
    if (response.status_code, told["code"], told["detail"]) == (422, "INVALID_INPUT", TOO_SHORT):
        assert told["suggestions"][0] == HINT
    else:
        assert (response.status_code, told["code"]) == (422, "SCHEMA_VALIDATION_FAILED"), told
    return str(told["errors"][0]["pointer"])


def _said(response: Any) -> str:
    text = response.content.decode()
    return "" if "Approved" in text or "Rejected" in text else "/reason" if TOO_SHORT in text else text


NO, YES, YES_FOR_EVER = ("reject", "say", SAYS_WHY), ("approve", "say", SAYS_NOTHING), ("approve", "burn", SAYS_WHY)
ANY = (NO, ("reject", "burn", SAYS_WHY), YES, YES_FOR_EVER)
JUDGED = (("happened", "fails", SAYS_WHY), ("did_not_happen", "fails", SAYS_WHY))
DOORS: dict[Callable[[Desk, Word], str], tuple[tuple[str, str, str], ...]] = {
    Desk.by_route: ANY,
    Desk.by_run: (*ANY, *JUDGED),
    Desk.by_answer: (*ANY, *JUDGED),
    Desk.by_link: ANY,
    Desk.by_page: ANY,
    Desk.with_an_edit: (("approve", "say", SAYS_WHY),),
    Desk.by_page_with_an_edit: (("approve", "say", SAYS_WHY),),
    Desk.together: (NO, ("approve", "say", SAYS_WHY)),
    Desk.in_doubt_by_route: JUDGED,
    Desk.in_doubt_by_page: JUDGED,
    Desk.in_doubt_by_command: JUDGED,
}


def test_every_door_asks_for_the_reason_its_word_needs(workshop: Workshop) -> None:
    registry.add(Burn)
    desk = Desk(workshop)
    cases = [(f"s{at}", door, word) for at, (door, word) in enumerate((door, word) for door, words in DOORS.items() for word in words)]
    doubtful = {"code": "OUTCOME_UNKNOWN", "phase": "maybe_sent", "effect": "write"}
    run = workshop.submit(
        *(
            step(name, kind, on_error="continue", **(doubtful if kind == "fails" else {"said": "hello", "approval": "always"}))
            for name, _, (_, kind, _) in cases
        )
    )
    with a_worker():
        parked(run, "in_doubt")
    hashes = {each["step_id"]: each["action_hash"] or "" for each in trace(run)["steps"]}
    wrong: dict[str, str] = {}
    for name, door, (verdict, kind, needs) in cases:
        words = Word(run, name, verdict, hashes[name], "")
        what = f"{door.__name__}: {verdict} of {kind}"
        for reason in TOO_LITTLE if needs == SAYS_WHY else ():
            before = _written()
            refused = door(desk, words._replace(reason=reason))
            if refused != "/reason" or _written() != before:
                wrong[f"{what}, because {reason!r}"] = refused or "it was taken"
                break
        else:
            before, refused = _written(), door(desk, words._replace(reason=ENOUGH if needs == SAYS_WHY else ""))
            if refused or _written()[0] != before[0] + 1:
                wrong[what] = refused or "nothing was decided"
    assert wrong == {}


def _written() -> tuple[int, int, int]:
    """Return how many words were taken, answers heard, and links used up."""
    return Signal.objects.count(), HeardAnswer.objects.count(), DecisionLink.objects.exclude(used_at=None).count()
