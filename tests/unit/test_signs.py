"""Signs of a status: a character in text, a drawing on a page, and never markup of somebody's own."""

from __future__ import annotations

import re
from pathlib import Path

from django.utils.html import format_html

from skills.wording import LOOKS, Look, Sign, look_of

STYLES = (Path(__file__).resolve().parents[2] / "aos_site/static/aos/console.css").read_text(encoding="utf-8")


def test_a_sign_is_a_character_in_text_and_a_drawing_on_a_page() -> None:
    waiting = look_of("waiting")
    assert f"{waiting.icon} {waiting.word}" == "✋ waiting"
    assert format_html("{}", waiting.icon) == '<i class="aos-sign aos-sign-hand"></i>'
    assert format_html("{}", waiting._replace(word="waits").icon) == format_html("{}", waiting.icon)


def test_every_sign_that_is_drawn_has_its_drawing() -> None:
    assert {f"aos-sign-{name}" for name in Sign.DRAWN.values()} <= set(re.findall(r"\.(aos-sign-\w+) \{ --aos-sign: url", STYLES))
    assert {look.icon for look in LOOKS.values()} <= {*Sign.DRAWN, "?"}


def test_a_sign_without_a_drawing_is_text() -> None:
    assert format_html("{}", Look("<b>", "odd", "grey").icon) == "&lt;b&gt;"
