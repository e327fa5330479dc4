"""IMAP: the only room that imports imapclient and imaplib. It keeps these rules (RFC 9051, and what servers were seen to do):

- certificates are always verified; nothing falls back to plain text;
- UIDs travel as lists, since servers read ``9:*`` as ``*:9`` too;
- EXPUNGE and CLOSE are never sent, only ``UID EXPUNGE``;
- every wait has an end, and after a broken answer the connection is not used again;
- each failure leaves as a MailboxError; none of them, and no log, ever holds the password.

From the ground up: `incoming` (octets), `wire` (lines, and all that is used of imaplib's insides), `reach` (a greeted
connection), `connection` (one exchange), then what is asked over it
(`select`, `fetch`, `append`, `idle`, `notify`, `facts`), `folder` (a Mailbox), `store` (a Store). The others are pure.
"""

from __future__ import annotations

from blocker.mailbox.imap.store import ImapStore
from blocker.mailbox.imap.wire import SocketTimeout

__all__ = ["ImapStore", "SocketTimeout"]
