"""Trying a server out: synthetic mail in a scratch mailbox, which is taken away again whatever happens.

Of the owner's mail one header field of the newest messages is read, and nothing is changed. What a server does wrong becomes a finding; only a
connection that cannot be made at all is raised.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocker.choices.modes import REMOVED, TRACKED
from blocker.config.providers import by_server
from blocker.doctor import letters
from blocker.doctor.door import Door, Facts
from blocker.doctor.findings import Findings, Kept
from blocker.doctor.reporters import reporters
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, Mailbox, MailboxError, Store, Stored
from blocker.rewrite import marker

NAME = "Unpixel check "
"""How scratch mailboxes begin; twelve hexadecimal digits follow."""
_OURS = re.compile(re.escape(NAME) + "[0-9a-f]{12}( moved)?")
IDLE_SECONDS = 10.0
"""How long IDLE may take to tell of a message: Dovecot takes half a second, others some seconds."""
_ARRIVED = datetime(2024, 2, 29, 13, 37, 11, tzinfo=UTC)

Tell = Callable[[str], object]
"""Told what is being tried, for a person who waits."""


def examine(door: Door, folders: Sequence[str] = ("INBOX",), tell: Tell = lambda _what: None) -> Findings:
    """Examine an account's server. Raises MailboxError or ConfigError where no connection comes about.

    An exception that ends it, such as KeyboardInterrupt, goes on its way after the scratch mailboxes are gone.
    """
    name = NAME + secrets.token_hex(6)
    store, facts = door()
    try:
        tell("asking what the server can do")
        found = _sweep_up(_ask(door.host, facts, folders), store, facts)
        found = replace(found, authserv_ids=reporters(store, folders[0]) if folders else ())
        try:
            found = _try_out(found, door, store, facts, name, tell)
        except BaseException:
            # The connection may be in the middle of an answer: nothing more is asked over it.
            store.close()
            _take_away(door, name)
            raise
    finally:
        store.close()
    return replace(found, left_behind=(*found.left_behind, *_take_away(door, name)))


def _ask(host: str, facts: Facts, folders: Sequence[str]) -> Findings:
    """What the server tells without anything being tried."""
    capabilities, server = facts.capabilities(), facts.server()
    known = by_server(host, capabilities, server)
    return Findings(
        host=host,
        server=server,
        capabilities=tuple(sorted(capabilities)),
        provider=known.id if known else "",
        rights={folder: facts.rights(folder) for folder in folders},
        room=facts.room("INBOX"),
        append_limit=facts.largest(),
    )


def _try_out(found: Findings, door: Door, store: Store, facts: Facts, name: str, tell: Tell) -> Findings:
    try:
        store.ensure(name)
        store.ensure(f"{name} moved")
        box = store.open(name)
    except (ConnectionLost, LoginRefused):
        raise
    except MailboxError as error:
        return replace(found, scratch=str(error))
    for what, attempt in _ATTEMPTS:
        tell(what)
        try:
            found = attempt(found, box, name)
        except ConnectionLost as error:
            return replace(found, failures=(*found.failures, f"{what}: {error}"))
        except MailboxError as error:
            found = replace(found, failures=(*found.failures, f"{what}: {error}"))
    what = "comparing UIDs with what was foretold"
    tell(what)
    try:
        found = _uidnext(found, store, box, f"{name} moved")
    except ConnectionLost as error:
        return replace(found, failures=(*found.failures, f"{what}: {error}"))
    except MailboxError as error:
        found = replace(found, uidnext=False, failures=(*found.failures, f"{what}: {error}"))
    tell("waiting for IDLE to tell of a message")
    return _idle(found, door, facts, box, name)


def _keywords(found: Findings, box: Mailbox, _name: str) -> Findings:
    status = box.status()
    uid = _stored(box, letters.plain()).uid
    box.add_flags([uid], [TRACKED, REMOVED])
    kept = {flag.lower() for flag in box.flags([uid]).get(uid, frozenset())}
    return replace(
        found,
        keywords={TRACKED.lower(), REMOVED.lower()} <= kept,
        new_keywords=status.stores(TRACKED) and status.stores(REMOVED),
    )


def _read_back(found: Findings, box: Mailbox, _name: str) -> Findings:
    worst: Kept = "exact"
    for raw in letters.samples():
        kept = _compared(box, raw)
        worst = max(worst, kept, key=_BADNESS.index)
    sample = letters.marked(letters.plain())
    field = _header(box, _stored(box, sample).uid)
    return replace(found, read_back=worst, header=_unfolded(field) == _unfolded(letters.FIELD))


_BADNESS: tuple[Kept, ...] = ("exact", "line ends", "changed", "missing")


def _compared(box: Mailbox, raw: bytes) -> Kept:
    try:
        stored = _stored(box, raw)
    except _NotThere:
        return "missing"
    if stored.raw == raw:
        return "exact"
    return "line ends" if _lf(stored.raw) == _lf(raw) else "changed"


def _same_id(found: Findings, box: Mailbox, _name: str) -> Findings:
    """The very thing an exchange does: an altered copy, same Message-ID and Date, beside its original."""
    original = letters.plain()
    copy = letters.marked(original)
    first = _stored(box, original)
    try:
        second = _stored(box, copy)
    except _NotThere:
        here = box.flags([first.uid])
        return replace(found, same_id="dropped" if first.uid in here else "replaced")
    here = box.flags([first.uid, second.uid])
    if first.uid not in here:
        return replace(found, same_id="replaced")
    swapped = next(iter(box.fetch([first.uid]))).raw != first.raw
    return replace(found, same_id="replaced" if swapped else "kept" if second.uid in here else "dropped")


def _date(found: Findings, box: Mailbox, _name: str) -> Findings:
    return replace(found, date=_stored(box, letters.plain()).internal_date == _ARRIVED)


def _appenduid(found: Findings, box: Mailbox, _name: str) -> Findings:
    raw = letters.plain()
    told = box.append(raw, (), _ARRIVED)
    found = replace(found, appenduid=False)
    if told is not None:
        right = any(letters.token(s.raw) == letters.token(raw) for s in box.fetch([told]))
        found = replace(found, appenduid=right)
    return found


def _moves(found: Findings, box: Mailbox, name: str) -> Findings:
    """The message in the middle goes whole, its neighbours stay."""
    before, moved, after = (_stored(box, letters.plain()) for _ in range(3))
    if why := _refused(lambda: box.move([moved.uid], f"{name} moved")):
        return replace(found, moves=False, failures=(*found.failures, why))
    return replace(found, moves=set(box.flags([before.uid, moved.uid, after.uid])) == {before.uid, after.uid})


def _refused(act: Callable[[], object]) -> str:
    """Do something; why the server would not, or an empty text."""
    try:
        act()
    except ConnectionLost:
        raise
    except MailboxError as error:
        return str(error)
    return ""


def _removes(found: Findings, box: Mailbox, _name: str) -> Findings:
    """One goes; another that is marked as deleted stays, as it might be its owner's."""
    ours, marked = _stored(box, letters.plain()), _stored(box, letters.plain())
    box.add_flags([marked.uid], ["\\Deleted"])
    if why := _refused(lambda: box.remove([ours.uid])):
        return replace(found, removes=False, failures=(*found.failures, why))
    return replace(found, removes=set(box.flags([ours.uid, marked.uid])) == {marked.uid})


_ATTEMPTS: tuple[tuple[str, Callable[[Findings, Mailbox, str], Findings]], ...] = (
    ("storing messages and reading them back", _read_back),
    ("storing two messages of one Message-ID", _same_id),
    ("setting keywords", _keywords),
    ("keeping the date of arrival", _date),
    ("telling the UID of what is stored", _appenduid),
    ("moving a message", _moves),
    ("taking one message away", _removes),
)


def _uidnext(found: Findings, store: Store, box: Mailbox, other: str) -> Findings:
    """By SELECT in the open mailbox, by STATUS in another one: where a copy, or a moved original, is looked for."""
    true = box.status().uidnext <= _stored(box, letters.plain()).uid
    told = store.uidnext(other)
    return replace(found, uidnext=true and told <= _stored(store.open(other), letters.plain()).uid)


def _idle(found: Findings, door: Door, facts: Facts, box: Mailbox, name: str) -> Findings:
    """A second connection stores a message while the first one listens."""
    box.close()
    if "IDLE" not in found.capabilities:
        return found
    other, _ = door()
    try:
        heard = facts.hears(
            name, lambda: other.open(name).append(letters.plain(), (), _ARRIVED), IDLE_SECONDS
        )
    except MailboxError as error:
        return replace(found, idle=False, failures=(*found.failures, f"waiting for IDLE: {error}"))
    finally:
        other.close()
    return replace(found, idle=heard)


class _NotThere(MailboxError):
    """The server accepted a message and does not show it."""


def _stored(box: Mailbox, raw: bytes) -> Stored:
    """Store a message and find it by its token among what is new, whatever UID the server told."""
    before = set(box.uids())
    box.append(raw, (), _ARRIVED)
    for stored in box.fetch([uid for uid in box.uids() if uid not in before]):
        if letters.token(stored.raw) == letters.token(raw):
            return stored
    raise _NotThere("the server accepted a message but does not show it")


def _header(box: Mailbox, uid: int) -> bytes:
    return box.headers([uid], marker.NAME).get(uid, b"")


def _unfolded(field: bytes) -> bytes:
    return b" ".join(field.split())


def _lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _sweep_up(found: Findings, store: Store, facts: Facts) -> Findings:
    """Take away what an examination that was killed left behind."""
    left = [name for name in store.folders() if _OURS.fullmatch(name.rpartition("/")[2].rpartition(".")[2])]
    return replace(found, left_behind=tuple(name for name in left if not _deleted(name, store, facts)))


def _take_away(door: Door, name: str) -> tuple[str, ...]:
    """Delete the scratch mailboxes over a fresh connection, tried twice; those that stay."""
    try:
        left = _left_after(door, name)
    except BaseException:
        _left_after(door, name)  # Ctrl-C may well come just now
        raise
    return _left_after(door, name) if left else ()


def _left_after(door: Door, name: str) -> tuple[str, ...]:
    names = (name, f"{name} moved")
    try:
        store, facts = door()
    except Exception as error:
        if not isinstance(error, MailboxError | OSError):
            raise
        return names
    try:
        there = store.folders()
        return tuple(
            each
            for each in names
            if any(f == each or f.endswith(("/" + each, "." + each)) for f in there)
            and not _deleted(each, store, facts)
        )
    except MailboxError:
        return names
    finally:
        store.close()


def _deleted(name: str, store: Store, facts: Facts) -> bool:
    """Delete a scratch mailbox, unless something lies in it that is not ours."""
    try:
        box = store.open(name, readonly=True)
        uids = box.uids()
        ours = max(box.sizes(uids).values(), default=0) <= letters.LARGEST and all(
            letters.token(stored.raw) for stored in box.fetch(uids)
        )
        box.close()
        if ours:
            facts.delete(name)
    except MailboxError:
        return False
    return ours
