"""A real browser on the console: signs in, shows a page in either theme at some width, and takes down what it complains of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars"),
)
NAME, PASSWORD = "admin", "pw-of-tests-1x"
HEIGHT = 900
# What moves is in between two states when it is looked at: colours that fade are neither the one nor the other.
AT_ONCE = "*, *::before, *::after { animation: none !important; transition: none !important; }"
IN_THEME = "theme => { document.documentElement.classList.remove('dark', 'light'); document.documentElement.classList.add(theme); }"


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Open a browser while the block lasts. The database is not to be asked in it: Playwright keeps an event loop on this thread."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - needed where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, site: str, name: str = NAME) -> None:
    page.goto(f"{site}/admin/login/?next=/admin/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url(f"{site}/admin/")


def look(page: Page, theme: str, width: int, height: int = HEIGHT) -> None:
    """Show the page in a theme, as wide as that, with nothing moving."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(IN_THEME, theme)
