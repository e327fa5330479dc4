"""Under which name the account's mail server reports what it found of a mail: read from newest mail, one field of each."""

from __future__ import annotations

import re
from collections import Counter

from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Store

FIELD = "Authentication-Results"
NEWEST = 20
"""Messages whose field is read."""
LEAST = 3
"""Messages that must bear the name: of fewer any sender could have written it."""
_NAME = re.compile(rb"\A[^:\r\n]{1,60}:\s{0,20}\"?([A-Za-z0-9._-]{1,253})", re.ASCII)


def reporters(store: Store, folder: str) -> tuple[str, ...]:
    """The authserv-id (RFC 8601, 2.5) of the topmost field in most of the newest mail; none where no name stands out.

    What is found is a proposal for a person: senders can write the field too, where no server takes it out.
    """
    try:
        box = store.open(folder, readonly=True)
        try:
            found = box.headers(box.uids()[-NEWEST:], FIELD)
        finally:
            box.close()
    except (ConnectionLost, LoginRefused):
        raise
    except MailboxError:
        return ()
    names = Counter(name for field in found.values() if (name := _name(field)))
    if not names:
        return ()
    name, times = names.most_common(1)[0]
    return (name,) if times >= LEAST and 2 * times > len(found) else ()


def _name(field: bytes) -> str:
    match = _NAME.match(field)
    return match[1].decode().lower() if match is not None else ""
