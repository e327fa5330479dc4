"""From nothing to a first swept mailbox through the pages alone: Chromium, a real Dovecot, the two commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from blocker.config import load
from tests.patience import BUSY
from tests.servers.common import free_ports
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.service.test_dovecot import Client
from tests.service.world import QUARANTINE, mail, original_of
from tests.webui.running import chromium

pytestmark = pytest.mark.browser
UNPIXEL = [sys.executable, "-c", "from blocker.cli import main; main(prog_name='unpixel')"]
CLICKS = 12
"""So many at the most."""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A computer without a configuration and without a keyring."""
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "config.toml"))
    return dict(os.environ) | {
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


@pytest.fixture
def link(environment: dict[str, str]) -> Iterator[str]:
    """`unpixel web` runs, and printed this link."""
    (port,) = free_ports(1)
    command = [*UNPIXEL, "web", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as pages:
        assert pages.stdout is not None
        yield next(line.strip() for line in pages.stdout if "/login/" in line)
        pages.terminate()


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser's page, without JavaScript."""
    with chromium() as browser:
        context = browser.new_context(java_script_enabled=False)
        context.set_default_timeout(20_000 * BUSY)
        yield context.new_page()


class Person:
    """Clicks, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def press(self, name: str) -> None:
        """Press a button."""
        self.clicks += 1
        self.page.get_by_role("button", name=name, exact=True).click()

    def choose(self, label: str, value: str) -> None:
        """Open a list and choose from it: two clicks."""
        self.clicks += 2
        self.page.get_by_label(label, exact=True).select_option(value)

    def done(self, heading: str) -> None:
        """Wait until a step is ticked."""
        pattern = re.compile(f"^{re.escape(heading)} Done$")
        self.page.get_by_role("heading", name=pattern).wait_for()


def test_from_nothing_to_a_swept_mailbox(
    link: str, page: Page, environment: dict[str, str], dovecot: Dovecot, tmp_path: Path
) -> None:
    """The account, the server's examination, the mode, the sweep and the password, in at most so many clicks."""
    account = dovecot.account()
    client, person = Client(account), Person(page)
    for number in (1, 2):
        client.append(mail(number), (), datetime.now(UTC))
    page.goto(link)
    page.get_by_label("Mail address").fill("ada@example.org")
    page.get_by_label("Password of the mailbox").fill(PASSWORD)
    page.get_by_label(re.compile("^IMAP server")).fill("127.0.0.1")
    page.get_by_label(re.compile("^Port")).fill(str(account.port))
    page.get_by_label(re.compile("^Login name")).fill(account.user)
    person.choose("Encryption", "none")
    person.press("Add the account")
    page.get_by_text("unpixel run", exact=True).wait_for()
    with subprocess.Popen([*UNPIXEL, "run"], env=environment, stderr=subprocess.DEVNULL) as running:
        try:
            person.done("Start the service")
            person.press("Try the server out")
            person.done("Try the mail server out")
            person.press("Set it")
            page.get_by_label(re.compile("^Mail of how many days")).fill("")
            person.press("Look through it")
            person.done("Look through the mail that is there")
            page.get_by_label("Password of these pages").fill("correct horse battery")
            page.get_by_label("Once more").fill("correct horse battery")
            person.press("Set the password")
            page.get_by_text("All is set up.").wait_for()
            person.clicks += 1
            page.get_by_role("link", name="See who tracks you").click()
            assert page.get_by_text("shop.example").first.is_visible()
        finally:
            running.terminate()
    assert person.clicks <= CLICKS
    assert load().account("ada@example.org").mode == "replace"
    assert sorted(original_of(m.raw) or b"" for m in client.messages()) == [mail(1), mail(2)]
    assert sorted(m.raw for m in client.messages(QUARANTINE)) == [mail(1), mail(2)]
    client.close()
    holding = [
        path for path in tmp_path.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert [path.parent.name for path in holding] == ["passwords"]
