"""APPEND: a message goes to the server octet by octet (RFC 9051, section 6.3.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocker.mailbox import imap_text as text

if TYPE_CHECKING:
    from blocker.mailbox.imap import Connection


def append(connection: Connection, folder: str, flags: str, when: str | None, raw: bytes) -> str:
    """The server's answer. imaplib's own APPEND would turn every bare CR and LF into CRLF.

    `folder` is the server's own name of it, `flags` and `when` are in IMAP's syntax.
    """
    doing = f"store a message in {folder}"
    plus = connection.can("LITERAL+")
    head = [
        connection.wire(folder).encode("ascii"),
        flags.encode("ascii"),
        *([when.encode("ascii")] if when else []),
    ]

    def run() -> str:
        connection.forget()
        imap: Any = connection.imap
        tag = imap._new_tag()
        size = b"{%d%s}\r\n" % (len(raw), b"+" if plus else b"")
        imap.send(b" ".join([tag, b"APPEND", *head, size]))
        if plus or continued(imap, tag):
            imap.send(raw)
            imap.send(b"\r\n")
        typ, data = imap._command_complete("APPEND", tag)
        if typ != "OK":
            raise text.refused(connection.host, doing, text.last(data))
        return text.clean(text.last(data))

    return str(connection.call(doing, run))


def continued(imap: Any, tag: bytes) -> bool:
    """Whether the server asks for more of the command of this tag; False where it has refused already."""
    while imap._get_response() is not None:
        if imap.tagged_commands[tag]:
            return False
    return True
