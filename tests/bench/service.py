"""How fast the service reads a mailbox, beside a bare loop over the same messages on the same server.

    python -m tests.bench.service --corpus DIR [--messages 10000] [--mode report]

A Dovecot of its own is filled with real messages. Two things then read all of them, in turn, `--rounds` times:

- bare: imapclient fetches batches of 50; the standard library's `email` parses each message and
  `turbohtml.parse(source_locations=True)` each text/html part. Nothing is judged and nothing is kept.
- service: `Runner.sweep` in mode report, on a new catalogue: fetched, judged with reasons, recorded durably.

Printed: messages/s of both (the best round of each) and their ratio.
"""

from __future__ import annotations

import argparse
import email
import imaplib
import itertools
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import turbohtml
from imapclient import IMAPClient  # type: ignore[import-untyped]  # ships no types

from blocker.catalogue import Catalogue
from blocker.choices.modes import Mode
from blocker.config import AccountConfig, Config, Passwords
from blocker.service import Runner, imap
from tests.patience import BUSY
from tests.servers.dovecot import Account, Dovecot

BATCH = 50
BAR = 0.5
"""The ratio that must be reached."""


def messages(corpus: Path, count: int) -> Iterator[bytes]:
    """Real messages in the form IMAP prescribes; the corpus is gone through again until there are enough.

    A line of its own in the header makes each one different.
    """
    files = sorted(
        path
        for path in corpus.rglob("*")
        if path.suffix == ".eml" or (path.parent != corpus and path.is_file())
    )
    for number, path in enumerate(itertools.islice(itertools.cycle(files), count)):
        raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        yield b"X-Bench: %d\r\n" % number + raw


def fill(account: Account, raws: Iterator[bytes]) -> tuple[int, int]:
    """Append messages to the inbox; how many, and their octets."""
    client = imaplib.IMAP4(account.host, account.port)
    client.login(account.user, account.password)
    number = octets = 0
    for raw in raws:
        kind, answer = client.append("INBOX", "", "", raw)
        assert kind == "OK", answer
        number += 1
        octets += len(raw)
    client.logout()
    return number, octets


def bare(account: Account) -> int:
    """Fetch and parse everything; how many messages."""
    client = IMAPClient(account.host, account.port, ssl=False)
    client.login(account.user, account.password)
    client.select_folder("INBOX", readonly=True)
    uids = client.search("ALL")
    read = 0
    for start in range(0, len(uids), BATCH):
        found = client.fetch(uids[start : start + BATCH], ["BODY.PEEK[]"])
        for item in found.values():
            parse(item[b"BODY[]"])
            read += 1
    client.logout()
    return read


def parse(raw: bytes) -> None:
    """What the standard library and turbohtml take for a message, and nothing more."""
    for part in email.message_from_bytes(raw).walk():
        if part.get_content_type() == "text/html":
            turbohtml.parse(_text(part), source_locations=True)


def _text(part: email.message.Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    try:
        return payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return payload.decode("latin-1")


def served(account: Account, home: Path, mode: str) -> int:
    """Sweep everything with the service on a new catalogue; how many messages."""
    config = _config(account, home, mode)
    passwords = Passwords()
    passwords.keep(config.accounts[0], account.password)
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, stores=imap(passwords))
        try:
            return runner.sweep("bench").total()
        finally:
            runner.stop(2 * BUSY)


def _config(account: Account, home: Path, mode: str) -> Config:
    one = AccountConfig(
        name="bench",
        address="reader@example.org",
        host=account.host,
        port=account.port,
        user=account.user,
        security="none",
    )
    database = f"sqlite:///{home / 'catalogue.sqlite'}"
    return Config(home / "config.toml", home, database, (replace(one, mode=Mode(mode)),))


def main() -> int:
    """Measure, print, and give 1 where the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="directory of real messages")
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--mode", choices=["report", "flag"], default="report")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    server = Dovecot().start()
    try:
        account = server.account()
        number, octets = fill(account, messages(given.corpus, given.messages))
        print(f"{number} messages, {octets / 1e6:.1f} MB, on a Dovecot of their own; mode {given.mode}")
        best = {"bare": 0.0, "service": 0.0}
        bare(account)  # the server's page cache is warm for both
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as home:
                for name in ("bare", "service"):
                    start = time.perf_counter()
                    read = bare(account) if name == "bare" else served(account, Path(home), given.mode)
                    speed = read / (time.perf_counter() - start)
                    assert read == number, (name, read)
                    best[name] = max(best[name], speed)
                    print(f"  {name:8} {speed:7.0f} messages/s")
    finally:
        server.stop()
    ratio = best["service"] / best["bare"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"bare {best['bare']:.0f}/s, service {best['service']:.0f}/s, ratio {ratio:.2f} (bar {BAR}); peak memory {peak:.0f} MB"
    )
    return 0 if ratio >= BAR or given.mode != "report" else 1


if __name__ == "__main__":
    raise SystemExit(main())
