"""The API as programs meet it: a live server, asked by Schemathesis, by the manual's clients, and by many streams at once."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from urllib.request import Request, urlopen

import playwright
import pytest

from blocker.catalogue import Catalogue
from tests.patience import BUSY
from tests.webui.running import serving
from tests.webui.test_api import LETTER
from webui import create_app
from webui.access import Scope
from webui.access.scopes import PROGRAM
from webui.access.tokens import new_token
from webui.areas.api.events import PLACES

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "blocker" / "docs" / "api.md").read_text("utf-8")
NODE = Path(playwright.__file__).parent / "driver" / "node"
MOST_LINES = 30
LINKS = 10
"""Of the description's, that Schemathesis must have followed."""
SETTINGS = """
[generation]
database = "none"

[phases.fuzzing.generation]
max-examples = {fuzzing}

[phases.stateful.generation]
max-examples = {stateful}
"""


@pytest.fixture
def served(filled: Catalogue) -> Iterator[tuple[str, str]]:
    """The address of a server, and a token that may do everything that a token may."""
    filled.set_sender_level("example.org", "strict")
    with serving(create_app(filled, secret="for tests only", key=b"k" * 32, per_minute=10**7)) as server:
        yield server.url, new_token(filled, "all", [*PROGRAM, Scope.ACT])


@pytest.mark.once
@pytest.mark.timeout(3600)
def test_the_server_keeps_its_description(
    served: tuple[str, str], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Every operation but the stream: all checks of Schemathesis, and its walk from one answer to the next request."""
    url, token = served
    longer = pytestconfig.getoption("--long")
    settings = SETTINGS.format(fuzzing=200 if longer else 3, stateful=400 if longer else 100)
    (tmp_path / "schemathesis.toml").write_text(settings, "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--exclude-path", "/events"),
            # It would end the very token that it shows.
            *("--exclude-path", "/tokens/{id}"),
            *("--checks", "all", "--seed", "1", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    followed = re.search(r"API Links: +(\d+) covered / (\d+) selected", done.stdout)
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert followed is not None and tested is not None, done.stdout[-3000:]
    sys.stdout.write(f"{tested[1]} operations, {followed[1]} of {followed[2]} links followed\n")
    assert int(followed[1]) >= LINKS
    with urlopen(
        Request(f"{url}/api/v1/openapi.json", headers={"Authorization": f"Bearer {token}"})
    ) as answer:
        document = json.load(answer)
    # Not the stream, nor the end of a token, nor the description, which it has read before.
    assert int(tested[1]) == sum(len(item) for item in document["paths"].values()) - 3


def test_what_the_server_refuses_by_itself_is_a_problem_too(served: tuple[str, str]) -> None:
    """A header that is too long, and a request that cannot be read; on the pages a sentence."""
    url, _ = served
    host, _, port = url.removeprefix("http://").partition(":")
    wrong = [
        b"GET /api/v1/messages?sender=" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /api/v1/ HTTP/1.1\r\nHo st: x\r\n\r\n",
    ]
    for sent, status in zip(wrong, (431, 400), strict=True):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(sent)
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == str(status).encode()
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(wrong[0].replace(b"/api/v1/", b"/"))
        assert b"text/plain" in connection.makefile("rb").read()


@pytest.mark.parametrize(
    ("language", "program", "said"),
    [
        ("python", [sys.executable, "-"], r"\['[^']+'\] \[\d+(, \d+)*\]"),
        ("javascript", [str(NODE), "--input-type=module", "-"], r"true false \S.*"),
    ],
)
def test_the_manuals_clients_run(
    served: tuple[str, str], tmp_path: Path, language: str, program: list[str], said: str
) -> None:
    """Each is short, and prints what the server found."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
    assert len(code.splitlines()) <= MOST_LINES
    (tmp_path / "message.eml").write_bytes(LETTER)
    url, token = served
    names = {"UNPIXEL_URL": url, "UNPIXEL_TOKEN": token, "MESSAGE": str(tmp_path / "message.eml")}
    done = subprocess.run(
        program,
        input=code,
        env=os.environ | names,
        capture_output=True,
        text=True,
        check=False,
        timeout=60 * BUSY,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(said, done.stdout.strip()), done.stdout


def test_many_streams_hold_up_nobody(served: tuple[str, str]) -> None:
    """Streams beyond the places end at once; pages are answered while the others wait, and all have their first word."""
    url, token = served
    headers = {"Authorization": f"Bearer {token}"}

    def stream(_: int) -> tuple[float, str]:
        began = monotonic()
        with urlopen(Request(f"{url}/api/v1/events?wait=6", headers=headers)) as answer:
            text = answer.read().decode()
        return monotonic() - began, text

    with ThreadPoolExecutor(3 * PLACES) as pool:
        waiting = [pool.submit(stream, number) for number in range(3 * PLACES)]
        with urlopen(f"{url}/healthz") as page:
            assert page.read() == b"ok\n"
        assert sum(one.done() for one in waiting) < 3 * PLACES
        times = sorted(one.result()[0] for one in waiting)
    assert all("id: " in one.result()[1] for one in waiting)
    assert sum(time >= 5 for time in times) >= PLACES
    assert times[0] < 5
