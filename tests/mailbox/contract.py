"""One suite for every `Store` and `Mailbox`: the promises of blocker/mailbox/protocol.py, as tests.

A subclass gives the fixture `place`. What a test says about the mailbox is checked with a second client that shares
no code with the one under test.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

import pytest

from blocker.mailbox.protocol import Changed, MailboxError, Recreated, Store
from blocker.message.read import read

PLAIN = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"
ARRIVED = datetime(2024, 2, 29, 23, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30)))

NASTY = {
    "plain": PLAIN,
    "no final line end": PLAIN + b"the end",
    "no body": b"From: a@example.org\r\nSubject: no body\r\n\r\n",
    "no empty line": b"From: a@example.org\r\nSubject: header only\r\n",
    "no header": b"\r\njust text\r\n",
    "one octet": b"x",
    "eight bit": b"From: a@example.org\r\nSubject: \xe4\xf6\xfc \xff\xfe\r\n\r\n"
    + bytes(range(128, 256))
    + b"\r\n",
    "control characters": b"From: a@example.org\r\n\r\n" + bytes(set(range(1, 32)) - {10, 13}) + b"\x7f\r\n",
    "long line": b"From: a@example.org\r\n\r\n" + b"x" * 70_000 + b"\r\n",
    "long header": b"From: a@example.org\r\nX-Long: " + b"y" * 20_000 + b"\r\n\r\ntext\r\n",
    "dots and separators": b"From: a@example.org\r\n\r\n.\r\n..\r\nFrom here on\r\n>From there\r\n)\r\nA1 OK done\r\n",
    "literal marks": b"From: a@example.org\r\nSubject: {5}\r\n\r\n* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n{10+}\r\n",
    "open multipart": b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n\r\nno end',
    "spaces at line ends": b"Subject: x \t\r\n\r\n  \t\r\n\t\r\n \r\n",
    "large": PLAIN + b"0123456789abcdef\r\n" * 60_000,
}
"""Messages that keep to CRLF: what IMAP must carry octet for octet (RFC 9051, section 4.3)."""

LETTER = (
    b'From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_out"\r\n\r\n'
    b"Preamble\r\n--=_out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    b"--in\r\nContent-Type: text/plain\r\n\r\nHello\r\n--in\r\nContent-Type: text/html\r\n\r\n<b>Hello</b>\r\n\r\n--in--\r\n"
    b"--=_out\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\nHi\r\n"
    b"--=_out\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"QUJDREVGR0g=\r\n" * 20_000
    + b"\r\n--=_out\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--=_out--\r\n"
)
"""A message most of which is an attachment."""


class Observer(Protocol):
    """The second client: another program on the same account."""

    def deliver(
        self, raws: Sequence[bytes], folder: str = "INBOX", flags: str = "", when: datetime | None = None
    ) -> None:
        """Store messages."""

    def messages(self, folder: str = "INBOX") -> dict[int, bytes]:
        """Octets by UID, seen without leaving a trace."""

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """Flags by UID, without ``\\Recent``."""

    def dates(self, folder: str = "INBOX") -> dict[int, datetime]:
        """INTERNALDATE by UID."""

    def recent(self, folder: str = "INBOX") -> int:
        """How many messages no client was told of yet."""

    def mark(self, uid: int, flags: str, folder: str = "INBOX") -> None:
        """Set flags."""

    def take_away(self, uid: int, folder: str = "INBOX") -> None:
        """Remove one message for good."""

    def recreate(self, folder: str) -> None:
        """Delete a folder and make it anew."""

    def subscribed(self) -> set[str]:
        """Names of subscribed folders."""

    def folders(self) -> set[str]:
        """Names of all folders."""


class Place(Protocol):
    """An empty account, seen from both sides."""

    @property
    def observer(self) -> Observer:
        """The second client."""

    def store(self) -> Store:
        """A new connection of the client under test."""


def fill(
    place: Place, *raws: bytes, folder: str = "INBOX", flags: str = "", when: datetime | None = None
) -> list[int]:
    """Let the second client store messages; the UIDs of all that the folder holds then (servers start anywhere)."""
    place.observer.deliver(raws, folder, flags, when)
    return sorted(place.observer.messages(folder))


@pytest.fixture(params=["America/New_York", "Asia/Kolkata"])
def local_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the test in this time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


class MailboxContract:
    """Promises of every store."""

    keeps_keywords = True
    """Whether the server stores keywords."""
    keeps_appended_keywords: bool | None = None
    """The same for keywords given to APPEND, where it differs."""
    tells_uid = True
    """Whether `append` gives the UID."""
    counts_changes = True
    """Whether the server counts the changes of each message."""
    tells_parts = True
    """Whether what the server says of a message's parts is what they are."""
    altered: frozenset[str] = frozenset()
    """Names in NASTY of what the server itself is known to change."""

    @pytest.fixture
    def place(self) -> Place:
        """An empty account; every subclass gives its own."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, place: Place) -> Iterator[Store]:
        """A connection to it."""
        store = place.store()
        yield store
        store.close()

    def test_reading_leaves_no_trace(self, place: Place, store: Store) -> None:
        """After everything a reader can do, the second client finds no flag set and all messages still recent."""
        expected = fill(place, PLAIN, PLAIN, PLAIN)
        box = store.open("INBOX", readonly=True)
        uids = box.uids()
        assert uids == expected
        assert [m.raw for m in box.fetch(uids)] == [PLAIN] * 3
        assert box.status().messages == 3
        for told in (set(box.flags(uids)), set(box.sizes(uids)), set(box.headers(uids, "Subject"))):
            assert told == set(uids)
        box.close()
        assert place.observer.flags() == {uid: set() for uid in uids}
        assert place.observer.recent() == 3

    def test_fetching_for_writing_sets_no_flag(self, place: Place, store: Store) -> None:
        """A folder opened for writing still shows every message unseen after it was fetched."""
        fill(place, PLAIN)
        box = store.open("INBOX")
        assert len(list(box.fetch(box.uids()))) == 1
        box.close()
        assert list(place.observer.flags().values()) == [set()]

    @pytest.mark.parametrize("name", NASTY)
    def test_octets_survive(self, place: Place, store: Store, name: str) -> None:
        """What is appended is what is fetched, octet for octet, also by the second client; its size is told right."""
        raw = NASTY[name]
        box = store.open("INBOX")
        box.append(raw)
        (uid,) = box.uids()
        (kept,) = box.fetch([uid])
        assert (kept.raw == raw) == (name not in self.altered)
        assert place.observer.messages() == {uid: kept.raw}
        assert box.sizes([uid]) == {uid: len(kept.raw)}

    @pytest.mark.usefixtures("local_zone")
    @pytest.mark.parametrize("offset", [-8 * 60, 0, 5 * 60 + 45])
    def test_the_arrival_date_survives(self, place: Place, store: Store, offset: int) -> None:
        """INTERNALDATE is the same instant wherever the client runs and whatever zone it was written in."""
        when = datetime(2024, 3, 31, 2, 30, 1, tzinfo=timezone(timedelta(minutes=offset)))
        box = store.open("INBOX")
        box.append(PLAIN, (), when)
        (found,) = box.fetch(box.uids())
        assert found.internal_date == when
        assert found.internal_date.utcoffset() is not None
        assert list(place.observer.dates().values()) == [when]

    def test_a_naive_date_is_refused(self, place: Place, store: Store) -> None:
        """A date without a zone is a programming error, never a guess; nothing is stored."""
        with pytest.raises(ValueError, match="time zone"):
            store.open("INBOX").append(PLAIN, (), datetime(2024, 1, 1))
        assert place.observer.messages() == {}

    def test_uids_from_a_number_on(self, place: Place, store: Store) -> None:
        """UIDs come ascending, only from the given one on, over gaps; beyond the last there is none."""
        a, b, c, d, e = fill(place, *[PLAIN] * 5)
        place.observer.take_away(b)
        place.observer.take_away(d)
        box = store.open("INBOX")
        assert box.uids() == [a, c, e]
        assert box.uids(c) == [c, e]
        assert box.uids(d) == [e]
        assert box.uids(e + 1) == []
        assert box.uids(e + 99) == []

    def test_uids_since_a_day(self, place: Place, store: Store) -> None:
        """`since` leaves out what arrived before that day."""
        fill(place, PLAIN, when=datetime(2020, 5, 1, 12, tzinfo=UTC))
        old, new = fill(place, PLAIN, when=datetime(2021, 5, 1, 12, tzinfo=UTC))
        box = store.open("INBOX")
        assert box.uids(since=date(2020, 1, 1)) == [old, new]
        assert box.uids(since=date(2020, 6, 1)) == [new]
        assert box.uids(new, since=date(2020, 1, 1)) == [new]
        assert box.uids(since=date(2022, 1, 1)) == []

    def test_an_empty_folder(self, store: Store) -> None:
        """An empty folder gives empty answers."""
        box = store.open("INBOX")
        assert box.uids() == []
        assert list(box.fetch([])) == []
        assert list(box.fetch([1, 2])) == []
        assert box.flags([]) == box.add_flags([], ["\\Seen"]) == {}
        assert box.sizes([]) == {}
        assert box.headers([], "Subject") == {}
        box.remove([])
        assert box.status().messages == 0

    def test_append_tells_the_uid(self, place: Place, store: Store) -> None:
        """The UID that append gives is the message's; UIDNEXT had foretold it."""
        box = store.open("INBOX")
        expected = box.status().uidnext
        uid = box.append(PLAIN)
        assert uid == (expected if self.tells_uid else None)
        assert place.observer.messages() == {expected: PLAIN}
        assert box.status().uidnext == expected + 1

    def test_append_keeps_flags(self, place: Place, store: Store) -> None:
        r"""Flags and keywords are stored; \Recent and \Deleted are left out."""
        box = store.open("INBOX")
        box.append(PLAIN, ["\\Seen", "\\Flagged", "\\Deleted", "\\Recent", "$Forwarded"])
        keyword = (
            self.keeps_keywords if self.keeps_appended_keywords is None else self.keeps_appended_keywords
        )
        expected = {"\\Seen", "\\Flagged"} | ({"$Forwarded"} if keyword else set())
        assert list(place.observer.flags().values()) == [expected]
        (found,) = box.fetch(box.uids())
        assert found.flags == expected

    def test_what_is_gone_is_missing(self, place: Place, store: Store) -> None:
        """Messages that another client removes, also while the folder is open, are missing from every answer."""
        a, b, c = fill(place, PLAIN, PLAIN, PLAIN)
        box = store.open("INBOX")
        assert box.uids() == [a, b, c]
        place.observer.take_away(b)
        assert set(box.flags([a, b, c, c + 9])) == {a, c}
        assert set(box.sizes([a, b, c, c + 9])) == {a, c}
        assert set(box.headers([a, b, c, c + 9], "From")) == {a, c}
        assert [m.uid for m in box.fetch([c, b, c + 9, a])] == [c, a]
        assert box.uids() == [a, c]

    def test_taken_away_while_fetching(self, place: Place, store: Store) -> None:
        """When messages go away while others are being fetched, the others still come, each with its own octets.

        One that is gone is left out, or comes whole where the server still holds it for us (RFC 2180, section 4.1).
        """
        raws = [PLAIN + b"%d\r\n" % number for number in range(60)]
        uids = fill(place, *raws)
        coming = store.open("INBOX", readonly=True).fetch(uids)
        first = next(coming)
        gone = {uids[54], uids[56]}
        for uid in gone:
            place.observer.take_away(uid)
        found = {m.uid: m.raw for m in (first, *coming)}
        assert {**dict(zip(uids, raws, strict=True)), **found} == dict(zip(uids, raws, strict=True))
        assert set(uids) - set(found) <= gone

    def test_fetch_gives_each_once_in_the_given_order(self, place: Place, store: Store) -> None:
        """The order is the caller's; a UID named twice comes once."""
        a, _, c, d = fill(place, *[PLAIN] * 4)
        box = store.open("INBOX")
        assert [m.uid for m in box.fetch([d, a, d, c])] == [d, a, c]

    def test_headers_come_as_they_stand(self, place: Place, store: Store) -> None:
        """One field with its folded lines, all of it where it stands twice, empty where it does not stand."""
        field = b"X-Unpixel: v=1;\r\n  a=b;\r\n\tc=d\r\n"
        again = b"x-unpixel: second\r\n"
        a, b, c = fill(place, field + PLAIN, PLAIN, again + PLAIN + b"X-Unpixel: body\r\n")
        found = store.open("INBOX", readonly=True).headers([a, b, c], "X-Unpixel")
        assert found == {a: field, b: b"", c: again}

    def test_flags_are_read_back(self, place: Place, store: Store) -> None:
        """Setting flags adds to those that stand, on the named messages only, and tells what stands now."""
        fill(place, PLAIN, flags="\\Answered")
        a, b, c = fill(place, PLAIN, PLAIN)
        box = store.open("INBOX")
        keyword = {"$Tracked"} if self.keeps_keywords else set()
        found = box.add_flags([a, b, c + 9], ["\\Flagged", "$Tracked"])
        assert found == {a: {"\\Answered", "\\Flagged"} | keyword, b: {"\\Flagged"} | keyword}
        assert place.observer.flags() == {**found, c: set()}
        assert box.status().stores("$Tracked") == self.keeps_keywords

    def test_a_flag_that_cannot_be_sent(self, place: Place, store: Store) -> None:
        """A keyword with a space or a line end is refused with a sentence before anything is sent."""
        (uid,) = fill(place, PLAIN)
        box = store.open("INBOX")
        for flag in ("two words", "a\r\nA9 DELETE INBOX", "x)", ""):
            with pytest.raises(MailboxError, match="keyword"):
                box.add_flags([uid], [flag])
        assert place.observer.flags() == {uid: set()}

    def test_readonly_changes_nothing(self, place: Place, store: Store) -> None:
        """A folder opened for reading refuses to change messages, with a sentence."""
        (uid,) = fill(place, PLAIN)
        store.ensure("Elsewhere")
        box = store.open("INBOX", readonly=True)
        for act in (
            lambda: box.add_flags([uid], ["\\Seen"]),
            lambda: box.move([uid], "Elsewhere"),
            lambda: box.remove([uid]),
        ):
            with pytest.raises(MailboxError, match="reading only"):
                act()
        assert place.observer.flags() == {uid: set()}
        assert place.observer.messages() == {uid: PLAIN}

    def test_ensure_makes_a_folder_nobody_is_subscribed_to(self, place: Place, store: Store) -> None:
        """The folder is there, holds mail, is not subscribed, and making it again keeps its mail."""
        store.ensure("unpixel/Quarantine")
        store.open("unpixel/Quarantine").append(PLAIN)
        store.ensure("unpixel/Quarantine")
        assert list(place.observer.messages("unpixel/Quarantine").values()) == [PLAIN]
        assert "unpixel/Quarantine" in store.folders()
        assert not {name for name in place.observer.subscribed() if name.startswith("unpixel")}

    @pytest.mark.parametrize("name", ["Entwürfe & Co", "日本語", "a*b%c", 'quo"te', "peter~&-x", "Größe 1"])
    def test_folder_names_of_all_kinds(self, place: Place, store: Store, name: str) -> None:
        """Names in any script are made, listed, opened and filled; the second client reads the same name."""
        store.ensure(name)
        assert name in store.folders()
        assert store.open(name).name == name
        store.open(name).append(PLAIN)
        assert name in place.observer.folders()

    def test_inbox_in_any_case(self, place: Place, store: Store) -> None:
        """INBOX is one folder however it is written, and making it is harmless."""
        (uid,) = fill(place, PLAIN)
        store.ensure("inbox")
        assert store.open("Inbox").uids() == [uid]

    def test_an_unknown_folder(self, store: Store) -> None:
        """Opening a folder that does not exist names it in a sentence with a next step; nothing is made."""
        with pytest.raises(MailboxError, match=r"Nowhere.*; .*\.$"):
            store.open("Nowhere")
        assert "Nowhere" not in store.folders()

    def test_two_folders_of_one_store(self, place: Place, store: Store) -> None:
        """Two open folders do not disturb each other, even in the middle of fetching."""
        raws = [b"Subject: %d\r\n\r\n" % number for number in range(60)]
        fill(place, *raws)
        inbox = store.open("INBOX")
        store.ensure("Other")
        other = store.open("Other")
        seen = []
        for message in inbox.fetch(inbox.uids()):
            seen.append(message.raw)
            if len(seen) % 20 == 0:
                other.append(PLAIN)
                assert len(other.uids()) == len(seen) // 20
        assert seen == raws
        assert set(place.observer.messages("Other").values()) == {PLAIN}

    def test_a_folder_made_anew(self, place: Place, store: Store) -> None:
        """After a folder was deleted and made anew, its old UIDs reach nothing: every call says so."""
        store.ensure("Lists")
        store.ensure("Safe")
        (uid,) = fill(place, PLAIN, folder="Lists")
        box = store.open("Lists")
        assert box.uids() == [uid]
        store.open("INBOX").uids()
        place.observer.recreate("Lists")
        assert fill(place, b"Subject: another\r\n\r\n", folder="Lists") == [uid]
        for act in (
            lambda: box.uids(),
            lambda: list(box.fetch([uid])),
            lambda: box.flags([uid]),
            lambda: box.add_flags([uid], ["\\Seen"]),
            lambda: box.status(),
        ):
            with pytest.raises(Recreated, match="Lists"):
                act()
        assert place.observer.flags("Lists") == {uid: set()}

    def test_large_attachments_can_be_left_out(self, place: Place, store: Store) -> None:
        """Of a large message comes what is read of it, with its size; the others are not given."""
        uids = fill(place, PLAIN, LETTER, NASTY["large"], flags="\\Flagged", when=ARRIVED)
        box = store.open("INBOX", readonly=True)
        given = list(box.skim([*uids, uids[-1] + 1000], 1 << 20))
        if not self.tells_parts:
            assert given == []
            return
        (found,) = given
        (whole,) = box.fetch([uids[1]])
        assert found == replace(whole, raw=found.raw, size=len(LETTER))
        assert found.octets == whole.octets == len(LETTER)
        assert len(found.raw) < 2000
        whole_parts, parts = read(LETTER).parts, read(found.raw).parts
        assert [(p.path, p.content_type) for p in parts] == [(p.path, p.content_type) for p in whole_parts]
        assert [p.body for p in parts] == [p.body for p in whole_parts[:3]] + [b"", b"SGVsbG8="]
        assert list(box.skim(uids, 100)) == []
        assert place.observer.flags() == {uid: {"\\Flagged"} for uid in uids}

    def test_closing_expunges_nothing(self, place: Place, store: Store) -> None:
        r"""Leaving a folder and the store leaves messages that someone marked \Deleted."""
        (uid,) = fill(place, PLAIN)
        place.observer.mark(uid, "\\Deleted")
        box = store.open("INBOX")
        assert box.uids() == [uid]
        box.close()
        store.open("INBOX")
        store.close()
        store.close()
        assert place.observer.messages() == {uid: PLAIN}
        assert place.observer.flags() == {uid: {"\\Deleted"}}

    def test_a_closed_store_says_so(self, store: Store) -> None:
        """After close every call fails with a sentence."""
        store.close()
        with pytest.raises(MailboxError, match="ended"):
            store.open("INBOX")


class MovingContract(MailboxContract):
    """Promises of stores that can move and take away."""

    def test_move(self, place: Place, store: Store) -> None:
        """Moved messages keep octets, flags and date; those that others marked deleted stay where they are.

        Where the new UIDs are told, they are those of the messages.
        """
        keyword = " $Label" if self.keeps_keywords else ""
        raws = [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(4)]
        a, b, c, d = fill(place, *raws, flags=f"\\Seen{keyword}", when=ARRIVED)
        place.observer.mark(d, "\\Deleted")
        store.ensure("Quarantine")
        assert store.can_move()
        box = store.open("INBOX")
        told = box.move([a, c, d + 9], "Quarantine")
        assert place.observer.messages() == {b: raws[1], d: raws[3]}
        assert "\\Deleted" in place.observer.flags()[d]
        moved = place.observer.messages("Quarantine")
        assert sorted(moved.values()) == [raws[0], raws[2]]
        assert {old: moved[new] for old, new in told.items()} in ({}, {a: raws[0], c: raws[2]})
        expected = {"\\Seen", *keyword.split()}
        assert list(place.observer.flags("Quarantine").values()) == [expected, expected]
        assert set(place.observer.dates("Quarantine").values()) == {ARRIVED}
        assert box.uids() == [b, d]

    def test_remove(self, place: Place, store: Store) -> None:
        r"""Only the named messages go, although another one is marked \Deleted."""
        a, b, c = fill(place, PLAIN, PLAIN, PLAIN)
        place.observer.mark(c, "\\Deleted")
        box = store.open("INBOX")
        box.remove([b, c + 9])
        assert set(place.observer.messages()) == {a, c}
        assert box.uids() == [a, c]

    @pytest.mark.parametrize("how", ["fetch", "headers"])
    def test_what_changed_meanwhile_is_not_removed(self, place: Place, store: Store, how: str) -> None:
        """What another program marks after it was read stays, unmarked as deleted; read anew, it goes.

        A server that does not count changes takes it away.
        """
        a, b, c = fill(place, PLAIN, PLAIN, PLAIN)
        box = store.open("INBOX")
        assert box.status().modseq is self.counts_changes

        def read() -> None:
            assert how == "headers" or len(list(box.fetch([a, b, c]))) == 3
            assert how == "fetch" or len(box.headers([a, b, c], "Subject")) == 3

        read()
        box.add_flags([c], ["\\Seen"])  # our own change is none of another program
        place.observer.mark(b, "\\Flagged")
        if not self.counts_changes:
            box.remove([a, b, c])
            assert place.observer.messages() == {}
            return
        with pytest.raises(Changed, match=f"changed message {b} of INBOX"):
            box.remove([a, b, c])
        assert place.observer.flags() == {b: {"\\Flagged"}}
        assert [stored.uid for stored in box.fetch([b])] == [b]
        box.remove([b])
        assert place.observer.messages() == {}

    def test_move_to_an_unknown_folder(self, place: Place, store: Store) -> None:
        """The sentence names the folder; the messages stay, unmarked."""
        (uid,) = fill(place, PLAIN)
        with pytest.raises(MailboxError, match="Nowhere"):
            store.open("INBOX").move([uid], "Nowhere")
        assert place.observer.messages() == {uid: PLAIN}
        assert place.observer.flags() == {uid: set()}


class NotMovingContract(MailboxContract):
    """Promises of stores that cannot move: they refuse before changing anything."""

    def test_move_and_remove_are_refused(self, place: Place, store: Store) -> None:
        """Both say so in a sentence; nothing is copied, marked or gone."""
        (uid,) = fill(place, PLAIN)
        store.ensure("Quarantine")
        assert not store.can_move()
        box = store.open("INBOX")
        with pytest.raises(MailboxError, match=r"risk.*; .*\.$"):
            box.move([uid], "Quarantine")
        with pytest.raises(MailboxError):
            box.remove([uid])
        assert place.observer.messages() == {uid: PLAIN}
        assert place.observer.flags() == {uid: set()}
        assert place.observer.messages("Quarantine") == {}
