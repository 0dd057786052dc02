"""Says in the end how many requests were made and how they were answered, where one process made them all (`make fuzz`)."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    from tests.fuzz.test_api import asked  # noqa: PLC0415 - importing it reads the API's description

    if asked:
        terminalreporter.write_line(f"{sum(asked.values())} requests: {dict(sorted(asked.items()))}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a thorough run (`make fuzz`) that got no further than the first door."""
    from tests.fuzz.test_api import EXAMPLES, THOROUGH, asked  # noqa: PLC0415 - as above

    made, succeeded = sum(asked.values()), asked[200] + asked[201] + asked[202]
    if asked and THOROUGH <= EXAMPLES and succeeded <= made / 20:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
