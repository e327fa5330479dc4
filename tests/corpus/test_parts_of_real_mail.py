"""Real mail on a real server: what is put together from a message's parts is judged as the whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

import blocker
from blocker.detect.report import Report
from blocker.mailbox.files import read_path
from blocker.mailbox.imap import ImapStore
from blocker.mailbox.imap.fetch import fetch
from blocker.mailbox.imap.outline import outline
from blocker.message import skim
from tests.bench.service import fill
from tests.servers.dovecot import Dovecot

pytestmark = pytest.mark.corpus


def said(report: Report) -> list[object]:
    """What a report says, but for places in the bytes."""
    return [report.signed, report.links, report.receipts] + [
        (r.url, r.vector, r.element, r.part, r.verdict) for r in report.references
    ]


def test_every_message_can_be_had_in_parts(
    corpus: Path, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is no text left out, however small: the same verdicts, for the same reasons."""
    monkeypatch.setattr(skim, "LARGE", 0)
    account = dovecot.account()

    fill(account, (raw for _, raw in read_path(corpus)))
    store = ImapStore(account.host, account.port, account.user, account.password, security="none")
    box = store.open("INBOX", readonly=True)
    uids = box.uids()
    omitted = 0
    for message in box.fetch(uids):
        what = "(UID BODYSTRUCTURE BODY.PEEK[HEADER])"
        item = fetch(box._connection, "tell parts", [message.uid], what, (b"BODYSTRUCTURE",)).items[
            message.uid
        ]
        root = outline(item[b"BODYSTRUCTURE"])
        assert root is not None, message.uid
        raw = skim.assembled(root, item[b"BODY[HEADER]"], box._parts(message.uid, root))
        assert raw is not None, message.uid
        assert said(blocker.scan(raw)) == said(blocker.scan(message.raw)), message.uid
        omitted += any(leaf.omitted for leaf in root.leaves)
    print(f"{len(uids)} messages, of {omitted} something was left out")
    assert omitted
    store.close()
