"""A walk through pages in one browser, several tabs at a time: axe-core, overflow at 320 px, dialogs, and what the browser complains of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.console.browsing import AT_ONCE, CHROMIUM, FLAGS, HEIGHT, IN_THEME, NAME, PASSWORD

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

TABS = 3
WIDE, NARROW = 1280, 320
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
CONTRAST = ("color-contrast",)
# What can be right on a wide page and wrong on a narrow one; all other rules are about markup and colours, which are the same on both.
BY_LAYOUT = ("target-size", "scrollable-region-focusable", "button-name", "link-name", "label", "aria-hidden-focus", "select-name")
# Text is as legible as its classes, and those of what is around it, make it: what is alike is looked at on one page.
MARK_UNSEEN = """() => {
    const seen = new Set(JSON.parse(localStorage.getItem('axe-seen') || '[]'));
    const lookOf = each => each.localName + (each.getAttribute('class') || '') + (each.getAttribute('style') || '');
    for (const each of document.body.querySelectorAll('*')) {
        if (![...each.childNodes].some(child => child.nodeType === 3 && child.data.trim())) continue;
        const looks = [];
        for (let at = each; at !== document.body && looks.length < 6; at = at.parentElement) looks.push(lookOf(at));
        const text = looks.join('|');
        if (!seen.has(text)) each.setAttribute('data-axe-unseen', '');
        seen.add(text);
    }
    localStorage.setItem('axe-seen', JSON.stringify([...seen]));
    return document.querySelector('[data-axe-unseen]') !== null;
}"""
# What of Unfold's own markup breaks a rule and stays: (rule, CSS selector) → why. Ours has no exceptions.
UNFOLDS: dict[tuple[str, str], str] = {
    ("aria-prohibited-attr", ".help-tooltip"): "the picker of groups and permissions, which Django's own script draws",
}

# The page stands still while it is looked at, as it does for who presses Pause.
STILL = "try { sessionStorage.setItem('aos-live-paused', '1'); } catch {}"
PREPARE = f"""() => {{
    const style = document.createElement('style');
    style.textContent = {json.dumps(AT_ONCE)};
    document.head.append(style);
    document.querySelectorAll('details').forEach(each => {{ each.open = true; }});
}}"""
TOO_WIDE = """() => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('[hidden], .fixed, .aos-scroll, .overflow-x-auto'))
    .slice(0, 3).map(each => each.outerHTML.slice(0, 160)) : []"""
OWN_DIALOGS = (
    "() => [...document.querySelectorAll('dialog')].map(each => each.id).filter(id => id && id !== 'aos-palette' && id !== 'aos-modal')"
)
IN_DIALOG = "() => Boolean(document.querySelector('dialog[open]')?.contains(document.activeElement))"
CLOSES = """() => [...document.querySelectorAll('dialog[open] button')]
    .some(each => /close|cancel|back/i.test(each.getAttribute('aria-label') || each.textContent))"""


@dataclass
class Seen:
    """What was found wrong, each thing once, with where it was first."""

    site: str
    wrong: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, where: str) -> None:
        self.wrong.setdefault(what, where.removeprefix(self.site))

    def listen(self, page: Page) -> None:
        page.on("console", lambda message: self._complaint(page, message))
        page.on("pageerror", lambda error: self.add(f"script: {error}", page.url))
        page.on("request", lambda request: self._request(page, request))
        page.on("dialog", lambda dialog: asyncio.ensure_future(self._dialog(page, dialog)))

    async def _dialog(self, page: Page, dialog: Dialog) -> None:
        self.add(f"a script of somebody's text has run: {dialog.message}", page.url)
        await dialog.dismiss()

    def _complaint(self, page: Page, message: ConsoleMessage) -> None:
        # A page that answers 403, as it should, is a complaint too; a part of a page that does is wrong.
        is_the_page = message.text.startswith("Failed to load resource") and message.location["url"] == page.url
        if message.type in ("error", "warning") and not is_the_page:
            self.add(f"console: {message.text}", page.url)

    def _request(self, page: Page, request: Request) -> None:
        if not request.url.startswith((self.site + "/", "data:", "blob:")):
            self.add(f"asks elsewhere: {request.url}", page.url)


class Tab:
    """A page of the browser with axe-core in it, and what is found on it."""

    _program = ""

    def __init__(self, page: Page, seen: Seen) -> None:
        self.page, self.seen = page, seen
        seen.listen(page)

    async def visit(self, address: str, *, expected: int = 200) -> None:
        answer = await self.page.goto(self.seen.site + address)
        assert answer is not None
        if answer.status != expected:
            self.seen.add(f"status {answer.status}", address)
        await self.examine()

    async def examine(self) -> None:
        """Look at the page that is shown: every rule once, and of the other theme and layout what they can break."""
        await self.page.evaluate(PREPARE)
        await self.enter()
        await self.look("light", WIDE)
        await self._axe(f"light {WIDE}")
        if await self.page.evaluate(MARK_UNSEEN):
            await self._axe(f"light {WIDE}", CONTRAST, within="[data-axe-unseen]")
            await self.look("dark", WIDE)
            await self._axe(f"dark {WIDE}", CONTRAST, within="[data-axe-unseen]")
        await self.look("light", NARROW)
        # The frame has parts a wide page does not show.
        await self._axe(f"light {NARROW}", () if self.page.url.endswith("/admin/") else BY_LAYOUT)
        for element in await self.page.evaluate(TOO_WIDE):
            self.seen.add(f"wider than {NARROW} px: {element}", self.page.url)
        for name in await self.page.evaluate(OWN_DIALOGS):
            await self.page.evaluate(f"document.getElementById({json.dumps(name)}).showModal()")
            await self.examine_dialog(f"#{name}")

    async def examine_dialog(self, name: str) -> None:
        """Look at the dialog that is open: axe, that the focus is in it, a button that closes it, and Esc."""
        await self._axe(f"dialog {name}", within="dialog[open]")
        if not await self.page.evaluate(IN_DIALOG):
            self.seen.add(f"the focus is not in the dialog {name}", self.page.url)
        if not await self.page.evaluate(CLOSES):
            self.seen.add(f"no button closes the dialog {name}", self.page.url)
        await self.page.keyboard.press("Escape")
        if await self.page.locator("dialog[open]").count():
            self.seen.add(f"Esc does not close the dialog {name}", self.page.url)

    async def look(self, theme: str, width: int) -> None:
        await self.page.set_viewport_size({"width": width, "height": HEIGHT})
        await self.page.evaluate(IN_THEME, theme)

    async def enter(self) -> None:
        if not Tab._program:
            import axe_playwright_python  # noqa: PLC0415 - needed where there is a browser

            Tab._program = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
        await self.page.evaluate(Tab._program)

    async def _axe(self, where: str, only: tuple[str, ...] = (), within: str = "html") -> None:
        chosen = {"type": "rule", "values": only} if only else {"type": "tag", "values": STANDARD}
        # Contrast takes as long as all the rest together: it is asked for by itself, where it is not known yet.
        rules = {} if only else {"target-size": {"enabled": True}, "color-contrast": {"enabled": within != "html"}}
        is_frame = self.page.url.endswith("/admin/")
        # The sidebar and the stylesheets are the same everywhere; they are looked at on the overview.
        options = {"runOnly": chosen, "rules": rules, "resultTypes": ["violations"], "elementRef": False, "preload": is_frame and not only}
        where_in = {"include": [[within]], "exclude": [] if is_frame else [["#nav-sidebar"]]}
        found = await self.page.evaluate("([where, options]) => axe.run(where, options).then(all => all.violations)", [where_in, options])
        for rule in found:
            for node in rule["nodes"]:
                if not await self._is_excused(rule["id"], node):
                    told = [check["message"] for check in (*node["any"], *node["all"], *node["none"])][:1]
                    self.seen.add(f"{rule['id']}: {node['html'][:300]} {' '.join(told)}", f"{self.page.url} {where}")

    async def _is_excused(self, rule: str, node: dict[str, Any]) -> bool:
        selectors = [selector for excused, selector in UNFOLDS if excused == rule]
        told = json.dumps([node["target"][-1], selectors])
        return bool(await self.page.evaluate(f"(([one, all]) => all.some(each => document.querySelector(one)?.matches(each)))({told})"))


async def sign_in(page: Page, site: str, name: str = NAME) -> None:
    await page.goto(f"{site}/admin/login/?next=/admin/")
    await page.fill("input[name=username]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.locator("form button[type=submit]").first.click()
    await page.wait_for_url(f"{site}/admin/")


@asynccontextmanager
async def a_browser() -> AsyncIterator[Any]:
    """Open a browser while the block lasts. The database is not to be asked in it: an event loop runs on this thread."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - needed where there is a browser

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def a_tab(context: BrowserContext, seen: Seen) -> Tab:
    page = await context.new_page()
    await page.add_init_script(STILL)
    return Tab(page, seen)


async def walk(context: BrowserContext, seen: Seen, addresses: Iterable[str], expected: Mapping[str, int]) -> None:
    """Visit all addresses, each in the next tab that is free."""
    left = iter(addresses)

    async def in_one_tab() -> None:
        tab = await a_tab(context, seen)
        for address in left:
            await tab.visit(address, expected=expected.get(address, 200))
        await tab.page.close()

    await asyncio.gather(*(in_one_tab() for _ in range(TABS)))
