"""The demonstration as one thing: mailbox, service and pages together, on loopback, in a temporary directory.

`running` builds it and takes it down again; `play` is what `unpixel demo` does in front of a person.
"""

from __future__ import annotations

import errno
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from blocker.catalogue import Catalogue
from blocker.choices.modes import Mode
from blocker.config import AccountConfig, Config, Passwords
from blocker.demo.lines import line
from blocker.demo.mail import RECIPIENT, Arrival, Letter, again, fresh, letters, past
from blocker.demo.server import HOST, MailServer
from blocker.output.styles import styled
from blocker.service import Event, Observer, Runner, Stopped, imap
from webui.access.sessions import LINK_MINUTES, one_time_link
from webui.app import create_app
from webui.server import Server

ACCOUNT = "demo"
PORT = 8400
EVERY = 6.0
"""Seconds between two new messages."""
POLL = 0.5
"""Seconds between two looks of the service. The demonstration's server cannot tell of new mail by itself
in a way that imapclient reads, and a look at it costs next to nothing."""
STOP_SECONDS = 1.2
"""How long the service gets to finish the step it is in: the rest of the two seconds is for the others."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What runs."""

    mail: MailServer
    catalogue: Catalogue
    runner: Runner
    pages: Server

    def deliver(self, arrival: Arrival) -> None:
        """Let a message arrive in the inbox."""
        self.mail.deliver(arrival.raw, arrival.when)

    def sweep(self) -> None:
        """Treat the mail that was there before, in the calling thread, until done or told to stop."""
        with suppress(Stopped):
            self.runner.sweep(ACCOUNT)

    def link(self) -> str:
        """A link that opens the pages, once."""
        return one_time_link(self.catalogue, self.pages.url)


@contextmanager
def running(arrivals: Sequence[Arrival], observer: Observer, port: int = PORT) -> Iterator[Demo]:
    """The demonstration, with these messages in its inbox; on leaving, all of it ends and nothing stays.

    The pages listen on `port`, or on a free one where that cannot be had. Raises OSError where this
    machine gives no port on 127.0.0.1 or no room for temporary files.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="unpixel-demo-")))
        mail = stack.enter_context(MailServer(RECIPIENT))
        for arrival in arrivals:
            mail.deliver(arrival.raw, arrival.when)
        config = _config(home, mail)
        passwords = Passwords()
        passwords.keep(config.accounts[0], mail.password)
        catalogue = stack.enter_context(Catalogue.open(config.database))
        runner = Runner(config, catalogue, observer, imap(passwords))
        pages = _listen(catalogue, config.key(), port)
        serving = threading.Thread(target=pages.run, name="demo-pages", daemon=True)
        stack.callback(_end, runner, pages, serving)
        serving.start()
        # The first look notes where new mail begins, so that what is delivered from now on is new.
        runner.once()
        runner.start()
        yield Demo(mail, catalogue, runner, pages)


def play(
    console: Console,
    stop: threading.Event,
    *,
    port: int = PORT,
    every: float | None = EVERY,
    where: Path | None = None,
) -> None:
    """Show unpixel at work until `stop` is set: a line a message, and new mail every `every` seconds (None: never).

    Raises OSError as `running` does, and where the demonstration's mail is missing.
    """
    written = letters(where)
    printing = threading.Lock()

    def observe(event: Event) -> None:
        text = line(event, console.width)
        if text is not None and not stop.is_set():
            with printing:
                console.print(text, no_wrap=True, overflow="ellipsis", crop=console.is_terminal)

    with running(past(written, datetime.now(UTC)), observe, port) as demo:
        _greet(console, demo, len(written), port)
        sweeping = threading.Thread(target=demo.sweep, name="demo-sweep", daemon=True)
        sweeping.start()
        while sweeping.is_alive() and not stop.wait(0.05):
            pass
        if not stop.is_set():
            _sum_up(console, demo, every)
        _deliver(demo, written, stop, every)
        console.print("Ending.", style="dim")
        demo.runner.stop(STOP_SECONDS)
        sweeping.join(STOP_SECONDS)
    console.print("Ended. Nothing is left behind.", style="dim")


def _deliver(demo: Demo, written: Sequence[Letter], stop: threading.Event, every: float | None) -> None:
    """Let new mail arrive, one message after the other, until `stop` is set."""
    arriving = fresh(written, secrets.token_hex(8))
    while not stop.wait(every):
        letter, number = next(arriving)
        demo.deliver(again(letter, number, datetime.now(UTC)))


def _greet(console: Console, demo: Demo, messages: int, port: int) -> None:
    if demo.pages.port != port and port:
        console.print(
            f"Port {port} is taken by another program, so the pages are on port {demo.pages.port}.",
            style="yellow",
        )
    console.print(
        f"A mailbox with {messages} messages, the service in mode replace, and the pages are running on this"
        " machine alone."
    )
    console.print(f"Pages:  {demo.pages.url}", soft_wrap=True)
    console.print(f"Log in: {demo.link()}", soft_wrap=True, style="bold")
    console.print(f"        (the link works once, within {LINK_MINUTES} minutes)", style="dim")
    console.print()


def _sum_up(console: Console, demo: Demo, every: float | None) -> None:
    seen = demo.catalogue.overview(days=None)
    console.print()
    console.print(
        styled(
            f"{seen.messages} messages seen, {seen.tracked} of them tracked, {seen.actions.get('replaced', 0)} cleaned.",
            "bold",
        )
    )
    coming = f"A new message arrives every {every:g} seconds. " if every else ""
    console.print(f"{coming}Ctrl-C ends the demonstration and removes all of it.")
    console.print("For your own mailbox: unpixel setup")
    console.print()


def _config(home: Path, mail: MailServer) -> Config:
    account = AccountConfig(
        name=ACCOUNT,
        address=RECIPIENT,
        host=mail.host,
        port=mail.port,
        security="none",
        user=mail.username,
        mode=Mode.REPLACE,
        poll=POLL,
    )
    database = f"sqlite:///{home / 'catalogue.db'}"
    return Config(path=home / "config.toml", data_dir=home, database=database, accounts=(account,))


def _listen(catalogue: Catalogue, key: bytes, port: int) -> Server:
    """The pages, bound to `port` or, where that cannot be had, to a free one."""
    app = create_app(catalogue, key=key)
    try:
        return Server(app, HOST, port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        return Server(app, HOST, 0)


def _end(runner: Runner, pages: Server, serving: threading.Thread) -> None:
    """Ask both to end, then wait for both."""
    pages.stop()
    runner.stop(STOP_SECONDS)
    serving.join(STOP_SECONDS)
