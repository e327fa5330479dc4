"""How fast a page is while many overviews stay open: `python -m tests.bench.live [--overviews N] [--references N]`.

Serves a catalogue as `unpixel web` does, keeps N overviews up to date from a process of their own as browsers do it (each asks
for its parts every five seconds, with the tag of those it has), and loads every kind of page meanwhile, one at a time.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import random
import tempfile
import threading
import time
from pathlib import Path

from blocker.catalogue import Catalogue
from tests.bench.walk import percentile
from tests.bench.world import Size, World, fill
from tests.webui.running import serving
from webui import create_app
from webui.access.sessions import one_time_link

OVERVIEWS = 50
EVERY = 5.0
"""Seconds between two questions of an open overview (`webui/static/pages.js`)."""
MILLISECONDS = 150.0
"""95 of 100 pages take at most so long."""
PAGES = (
    "/overview",
    "/senders",
    "/messages",
    "/vendors",
    "/accounts",
    "/requests",
    "/messages/1",
    "/static/style.css",
)


def ask(port: int, path: str, headers: dict[str, str]) -> tuple[int, http.client.HTTPMessage]:
    """Load something over a connection of its own; its status and what else stands in the header."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def keep_open(port: int, cookie: str, number: int) -> None:
    """As many open overviews, each in a thread, until the process ends."""
    threads = [threading.Thread(target=_overview, args=(port, cookie)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _overview(port: int, cookie: str) -> None:
    tag = ""
    time.sleep(random.random() * EVERY)
    while True:
        headers = {"Cookie": cookie} | ({"If-None-Match": tag} if tag else {})
        status, answer = ask(port, "/overview/parts", headers)
        assert status in {200, 304}, status
        tag = answer.get("ETag") or tag
        time.sleep(EVERY)


def loads(port: int, cookie: str, seconds: float) -> list[float]:
    """Milliseconds of each page that was loaded within so many seconds."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for path in PAGES:
            start = time.perf_counter()
            status, _ = ask(port, path, {"Cookie": cookie})
            assert status == 200, (path, status)
            found.append((time.perf_counter() - start) * 1000)
    return found


def measure(
    references: int, overviews: int, seconds: float, settle: float = EVERY + 2
) -> tuple[float, float]:
    """95 of 100 pages take at most so many milliseconds: with no overview open, and with so many, `settle`
    seconds after they were opened."""
    with tempfile.TemporaryDirectory() as home, Catalogue.open(f"sqlite:///{Path(home)}/c.sqlite") as store:
        fill(store, World(Size.of(references)))
        with serving(create_app(store, secret="for the bench only")) as server:
            port = int(server.url.rpartition(":")[2])
            _, headers = ask(port, one_time_link(store, "").removeprefix(server.url), {})
            cookie = str(headers["Set-Cookie"]).partition(";")[0]
            alone = percentile(loads(port, cookie, seconds), 95)
            browsers = multiprocessing.get_context("spawn").Process(
                target=keep_open, args=(port, cookie, overviews), daemon=True
            )
            browsers.start()
            time.sleep(settle)
            beside = percentile(loads(port, cookie, seconds), 95)
            assert browsers.is_alive(), "the overviews were not answered"
            browsers.terminate()
            browsers.join()
            return alone, beside


def main() -> int:
    """Measure, print, and give 1 where the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--references", type=int, default=100_000)
    parser.add_argument("--overviews", type=int, default=OVERVIEWS)
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args()
    alone, beside = measure(given.references, given.overviews, given.seconds)
    print(
        f"p95 of pages: {alone:.0f} ms with no overview open, {beside:.0f} ms with {given.overviews} (bar {MILLISECONDS:.0f})"
    )
    return 0 if beside <= MILLISECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main())
