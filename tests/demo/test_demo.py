"""`unpixel demo` as a person meets it: a real process, its lines, its pages, and its end."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

import pytest
from click.testing import CliRunner

from blocker.cli import main
from blocker.demo.mail import letters
from tests.patience import BUSY

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = len(letters())
PATIENCE = 60.0
"""Seconds to wait for a line on a busy machine."""
END = 2.0 * BUSY
"""Seconds that the demonstration may take to end."""


class Process:
    """A running `unpixel demo` and what it printed so far."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        environment = {
            **os.environ,
            "TMPDIR": str(home),
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from blocker.cli import main; main()", "demo", *arguments],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.printed = ""

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read lines until one matches; fails with all that was printed where none comes."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.printed):
                return match
            ready, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if ready:
                chunk = os.read(self.process.stdout.fileno(), 65536)
                if not chunk:
                    break
                self.printed += chunk.decode()
        pytest.fail(f"no {pattern!r} in:\n{self.printed}")

    def end(self, number: signal.Signals) -> float:
        """Send a signal; the seconds until the process is gone, with exit code 0."""
        self.process.send_signal(number)
        started = time.monotonic()
        rest, _ = self.process.communicate(timeout=PATIENCE)
        took = time.monotonic() - started
        self.printed += rest.decode()
        assert self.process.returncode == 0, self.printed
        assert "Traceback" not in self.printed
        return took


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory that is the process's home, working and temporary directory."""
    directory = tmp_path / "home"
    directory.mkdir()
    return directory


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Processes that a test starts; none outlives it."""
    processes: list[Process] = []
    yield processes
    for each in processes:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def browser() -> OpenerDirector:
    """A client that keeps cookies and asks no proxy."""
    return build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))


def page(client: OpenerDirector, url: str) -> str:
    """A page's HTML."""
    with client.open(url, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def figure(html: str, name: str) -> int:
    """One of the overview's figures."""
    match = re.search(rf'id="figure-{name}">([\d.,\s]+)<', html)
    assert match, html
    return int(re.sub(r"\D", "", match.group(1)))


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_from_the_first_line_to_the_last(home: Path, started: list[Process]) -> None:
    """A line a message, the same numbers on the page, new mail that is counted, and a clean end."""
    demo = Process(home, "--port", "0", "--every", "0.5")
    started.append(demo)
    link = demo.wait_for(r"Log in: (http://127\.0\.0\.1:(\d+)/login/\S+)")
    total = demo.wait_for(r"(\d+) messages seen, (\d+) of them tracked, (\d+) cleaned\.")
    seen, tracked, cleaned = map(int, total.groups())
    assert seen == MESSAGES
    assert 30 <= cleaned <= tracked + 1 <= seen
    lines = [line for line in demo.printed.splitlines() if line[:2] in ("✓ ", "· ", "– ")]
    assert len(lines) >= MESSAGES
    assert any("Your statement is ready" in line and "signed" in line for line in lines)
    client = browser()
    html = page(client, link.group(1))
    assert figure(html, "messages") >= MESSAGES
    assert figure(html, "neutralised") >= cleaned
    assert "weeklyfern.example" in html
    base = link.group(1).partition("/login/")[0]
    deadline = time.monotonic() + PATIENCE
    while figure(page(client, f"{base}/"), "messages") < MESSAGES + 3:
        assert time.monotonic() < deadline, demo.printed
        time.sleep(0.2)
    assert demo.end(signal.SIGINT) < END
    assert list(home.iterdir()) == []
    assert is_free(int(link.group(2)))


def test_the_link_opens_once(home: Path, started: list[Process]) -> None:
    """A stranger sees the login form only, and the link is worth nothing after its first use."""
    demo = Process(home, "--port", "0", "--no-deliver")
    started.append(demo)
    link = demo.wait_for(r"Log in: (\S+)").group(1)
    stranger = page(browser(), link.partition("/login/")[0] + "/")
    assert "figure-messages" not in stranger
    page(browser(), link)
    with pytest.raises(HTTPError, match="403"):
        page(browser(), link)
    assert demo.end(signal.SIGTERM) < END


def test_ends_at_once_while_it_works(home: Path, started: list[Process]) -> None:
    """Told to end in the middle of the mailbox, it ends as fast and as clean."""
    demo = Process(home, "--port", "0")
    started.append(demo)
    demo.wait_for("Log in: ")
    assert demo.end(signal.SIGINT) < END
    assert list(home.iterdir()) == []


def test_a_taken_port_is_said_and_another_found(home: Path, started: list[Process]) -> None:
    """Where a program listens already, the pages move, a sentence says so, and that program is left alone."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = Process(home, "--port", str(port), "--no-deliver")
        started.append(demo)
        moved = demo.wait_for(rf"Port {port} is taken by another program, so the pages are on port (\d+)\.")
        assert int(moved.group(1)) != port
        link = demo.wait_for(r"Log in: (\S+)").group(1)
        assert f":{moved.group(1)}/" in link
        assert demo.end(signal.SIGINT) < END


def test_no_deliver_brings_no_new_mail(home: Path, started: list[Process]) -> None:
    """With --no-deliver the count stays at what was there."""
    demo = Process(home, "--port", "0", "--no-deliver", "--every", "0.2")
    started.append(demo)
    link = demo.wait_for(r"Log in: (\S+)").group(1)
    demo.wait_for("messages seen")
    client = browser()
    page(client, link)
    time.sleep(1.5)
    assert figure(page(client, link.partition("/login/")[0] + "/"), "messages") == MESSAGES
    assert "A new message arrives" not in demo.printed
    assert demo.end(signal.SIGINT) < END


def test_help_shows_an_example() -> None:
    """`unpixel demo --help` names its options and an example."""
    told = CliRunner().invoke(main, ["demo", "--help"])
    assert told.exit_code == 0
    for word in ("--port", "--every", "--no-deliver", "Example: unpixel demo"):
        assert word in told.output


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--every", "0"], ["--every", "nan"], ["somewhere"]]
)
def test_wrong_use_is_told(arguments: list[str]) -> None:
    """A wrong argument is a usage error, and nothing starts."""
    told = CliRunner().invoke(main, ["demo", *arguments])
    assert told.exit_code == 2
    assert "Usage:" in told.output
