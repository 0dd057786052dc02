"""Takes the pictures of docs/images anew, and in docs/images/pages those of every page: by Chromium, of an installation made for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import django

from tests.console.browsing import AT_ONCE, CHROMIUM, NAME, PASSWORD, a_browser, look, sign_in
from tests.console.shop import Shop, a_shop
from tests.fakes.llm_server import LlmServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.console.lived_in import LivedIn

PROJECT = Path(__file__).resolve().parents[2]
IMAGES = PROJECT / "docs" / "images"
MOST_BYTES = 200_000
WIDE, PHONE = 1280, 390
FAILURES_OF_TWO_WEEKS = 700
RUNS_OF_A_DAY = 60


class Picture(NamedTuple):
    """What is shown where, and how much of it."""

    name: str
    address: str
    height: int
    theme: str = "light"
    width: int = WIDE
    prepare: Callable[[Page], None] | None = None


def pictures(lived: LivedIn) -> list[Picture]:
    """Return all pictures there are to be; needs the site's addresses, so Django is to be set up."""
    from django.urls import reverse  # noqa: PLC0415 - settings are known from here on

    def run(name: str) -> str:
        return reverse("admin:runs_run_change", args=[lived.runs[name].public_id])

    doubt = reverse("console-in-doubt-one", args=[lived.runs["doubt"].public_id, "order"])
    return [
        Picture("overview", "/admin/", 1200),
        Picture("overview-phone", "/admin/", 844, "dark", PHONE),
        Picture("runs", reverse("admin:runs_run_changelist"), 680, "light", 1440),
        Picture("run-page", run("recovered"), 1120),
        Picture("run-page-phone", run("recovered"), 844, "light", PHONE),
        Picture("approvals", reverse("console-approvals"), 900),
        Picture("in-doubt", doubt, 800, "dark", prepare=open_forms),
        Picture("recovery", reverse("console-recovery-candidate", args=[lived.candidate_id]), 820),
        Picture("failures", reverse("console-failures"), 1060),
        Picture("simulator", reverse("console-simulator"), 900, prepare=simulate),
        Picture("cost", reverse("console-cost"), 1000, "dark"),
    ]


def open_forms(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def simulate(page: Page) -> None:
    """Ask what the plan the page offers would cost, and show the answer."""
    from runs.console.simulator.simulator_page import EXAMPLE  # noqa: PLC0415 - settings are known from here on

    page.fill("textarea[name=plan]", json.dumps(EXAMPLE, indent=2))
    page.locator("form:has(textarea[name=plan]) button[type=submit]").first.click()
    page.locator(".aos-verdict").wait_for()


def take(page: Page, picture: Picture, site: str) -> None:
    page.goto(site + picture.address)
    page.add_style_tag(content=AT_ONCE)
    look(page, picture.theme, picture.width, picture.height)
    if picture.prepare is not None:
        picture.prepare(page)
        page.add_style_tag(content=AT_ONCE)
        look(page, picture.theme, picture.width, picture.height)
    page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
    file = IMAGES / f"{picture.name}.png"
    page.screenshot(path=file)
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{file} has {size} bytes: show less of the page")
    sys.stdout.write(f"{file.relative_to(PROJECT)}  {size // 1024} KB\n")


def take_all(browser: Browser, site: str, wanted: list[Picture]) -> None:
    page = browser.new_page()
    take(page, Picture("login", "/admin/login/", 640, "dark"), site)
    sign_in(page, site)
    for picture in wanted:
        take(page, picture, site)


@contextmanager
def an_installation(folder: Path, shop: Shop, llm: LlmServer) -> Iterator[tuple[str, LivedIn]]:
    """Run `manage.py dev --seed demo` while the block lasts, with all there is to look at; yield its address and what is there."""
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{folder / 'aos.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "aos_site.settings",
        "AOS_ADMIN_PASSWORD": PASSWORD,
        "AOS_ALLOW_LOCAL_TARGETS": f"{shop.authority},{llm.authority}",
        "AOS_LOG_LEVEL": "WARNING",
        "OPENAI_BASE_URL": llm.openai_url,
        "OPENAI_API_KEY": "key-for-tests",
    }
    django.setup()
    lived = _lived_in(shop, llm)
    from tests.processes import a_held_port, eventually  # noqa: PLC0415 - settings are known from here on

    with a_held_port() as port:
        command = [sys.executable, "manage.py", "dev", "--port", str(port), "--admin", NAME, "--seed", "demo"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
        try:
            site = f"http://127.0.0.1:{port}"
            eventually(lambda: _is_up(site, process), "manage.py dev", 60)
            yield site, lived
        finally:
            process.terminate()
            process.wait(30)


def _lived_in(shop: Shop, llm: LlmServer) -> LivedIn:
    """Work with it by a worker of this process, whose clock can be set back; the one of `manage.py dev` comes when all that is over."""
    from django.core.management import call_command  # noqa: PLC0415 - settings are known from here on

    from agents.bootstrap import bootstrap  # noqa: PLC0415
    from agents.models import Tenant  # noqa: PLC0415
    from runs.management.commands.dev import TENANT  # noqa: PLC0415
    from runs.management.seeding import seed_demo  # noqa: PLC0415
    from skills.registry import registry  # noqa: PLC0415
    from skills.services import record_versions  # noqa: PLC0415
    from tests.console.lived_in import live_a_day, live_well  # noqa: PLC0415
    from tests.console.spending import answers, assert_it_adds_up  # noqa: PLC0415
    from tests.integration.workshop import a_worker  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    record_versions(registry)
    bootstrap(slug=TENANT, admin=NAME, password=PASSWORD)
    llm.script(answers())
    with a_worker():
        seed_demo(TENANT)
        lived = live_well(Tenant.objects.get(), shop, password=PASSWORD, reports=FAILURES_OF_TWO_WEEKS, days=28)
        live_a_day(lived, shop, RUNS_OF_A_DAY)
    assert_it_adds_up()
    return lived


def _is_up(site: str, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise SystemExit("manage.py dev ended by itself")
    try:
        with urllib.request.urlopen(f"{site}/readyz", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    if CHROMIUM is None:
        raise SystemExit("there is no program called chromium on the PATH")
    with (
        tempfile.TemporaryDirectory() as folder,
        a_shop() as shop,
        LlmServer() as llm,
        an_installation(Path(folder), shop, llm) as (site, lived),
    ):
        wanted = pictures(lived)
        with a_browser() as browser:
            take_all(browser, site, wanted)
        take_every_page(site, lived, shop)


def take_every_page(site: str, lived: LivedIn, shop: Shop) -> None:
    """Take the pictures nobody keeps: of all pages, then of a tenant in which nothing happened, then of what goes wrong."""
    from tests.console import every_picture  # noqa: PLC0415 - settings are known from here on
    from tests.console.lived_in import with_bad_words  # noqa: PLC0415

    lived = with_bad_words(lived, shop)
    begun, taken = time.monotonic(), every_picture.take_every(site, every_picture.busy(lived), "pages")
    every_picture.begin_anew()
    taken += every_picture.take_every(site, every_picture.empty(), "empty ones")
    every_picture.damage(lived)
    taken += every_picture.take_every(site, every_picture.wrong(lived), "what goes wrong")
    where = every_picture.FOLDER.relative_to(PROJECT)
    sys.stdout.write(f"{taken} pictures in {where}, in {time.monotonic() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
