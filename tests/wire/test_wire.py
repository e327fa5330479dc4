"""The watch over the wire sees what it is for."""

from __future__ import annotations

import base64
import imaplib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mailbox.observers import ImapObserver
from tests.servers.dovecot import PASSWORD, Account, Dovecot
from tests.wire import sitecustomize
from tests.wire.wire import judged, shows

MARK = r"1 UID STORE 3,5 +FLAGS.SILENT (\Deleted)"


@pytest.mark.parametrize(
    "lines",
    [
        ["1 EXPUNGE"],
        ["1 CLOSE"],
        ["1 UID EXPUNGE 3"],
        [MARK, "1 UID EXPUNGE 3,4"],
        [MARK, "1 UID EXPUNGE 3:5"],
        [MARK, "2 UID EXPUNGE 3"],
        [MARK, "1 SELECT Elsewhere", "1 UID EXPUNGE 3"],
        ["1 UID FETCH 1:* (FLAGS)"],
    ],
)
def test_what_must_never_be_sent(lines: list[str]) -> None:
    """What reaches messages of others is found."""
    assert judged(lines)[1] == [lines[-1][2:]]


def test_what_may_be_sent() -> None:
    """A message that was marked on the same connection, in the same folder, may be expunged by its UID."""
    conditional = r"1 UID STORE 7 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\Deleted)"
    counts, wrong = judged([MARK, conditional, "1 UID EXPUNGE 3,7", "1 NOOP"])
    assert not wrong
    assert counts == {"UID STORE": 2, "UID EXPUNGE": 1, "NOOP": 1}


def test_passwords_are_found() -> None:
    """Plain, and within what SASL makes of them; an ordinary line holds none."""
    for user in ("a", "ab", "abc"):
        assert shows("AUTHENTICATE PLAIN " + base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode())
    assert shows(f"LOGIN alice {PASSWORD}")
    assert not shows("LOGIN alice …")


def test_processes_are_kept_and_other_mail_programs_are_not(tmp_path: Path, dovecot: Dovecot) -> None:
    """What the product sends in a process of its own is written down, without its password; what a test's client sends is not."""
    account: Account = dovecot.account()
    program = (
        "import sys; from blocker.mailbox.imap import ImapStore\n"
        "store = ImapStore(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], security='none')\n"
        "store.open('INBOX').uids(); store.close()"
    )
    ImapObserver(account).deliver([b"Subject: x\r\n\r\nx\r\n"])
    arguments = [account.host, str(account.port), account.user, account.password]
    environment = os.environ | {sitecustomize.DIRECTORY: str(tmp_path)}
    subprocess.run([sys.executable, "-c", program, *arguments], env=environment, check=True, timeout=60)
    (kept,) = tmp_path.iterdir()
    text = kept.read_text()
    assert " UID SEARCH " in text
    assert not shows(text)
    assert imaplib.IMAP4.send is not sitecustomize._send, "this run itself is watched"
