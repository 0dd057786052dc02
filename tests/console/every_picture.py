"""Every page of the console as a picture: both themes, wide and on a phone, and what it says when it is empty or something is wrong."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.console.browsing import AT_ONCE, IN_THEME, NAME, PASSWORD
from tests.console.walking import a_browser, sign_in

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.console.lived_in import LivedIn

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images" / "pages"
LOOKS = (("light", 1280), ("dark", 1280), ("phone", 400))
MOST_HIGH = 2_600
TABS = 3
# What was just made larger is drawn in the next frames, not in this one.
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))"
NEWCOMER, STRANGER, NOBODY = "fay", "ada", ""
PLATFORM, THROUGH_GLASS = "root", "gail"
Act = Callable[["Page"], Awaitable[None]]


class Shot(NamedTuple):
    """What is shown where and to whom, and what is done there before; `named` shots are all looked at in the same states."""

    name: str
    address: str
    who: str = NAME
    act: Act | None = None


# Which pages there are


def busy(lived: LivedIn) -> list[Shot]:
    """Return all pages of an installation somebody works with."""
    from django.urls import reverse  # noqa: PLC0415 - settings are known from here on

    from tests.console.test_accessibility import pages  # noqa: PLC0415

    link = _link(lived)
    return [
        *_named(pages(lived)),
        Shot("sign-in", "/admin/login/", NOBODY),
        Shot("link", link, NOBODY),
        Shot("link-unknown", f"{link[:-9]}x/", NOBODY),
        Shot("links-of-a-call", reverse("console-approval", args=[lived.runs["asks"].public_id, "order"]), NAME, open_all),
        Shot("palette", "/admin/", NAME, open_palette),
        Shot("keys", "/admin/", NAME, open_keys),
        Shot("together", "/admin/approvals/", NAME, follow("a[href*='/approvals/together/']")),
        Shot("error-403", "/admin/auth/user/", STRANGER),
        *_of_the_platform(lived),
    ]


def _of_the_platform(lived: LivedIn) -> list[Shot]:
    """Return what who runs the installation sees of a tenant they are no member of: sums and rows, then contents through a broken glass."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - settings are known from here on
    from django.urls import reverse  # noqa: PLC0415

    from agents.access.break_glass import open_glass  # noqa: PLC0415

    for name in (PLATFORM, THROUGH_GLASS):
        person = User.objects.create_superuser(name, password=PASSWORD)
    run = reverse("admin:runs_run_change", args=[lived.runs["recovered"].public_id])
    glass, runs = reverse("console-break-glass"), reverse("admin:runs_run_changelist")
    without = {"overview": "/admin/", "runs": runs, "run": run, "cost": reverse("console-cost"), "break-glass": glass}
    through = {"overview": "/admin/", "run": run, "break-glass": glass}
    open_glass(tenant=lived.tenant, user=person, reason="they ask why this run was slow", minutes=30)
    return [
        *(Shot(f"platform-{name}", address, PLATFORM) for name, address in without.items()),
        *(Shot(f"glass-{name}", address, THROUGH_GLASS) for name, address in through.items()),
    ]


def empty() -> list[Shot]:
    """Return the overview and all lists, as who has begun today sees them."""
    from django.contrib import admin  # noqa: PLC0415 - settings are known from here on
    from django.urls import URLPattern, reverse  # noqa: PLC0415

    from aos_site import urls  # noqa: PLC0415
    from tests.console.test_accessibility import LINKED, POSTED  # noqa: PLC0415

    names = [route.name or "" for route in urls.urlpatterns if isinstance(route, URLPattern) and not route.pattern.converters]
    own = [reverse(name) for name in names if name.startswith("console-") and name not in POSTED + LINKED]
    models = [each._meta for each in admin.site._registry if each._meta.app_label != "auth"]
    lists = [reverse(f"admin:{each.app_label}_{each.model_name}_changelist") for each in models]
    return [Shot(f"empty-{shot.name}", shot.address, NEWCOMER) for shot in _named(["/admin/", *own, *lists])]


def wrong(lived: LivedIn) -> list[Shot]:
    """Return what goes wrong: journals nobody can read, forms that say what is missing, and a word that comes too late."""
    from django.urls import reverse  # noqa: PLC0415 - settings are known from here on

    question, late = lived.runs["question"].public_id, lived.runs["asks"].public_id
    return [
        Shot("error-404", "/admin/no-such-page/"),
        Shot("error-unreadable-approvals", reverse("console-approvals")),
        Shot("error-unreadable-run", reverse("admin:runs_run_change", args=[lived.runs["naughty too"].public_id])),
        Shot("error-conflict", reverse("console-approval", args=[late, "order"]), NAME, say_twice),
        Shot("error-form-question", reverse("console-question", args=[question, "which"]), NAME, send_bare),
        *(
            Shot(f"error-form-{name}", reverse(f"console-{name}"), NAME, send_bare)
            for name in ("agents", "webhooks", "grants", "members", "access")
        ),
        Shot("error-form-simulator", reverse("console-simulator"), NAME, send_bare),
    ]


def _named(addresses: Iterable[str]) -> list[Shot]:
    from django.urls import Resolver404, resolve  # noqa: PLC0415 - settings are known from here on

    shots, known = [], Counter[str]()
    for address in addresses:
        try:
            name = resolve(address.partition("?")[0]).url_name or ""
        except Resolver404:
            name = "no-such-page"
        name = "overview" if name == "index" else name.removeprefix("console-")
        name += "-asked" if "?" in address and "new" not in name else ""
        known[name] += 1
        shots.append(Shot(f"{name}-{known[name]}" if known[name] > 1 else name, address))
    return shots


def _link(lived: LivedIn) -> str:
    from django.urls import reverse  # noqa: PLC0415 - settings are known from here on

    from agents.tenancy import operator_principal  # noqa: PLC0415
    from runs.people.links import make_link  # noqa: PLC0415

    asked = operator_principal(lived.tenant, "olga")
    link, secret = make_link(principal=asked, run_id=lived.runs["asks"].public_id, step_id="order", made_for="amir")
    return reverse("decide-by-link", args=[link.public_id, secret])


def begin_anew() -> None:
    """Make a tenant nothing has happened in, and its admin."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - settings are known from here on

    from agents.models import Membership, Role, Tenant  # noqa: PLC0415

    person = User.objects.create_user(NEWCOMER, password=PASSWORD, is_staff=True)
    Membership.objects.create(user=person, tenant=Tenant.objects.create(slug="fresh", name="Fresh"), role=Role.TENANT_ADMIN)


def damage(lived: LivedIn) -> None:
    """Lose the beginning of a journal."""
    from runs.models import RunEvent  # noqa: PLC0415 - settings are known from here on

    RunEvent.objects.filter(run_id=lived.runs["naughty too"].pk, seq=1)._raw_delete("default")


# What is done before


async def open_palette(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.locator("dialog[open] input").fill("run")
    await page.locator(".aos-hit").first.wait_for()


async def open_keys(page: Page) -> None:
    await page.keyboard.press("?")
    await page.locator("dialog[open]").wait_for()


async def open_all(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def follow(selector: str) -> Act:
    async def act(page: Page) -> None:
        link = page.locator(selector).first
        if await link.count():
            await page.goto(str(await link.evaluate("each => each.href")))

    return act


async def send_bare(page: Page) -> None:
    """Send the form that makes something with nothing in it, past what the browser itself would say."""
    forms = "[...document.querySelectorAll('.aos-add form[method=post i]'), ...document.querySelectorAll('.aos-page form[method=post i]')]"
    form = f"{forms}.find(each => each.querySelector('input:not([type=hidden]), textarea'))"
    emptied = (
        "form.querySelectorAll('input[type=text], input[type=url], input:not([type]), textarea').forEach(each => { each.value = ''; })"
    )
    sent = "form.noValidate = true; form.requestSubmit(form.querySelector('button'))"
    async with page.expect_navigation():
        await page.evaluate(f"() => {{ const form = {form}; {emptied}; {sent}; }}")


async def say_twice(page: Page) -> None:
    """Approve what somebody has rejected since the page was loaded."""
    reject, approve = (f"document.getElementById('aos-{word}')" for word in ("reject", "approve"))
    filled = f"{reject}.querySelector('[name=reason]').value = 'it is not in the order'"
    await page.evaluate(
        f"() => {{ {filled}; return fetch('', {{ method: 'POST', body: new FormData({reject}) }}).then(each => each.status); }}"
    )
    async with page.expect_navigation():
        await page.evaluate(f"() => {approve}.requestSubmit()")


# Taking them


async def take(page: Page, shot: Shot, site: str) -> int:
    """Take a page's pictures; return how many. What is not for who looks is not taken."""
    await page.set_viewport_size({"width": LOOKS[0][1], "height": 800})
    answer = await page.goto(site + shot.address)
    if shot.name.startswith("empty-") and (answer is None or answer.status != 200):
        return 0
    if shot.act is not None:
        await shot.act(page)
    await page.add_style_tag(content=AT_ONCE)
    for look, width in LOOKS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.evaluate(IN_THEME, "dark" if look == "dark" else "light")
        high = min(MOST_HIGH, int(await page.evaluate("Math.max(document.documentElement.scrollHeight, 600)")))
        await page.set_viewport_size({"width": width, "height": high})
        await page.evaluate(SETTLED)
        # The first picture after a change of size may still be put together from parts of the old one.
        await page.screenshot(clip={"x": 0, "y": 0, "width": 1, "height": 1})
        await page.screenshot(path=FOLDER / f"{shot.name}-{look}.png")
    return len(LOOKS)


async def _take_in_tabs(browser: Browser, site: str, shots: list[Shot], who: str) -> int:
    context = await browser.new_context()
    left, taken = iter(shots), 0

    async def in_one_tab(page: Page) -> None:
        nonlocal taken
        for shot in left:
            more = await take(page, shot, site)
            taken += more

    tabs = [await context.new_page() for _ in range(min(TABS, len(shots)))]
    if who != NOBODY:
        await sign_in(tabs[0], site, who)
    await asyncio.gather(*(in_one_tab(page) for page in tabs))
    await context.close()
    return taken


async def _take_all(site: str, shots: list[Shot]) -> int:
    taken = 0
    async with a_browser() as browser:
        for who in dict.fromkeys(shot.who for shot in shots):
            taken += await _take_in_tabs(browser, site, [shot for shot in shots if shot.who == who], who)
    return taken


def take_every(site: str, shots: list[Shot], what: str) -> int:
    """Take pictures of all of them, say so, and return how many there are."""
    FOLDER.mkdir(exist_ok=True)
    taken = asyncio.run(_take_all(site, shots))
    sys.stdout.write(f"{what}: {taken} pictures of {len(shots)}\n")
    return taken
