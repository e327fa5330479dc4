"""The doctor proposes the name under which one's own mail server reports, and reads no more than that field."""

from __future__ import annotations

import pytest

from blocker.doctor.examine import examine
from blocker.doctor.findings import Findings
from tests.doctor.servers import Server

OURS = b"Authentication-Results: mx.example.org; dkim=pass header.d=shop.example\r\n"
FOLDED = b'Authentication-Results:\r\n "MX.example.org" 1; none\r\n'
FORGED = b"Authentication-Results: mx.evil.example; dkim=pass header.d=shop.example\r\n"


def found(*headers: bytes) -> tuple[str, ...]:
    """What is proposed where the inbox holds mail with these fields on top."""
    server = Server()
    for number, header in enumerate(headers):
        raw = header + b"From: a@shop.example\r\nSubject: %d\r\n\r\nHello\r\n" % number
        server.account.deliver(raw)
    return examine(server).authserv_ids


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ((OURS, OURS, OURS), ("mx.example.org",)),
        ((OURS + FORGED, FOLDED, OURS, b""), ("mx.example.org",)),
        ((OURS, OURS), ()),
        ((FORGED, b"", b"", b"", FORGED, FORGED), ()),
        ((b"", b""), ()),
        ((), ()),
    ],
)
def test_the_name_that_stands_on_top_of_most_mail(headers: tuple[bytes, ...], names: tuple[str, ...]) -> None:
    """Three messages at least, and more than half: what a sender wrote into his own mail is not proposed."""
    assert found(*headers) == names


def test_it_is_kept_with_the_other_findings() -> None:
    """The pages read it from the catalogue."""
    kept = Findings(authserv_ids=("mx.example.org",)).as_dict()
    assert Findings.from_dict(kept).authserv_ids == ("mx.example.org",)
