"""The manual's pictures: `python -m tests.docs.pictures` runs the demonstration and takes them anew."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from playwright.sync_api import Page

from tests.docs.reference import MANUAL
from tests.webui.running import chromium

PICTURES = MANUAL / "pictures"
WIDTH, HEIGHT = 1100, 760
"""CSS pixels of a picture."""
LONGEST = 120.0
"""Seconds that the demonstration has to clean its mailbox."""
_LINK = re.compile(r"Log in: (\S+)")
_DONE = re.compile(r"^\d+ messages seen")


def main() -> int:
    """Take every picture; gives 0."""
    PICTURES.mkdir(exist_ok=True)
    with demonstration() as link, chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(link)
        _take(page, "overview")
        page.locator("table a[href^='/senders/']").first.click()
        _take(page, "sender")
        page.locator("table.mails a").first.click()
        _take(page, "message")
    return 0


def _take(page: Page, name: str) -> None:
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    sys.stdout.write(f"{name}: {page.title()}\n")


@contextmanager
def demonstration() -> Iterator[str]:
    """The demonstration with all its mail cleaned; gives the link that logs in."""
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "blocker", "demo", "--port", "0", "--no-deliver"],
            env={**os.environ, "HOME": home, "TMPDIR": home, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield _link(process.stdout)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LONGEST)


def _link(lines: IO[str]) -> str:
    """Read what is printed until the mailbox is clean."""
    link, deadline = "", time.monotonic() + LONGEST
    for line in lines:
        found = _LINK.search(line)
        link = found[1] if found else link
        if _DONE.match(line) and link:
            return link
        if time.monotonic() > deadline:
            break
    raise RuntimeError("the demonstration did not come to its end")


if __name__ == "__main__":
    sys.exit(main())
