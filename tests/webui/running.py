"""The pages served for real, and the browser that opens them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from webui import Server
from webui.bounds import Bounds


@contextmanager
def serving(app: Flask, bounds: Bounds | None = None) -> Iterator[Server]:
    """The application on a free port, in a thread of its own."""
    server = Server(app, port=0, bounds=bounds)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """The system's Chromium, with further command line options."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *options]
        )
        try:
            yield launched
        finally:
            launched.close()
