"""APPEND: messages go to the server octet by octet (RFC 9051, section 6.3.12; several at once: RFC 3502)."""

from __future__ import annotations

from collections.abc import Sequence

from blocker.mailbox.imap import text
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.protocol import Draft


def append(connection: Connection, folder: str, drafts: Sequence[Draft]) -> str:
    """The server's answer. imaplib's own APPEND would turn every bare CR and LF into CRLF.

    `folder` is the server's own name of it. Several drafts, for a server that offers MULTIAPPEND, are one command:
    it stores all of them or none.
    """
    doing = f"store a message in {folder}"
    plus = connection.can("LITERAL+")
    heads = [_head(draft) for draft in drafts]

    def run() -> str:
        connection.imap.forget()
        imap = connection.imap
        tag = imap.begin()
        lead = b" ".join([tag, b"APPEND", connection.wire(folder).encode("ascii")])
        for head, draft in zip(heads, drafts, strict=True):
            imap.send(b"%b %b {%d%b}\r\n" % (lead, head, len(draft.raw), b"+" if plus else b""))
            if not (plus or imap.continued(tag)):
                break
            imap.send(draft.raw)
            lead = b""
        else:
            imap.send(b"\r\n")
        typ, data = imap.complete("APPEND", tag)
        if typ != "OK":
            raise text.refused(connection.host, doing, text.last(data))
        return text.clean(text.last(data))

    return str(connection.call(doing, run))


def _head(draft: Draft) -> bytes:
    """Flags and date in IMAP's syntax, without ``\\Recent`` and ``\\Deleted``, which servers refuse here."""
    kept = [flag for flag in draft.flags if flag.lower() not in ("\\recent", "\\deleted")]
    words = [text.flag_list(kept), *([text.date_time(draft.internal_date)] if draft.internal_date else [])]
    return " ".join(words).encode("ascii")
