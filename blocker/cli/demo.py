"""`unpixel demo`: the whole product on a mailbox made for the purpose."""

from __future__ import annotations

import logging
import math
import signal
import threading

import click

from blocker.demo.play import EVERY, PORT, play
from blocker.output.log import configure
from blocker.output.styles import console

LOG_CELLS = 120
"""Width of the lines where they go to a file or a pipe."""


def _number(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    """Refuse "nan", which is in every range because it compares with nothing."""
    if math.isnan(value):
        raise click.BadParameter("name a number of seconds, such as 6.")
    return value


@click.command(epilog="Example: unpixel demo --port 8500 --every 2")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Where the pages listen on 127.0.0.1; another free port if it is taken.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.2, max=86400),
    default=EVERY,
    callback=_number,
    show_default=True,
    metavar="SECONDS",
    help="How often a new message arrives.",
)
@click.option("--no-deliver", is_flag=True, help="Let no new mail arrive.")
def demo(port: int, every: float, no_deliver: bool) -> None:
    """Watch unpixel clean a mailbox, with nothing to set up.

    Starts an IMAP server with about 40 messages, the service, and the pages, all on this machine's loopback
    interface and in a temporary directory. It prints a login link and a line for each message. Ctrl-C ends it
    and removes all of it.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    configure("human", logging.ERROR)
    out = console()
    if not out.is_terminal:
        out.width = LOG_CELLS
    try:
        play(out, stop, port=port, every=None if no_deliver else every)
    except OSError as error:
        raise click.ClickException(f"The demonstration cannot run: {error}") from error
