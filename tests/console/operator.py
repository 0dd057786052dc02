"""A person at the console, by mouse or by keyboard alone, who counts what it takes: clicks, and keys pressed to get somewhere."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOST_TABS = 120
"""Who has pressed Tab so often without coming to what they look for does not find it."""
IS_FOCUSED = "each => each === document.activeElement"
# In a list of rows, by which `j` goes: how many there are down to the one looked for; 0 anywhere else.
ROWS_TO_GO = """each => {
    const row = each.closest('#result_list > tbody, .aos-groups > li, .aos-candidates > li');
    return row ? [...row.parentElement.children].filter(one => one.localName === row.localName).indexOf(row) + 1 : 0;
}"""
IS_CONTENT = "each => each.closest('#main') !== null"
IS_LINK = "each => each.localName === 'a'"


class Operator:
    """What both do alike. Typing is no click and counts no keys; going into a field to type there is."""

    way = ""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.clicks = self.keys = 0

    def begin(self) -> None:
        """Stand on the overview, from which everything is counted."""
        self.page.goto(f"{self.site}/admin/")
        self.clicks = self.keys = 0

    def press(self, control: Locator, *, goes: bool = True) -> None:
        """Follow a link, press a button or unfold something; `goes` where that leads to another page."""
        control.wait_for()
        self._reach(control)
        with self.page.expect_navigation() if goes else nullcontext():
            self._activate(control)

    def write(self, field: Locator, text: str, key: str = "") -> None:
        """Go into a field and type; `key` is the shortcut that leads there."""
        field.wait_for()
        self._enter(field, key)
        self.page.keyboard.insert_text(text)

    def rewrite(self, field: Locator, old: str, new: str) -> None:
        """Go into a long text and type over the last signs of the line that ends in `old`, as one does: down, to the end, back."""
        field.wait_for()
        self._enter(field)
        lines = field.input_value().splitlines()
        (at,) = [number for number, line in enumerate(lines) if line.rstrip(",").endswith(old)]
        for key in ("Control+Home", *["ArrowDown"] * at, "End", *["ArrowLeft"] * lines[at].endswith(","), *["Backspace"] * len(old)):
            self.page.keyboard.press(key)
        self.page.keyboard.insert_text(new)

    def look_again(self) -> None:
        """Load the page anew, which counts as a click."""
        self.page.reload()
        self.clicks += 1
        self.keys += 1

    def _reach(self, control: Locator) -> None:
        raise NotImplementedError

    def _activate(self, control: Locator) -> None:
        raise NotImplementedError

    def _enter(self, field: Locator, key: str = "") -> None:
        raise NotImplementedError


class ByMouse(Operator):
    """Points at what is seen."""

    way = "mouse"

    def _reach(self, control: Locator) -> None:
        """The pointer is anywhere at once."""

    def _activate(self, control: Locator) -> None:
        self.clicks += 1
        control.click()

    def _enter(self, field: Locator, key: str = "") -> None:
        self._activate(field)


class ByKeys(Operator):
    """Has no pointer: goes down lists by `j`, else from one thing to the next by Tab, past the frame of the page at once."""

    way = "keyboard"

    def _reach(self, control: Locator) -> None:
        rows, is_content = control.evaluate(ROWS_TO_GO), control.evaluate(IS_CONTENT)
        for key in (*["j"] * rows, *["Tab"] * MOST_TABS):
            if control.evaluate(IS_FOCUSED):
                return
            self._tap(key)
            if is_content and self._stands_at("Skip to the content"):
                self._tap("Enter")
        raise AssertionError(f"no Tab of {MOST_TABS} leads to {control}")

    def _activate(self, control: Locator) -> None:
        self.clicks += 1
        self._tap("Enter" if control.evaluate(IS_LINK) else "Space")

    def _enter(self, field: Locator, key: str = "") -> None:
        self.clicks += 1
        if key:
            self._tap(key)
        self._reach(field)

    def _stands_at(self, name: str) -> bool:
        return bool(self.page.evaluate("name => document.activeElement.textContent.trim() === name", name))

    def _tap(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)


def told(page: Page) -> Any:
    """Return what the page says above its content of what was just done."""
    return page.locator("#main ul li").first.inner_text()
