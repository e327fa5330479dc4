"""One folder of an IMAP account, over a connection that it shares with the account's other folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from blocker.mailbox.imap import text
from blocker.mailbox.imap.answers import Item, field_of, split, uid_of
from blocker.mailbox.imap.append import append
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.imap.fetch import fetch
from blocker.mailbox.imap.outline import outline
from blocker.mailbox.imap.select import WINDOW, select, windows
from blocker.mailbox.imap.versions import Versions, modified
from blocker.mailbox.protocol import Changed, ConnectionLost, Draft, MailboxError, Recreated, Status, Stored
from blocker.mailbox.rights import TAKE_OUT, allow
from blocker.message.skim import Node, assembled, sections

BATCH = 50
"""Messages in one FETCH: measured on Dovecot, more bring nothing."""
BATCH_OCTETS = 8 * 1024 * 1024
"""Octets in one FETCH, so that memory stays bounded; a larger message comes alone."""
BLANK = 64
"""Octets of white space that a server may give in place of a message whose size it told as more."""
DELETED = "(\\Deleted)"
_MESSAGE = (b"BODY[]", b"INTERNALDATE", b"FLAGS")
_FIELD = re.compile(r"[!-9;-~]{1,76}")


class ImapMailbox:
    """A `Mailbox`. Selecting is repeated where another folder of the account was selected meanwhile."""

    def __init__(
        self, connection: Connection, name: str, native: Callable[[str], str], *, readonly: bool
    ) -> None:
        self._connection = connection
        self._name = name
        self._native = native
        self._readonly = readonly
        self._versions = Versions()
        """Of messages that were read: `remove` takes away no message that changed since."""
        self._sizes: dict[int, int] = {}
        """Those told or stored last: messages are fetched right after, and no size ever changes."""
        self._status = self._select()

    @property
    def name(self) -> str:
        """The folder's name as the server shows it, decoded."""
        return self._name

    def status(self) -> Status:
        """Selects anew, as only that tells UIDNEXT and the permanent flags; EXAMINE names none of these."""
        self._status = self._select(self._status.uidvalidity)
        return self._status

    def uids(self, first: int = 1, *, since: date | None = None) -> list[int]:
        """By UID SEARCH; `since` is compared with the server's day of arrival."""
        self._use(fresh=True)
        first = max(first, 1)
        if self._status.messages > WINDOW:
            self.status()
        day = f" SINCE {text.day(since)}" if since else ""
        found: set[int] = set()
        for window in windows(first, self._status.messages, self._status.uidnext):
            found.update(self._connection.search(f"{window}{day}"))
        if not found and self._status.messages and not since:
            found.update(self._all())
        return sorted(uid for uid in found if uid >= first)  # "n:*" names the last message even below n

    def _all(self) -> set[int]:
        """Every UID, from a server that finds none though it has messages; none where these are gone since."""
        asked = self._connection.imap
        try:
            data = self._connection.command("tell UIDs", lambda: asked.fetch("1:*", "(UID)"))
        except ConnectionLost:
            raise
        except MailboxError:
            return set()
        return set(filter(None, map(uid_of, split(data))))

    def fetch(self, uids: Sequence[int]) -> Iterator[Stored]:
        """BODY.PEEK[] in batches of at most 50 messages and about 8 MB."""
        for batch in self._batches(list(dict.fromkeys(uids))):
            self._use()
            asked = f"(UID FLAGS INTERNALDATE {self._modseq()}BODY.PEEK[])"
            found = fetch(self._connection, "read messages", batch, asked, _MESSAGE)
            self._versions.note(found.items)
            for uid in batch:
                if (item := found.items.pop(uid, None)) is not None:
                    yield self._stored(uid, item, self._sizes.get(uid))
                elif uid in found.unread:
                    raise self._unread(uid, found.unread[uid])

    def _batches(self, uids: list[int]) -> Iterator[list[int]]:
        sizes = {uid: self._sizes[uid] for uid in uids if uid in self._sizes}
        sizes |= self.sizes([uid for uid in uids if uid not in sizes])
        self._sizes = sizes
        batch: list[int] = []
        octets = 0
        for uid in uids:
            if uid not in sizes:
                continue
            if batch and (len(batch) == BATCH or octets + sizes[uid] > BATCH_OCTETS):
                yield batch
                batch, octets = [], 0
            batch.append(uid)
            octets += sizes[uid]
        if batch:
            yield batch

    def _stored(self, uid: int, item: Item, told: int | None = None) -> Stored:
        """`told` is the size that the server told, where it did. Raises MailboxError for what is no whole message."""
        raw, when, flags = item[b"BODY[]"], item[b"INTERNALDATE"], item[b"FLAGS"]
        if type(raw) is not bytes:
            raise self._unread(uid, "nothing stands in its place")
        if told and len(raw) < min(told, BLANK) and not raw.strip():
            raise self._unread(uid, f"it is given as empty and told as {told} octets")
        try:
            return Stored(uid, raw, text.flag_set(flags), text.arrival(when))
        except ValueError:
            said = text.clean(when) if isinstance(when, bytes) else "nothing is told"
            raise MailboxError(
                f"The arrival date of message {uid} cannot be read ({said}); the message is left alone."
            ) from None

    def _unread(self, uid: int, why: str) -> MailboxError:
        return MailboxError(
            f"{self._connection.host} lists message {uid} of {self._name} but does not give it ({why}); "
            "the message is left alone, look at it in a mail program."
        )

    def skim(self, uids: Sequence[int], most: int) -> Iterator[Stored]:
        """BODYSTRUCTURE and the header, then the parts that are read; two commands a message."""
        for uid in dict.fromkeys(uids):
            self._use()
            asked = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])"
            item = self._items("tell parts", [uid], asked, b"BODYSTRUCTURE").get(uid, {})
            size, header = item.get(b"RFC822.SIZE"), item.get(b"BODY[HEADER]")
            root = outline(item.get(b"BODYSTRUCTURE"))
            if root is None or not isinstance(size, int) or not isinstance(header, bytes):
                continue
            left = size - sum(leaf.octets for leaf in root.leaves if leaf.omitted)
            if (
                left <= min(most, size // 2)
                and (raw := assembled(root, header, self._parts(uid, root))) is not None
            ):
                yield replace(self._stored(uid, item | {b"BODY[]": raw}), size=size)

    def _parts(self, uid: int, root: Node) -> dict[str, bytes]:
        wanted = sections(root)
        asked = " ".join(f"BODY.PEEK[{section}]" for section in wanted)
        item = self._items("read parts", [uid], f"(UID {asked})", b"BODY[").get(uid, {}) if wanted else {}
        # What is empty may be told as NIL.
        return {section: item.get(f"BODY[{section}]".encode()) or b"" for section in wanted}

    def _items(self, doing: str, uids: Sequence[int], what: str, needed: bytes) -> dict[int, Item]:
        """What can be had of each message."""
        return fetch(self._connection, doing, uids, what, (needed,)).items

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """RFC822.SIZE; 0 of one whose size cannot be had, so that it is asked for and what is wrong is told."""
        if not uids:
            return {}
        self._use()
        found = fetch(self._connection, "tell sizes", uids, "(UID RFC822.SIZE)", (b"RFC822.SIZE",))
        told = {uid: item[b"RFC822.SIZE"] for uid, item in found.items.items()}
        self._sizes = {uid: size if isinstance(size, int) else 0 for uid, size in told.items()}
        self._sizes |= dict.fromkeys(found.unread, 0)
        return dict(self._sizes)

    def flags(self, uids: Sequence[int]) -> dict[int, frozenset[str]]:
        """FLAGS, after a NOOP: without it a server may still show what another client took away."""
        if not uids:
            return {}
        self._use(fresh=True)
        found = fetch(self._connection, "tell flags", uids, "(UID FLAGS)", (b"FLAGS",))
        for uid, why in found.unread.items():
            raise self._unread(uid, why)
        return {uid: text.flag_set(item[b"FLAGS"]) for uid, item in found.items.items()}

    def headers(self, uids: Sequence[int], field: str) -> dict[int, bytes]:
        """BODY.PEEK[HEADER.FIELDS]: the field's lines as they stand, without the empty line after them.

        Empty bytes of a message that does not come: whoever looks for a field does not find it there.
        """
        if not _FIELD.fullmatch(field):
            raise MailboxError(f"{field!r} cannot be the name of a header field; check its spelling.")
        self._use()
        asked = f"(UID {self._modseq()}BODY.PEEK[HEADER.FIELDS ({field})])"
        found = fetch(self._connection, "read headers", uids, asked, (b"BODY[HEADER",))
        self._versions.note(found.items)
        told = {uid: field_of(item) for uid, item in found.items.items()}
        return told | dict.fromkeys(found.unread, b"")

    def append(
        self, raw: bytes, flags: Iterable[str] = (), internal_date: datetime | None = None
    ) -> int | None:
        """APPEND the octets as they are, without ``\\Recent`` and ``\\Deleted``, which servers refuse here.

        The UID is APPENDUID's, and None where the server gives none or one of another UIDVALIDITY.
        """
        return self._append([Draft(raw, tuple(flags), internal_date)])[0]

    def can_append_many(self) -> bool:
        """Whether the server offers MULTIAPPEND."""
        return self._connection.can("MULTIAPPEND")

    def append_many(self, drafts: Sequence[Draft]) -> list[int | None]:
        """MULTIAPPEND."""
        return self._append(drafts)

    def _append(self, drafts: Sequence[Draft]) -> list[int | None]:
        code, data = text.response_code(append(self._connection, self._name, drafts))
        validity, _, uids = data.partition(" ")
        try:
            told = text.uid_set(uids) if code == "APPENDUID" else []
        except ValueError:
            told = []
        if validity == str(self._status.uidvalidity) and len(told) == len(drafts):
            self._sizes |= {uid: len(draft.raw) for uid, draft in zip(told, drafts, strict=True)}
            return list(told)
        return [None] * len(drafts)

    def add_flags(self, uids: Sequence[int], flags: Iterable[str]) -> dict[int, frozenset[str]]:
        """STORE, then FETCH: the answer to STORE alone would not tell what lasts."""
        self._store(uids, text.flag_list(flags))
        return self.flags(uids)

    def _store(self, uids: Sequence[int], flags: str, how: str = "+FLAGS.SILENT") -> None:
        self._may_write("set flags")
        self._use()
        for chunk in text.chunks(uids):
            self._connection.uid(f"set flags in {self._name}", "STORE", chunk, how, flags)
        self._versions.forget(uids)

    def _modseq(self) -> str:
        """What to ask for so that a removal can tell whether the message changed; nothing where the folder has none."""
        return "MODSEQ " if self._status.modseq and not self._readonly else ""

    def _mark_unchanged(self, uids: Sequence[int]) -> list[int]:
        """Mark as deleted those that are as they were read; which of `uids` another program changed since."""
        changed: list[int] = []
        known = self._versions.taken(uids)
        self._store(known.pop(None, []), DELETED)
        for modseq, same in known.items():
            self._use()
            for chunk in text.chunks(same):
                doing, how = f"set flags in {self._name}", "+FLAGS.SILENT"
                self._connection.uid(doing, "STORE", chunk, f"(UNCHANGEDSINCE {modseq})", how, DELETED)
                changed += modified(self._connection.code("MODIFIED"), chunk)
        return changed

    def may_remove(self) -> bool:
        """By MYRIGHTS, asked once a connection: what changes meanwhile, `move` and `remove` notice in time."""
        known = self._connection.known_rights
        if self._name not in known:
            known[self._name] = self._connection.rights(self._name)
        return allow(known[self._name], TAKE_OUT)

    def move(self, uids: Sequence[int], folder: str) -> dict[int, int]:
        """UID MOVE; else COPY, \\Deleted and UID EXPUNGE of what COPYUID confirms.

        A mark ``\\Deleted`` does not go along, and is taken off again where the server then refuses to expunge.

        Raises MailboxError before anything is changed where the server offers neither, or where our rights
        would stop it half-way (Dovecot then leaves two copies).
        """
        moved: dict[int, int] = {}
        if not uids:
            return moved
        target = self._native(folder)
        self._may_remove()
        self._use()
        doing = f"move messages to {target}"
        if self._connection.can("MOVE"):
            for chunk in text.chunks(uids):
                self._connection.uid(doing, "MOVE", chunk, self._connection.wire(target))
                moved |= text.copied(self._connection.code("COPYUID"))
            return moved
        for chunk in text.chunks(uids):
            # Left over where a move was interrupted before; COPY would take it along.
            self._store(chunk, DELETED, "-FLAGS.SILENT")
            self._connection.uid(doing, "COPY", chunk, self._connection.wire(target))
            moved |= text.copied(self._connection.code("COPYUID"))
            self._expunge_moved(self._copied(chunk))
        return moved

    def _expunge_moved(self, uids: list[int]) -> None:
        try:
            self._store(uids, DELETED)
            self._expunge(uids)
        except ConnectionLost:
            raise
        except MailboxError:
            self._store(uids, DELETED, "-FLAGS.SILENT")  # another program would expunge it
            raise

    def _copied(self, uids: Sequence[int]) -> list[int]:
        """Those of `uids` that the server says it copied; all where it does not say (RFC 4315, UIDNOTSTICKY)."""
        _, _, sets = self._connection.code("COPYUID").partition(" ")
        if not sets:
            return list(uids)
        try:
            copied = set(text.uid_set(sets.partition(" ")[0]))
        except ValueError:
            raise MailboxError(
                f"{self._connection.host} does not tell clearly what it copied from {self._name}; "
                "the originals stay, look for the copies in a mail program."
            ) from None
        return [uid for uid in uids if uid in copied]

    def remove(self, uids: Sequence[int]) -> None:
        """\\Deleted and UID EXPUNGE of exactly these; MailboxError before any change without UIDPLUS.

        With CONDSTORE, what another program changed since it was read here stays, and Changed says so.
        """
        if not uids:
            return
        self._may_write("take messages out")
        if not self._connection.can("UIDPLUS"):
            raise MailboxError(
                f"{self._connection.host} cannot take away single messages (no UIDPLUS); remove them in a mail program."
            )
        self._may_remove()
        self._use()
        changed: list[int] = []
        for chunk in text.chunks(uids):
            modified = self._mark_unchanged(chunk)
            self._expunge([uid for uid in chunk if uid not in modified])
            changed += modified
        if changed:
            raise Changed(
                f"Another program changed message {changed[0]} of {self._name} meanwhile; it stays, look at it again."
            )

    def _expunge(self, uids: list[int]) -> None:
        """Of what is marked as deleted."""
        if uids:
            self._connection.uid(f"take messages out of {self._name}", "EXPUNGE", uids)

    def _may_remove(self) -> None:
        self._may_write("take messages out")
        connection = self._connection
        if not (connection.can("MOVE") or connection.can("UIDPLUS")):
            raise MailboxError(
                f"{connection.host} can move no message without risk to others (no MOVE, no UIDPLUS); "
                'use mode "flag" or "report" for this account.'
            )
        rights = connection.rights(self._name)
        if not allow(rights, TAKE_OUT):
            raise MailboxError(
                f"This account may not take messages out of {self._name} (rights: {rights or 'none'}); "
                "ask the folder's owner for the rights t and e."
            )

    def _may_write(self, doing: str) -> None:
        if self._readonly:
            raise MailboxError(f"{self._name} was opened for reading only; open it for writing to {doing}.")

    def close(self) -> None:
        """UNSELECT. The connection is the store's and stays."""
        if self._connection.selected is self:
            self._connection.unselect()

    def _use(self, *, fresh: bool = False) -> None:
        """Make this folder the selected one; with `fresh`, have the server tell what changed."""
        if self._connection.selected is not self:
            self._status = self._select(self._status.uidvalidity)
        elif fresh:
            self._connection.noop()

    def _select(self, expected: int | None = None) -> Status:
        status = select(self._connection, self._name, readonly=self._readonly)
        if expected is not None and status.uidvalidity != expected:
            raise Recreated(
                f"{self._name} was made anew on {self._connection.host}, its UIDs now mean other messages; "
                "open it again and start from what is there."
            )
        self._connection.selected = self
        return status
