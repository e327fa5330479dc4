"""Every known way to contact a host, one message each: what browsers do with it is as written down, and is taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.browser.proof import Outcome
from tests.browser.sink import Address, address
from tests.browser.test_proof import wrong
from tests.browser.visit import asked
from tests.fixtures.paths import VECTORS, expected

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def written() -> Mapping[str, Any]:
    """What each message makes a program contact."""
    return expected(VECTORS)


def differences(seen: frozenset[Address], entry: Mapping[str, Any], browser: str) -> list[str]:
    """What a browser should have asked for and did not, and what it asked for of which nothing is written.

    Where `how` stands the browser's own ways decide, or nothing but a connection or a look-up is to be seen.
    """
    must = {address(url["url"]) for url in entry["urls"] if url.get(browser) and "how" not in url}
    may = {address(url["url"]) for url in entry["urls"] if "how" in url}
    missing = sorted(f"not asked for: {place}" for place in must - seen)
    return missing + sorted(f"not written down: {place}" for place in seen - must - may)


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_browsers_do_as_written_down(
    vector_mail: list[Outcome], written: Mapping[str, Any], browser: str
) -> None:
    """Each browser asks for exactly the URLs of which the table says that it does."""
    found = {
        outcome.subject.name: wrongs
        for outcome in vector_mail
        if (
            wrongs := differences(
                asked(getattr(outcome, browser).original), written[outcome.subject.name], browser
            )
        )
    }
    assert found == {}


@pytest.mark.parametrize("check", ["standard_differs", "pictures_differ"])
def test_vectors_are_found_and_taken_away(vector_mail: list[Outcome], check: str) -> None:
    """No request is unforeseen; each level takes away what it should, and neither text nor layout is lost."""
    assert wrong(vector_mail, check) == {}
    assert not any(outcome.subject.paranoid.refused for outcome in vector_mail)
