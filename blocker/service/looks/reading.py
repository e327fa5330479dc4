"""Reading the messages of one folder: large ones without their attachments, and one by one where an answer fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from blocker.catalogue.codes import Stage
from blocker.judging.judge import token_of
from blocker.mailbox.protocol import ConnectionLost, Mailbox, Stored, TryLater
from blocker.output.log import logger
from blocker.pieces import pieces
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import NOT_THE_MESSAGE, reason_of
from blocker.service.exchange.record import Batch, Recorder
from blocker.service.exchange.steps import Entry, Opened, Place
from blocker.service.looks.unread import Unread

SIZES_AT_ONCE = 100
"""Messages whose sizes are asked for together."""
LARGE = 256 * 1024
"""Octets above which a message is read without its attachments, where that is enough: it takes two answers more."""
_log = logger()


class Reader:
    """Reads from one open folder. Raises what the connection and a stop raise, and nothing for a message's sake."""

    def __init__(
        self,
        account: Account,
        mailbox: Mailbox,
        opened: Opened,
        unread: Unread,
        recorder: Recorder | None,
        *,
        skims: bool = True,
    ) -> None:
        """`unread` notes what cannot be read; `recorder` writes at once what broke the connection, None does not.

        Without `skims` every message is read whole.
        """
        self._account = account
        self._mailbox = mailbox
        self._opened = opened
        self._unread = unread
        self._recorder = recorder
        self._skims = skims

    def readable(
        self, batch: Batch, uids: Sequence[int], known: Callable[[Sequence[int]], set[int]]
    ) -> Iterator[Stored]:
        """Those that are not `known` and not too large; large ones without their attachments."""
        large = min(LARGE, self._account.limit)
        for part in pieces(uids, SIZES_AT_ONCE):
            self._account.begin()
            before = known(part)
            sizes = self._mailbox.sizes([uid for uid in part if uid not in before])
            here = [uid for uid in part if uid in sizes]
            for skimmed, some in groupby(here, lambda uid: sizes[uid] > large):  # noqa: B023 (used up at once)
                if not skimmed:
                    yield from self.whole(batch, list(some), {})
                    continue
                for uid in some:
                    yield from self._large(batch, uid, sizes[uid])

    def _large(self, batch: Batch, uid: int, size: int) -> Iterator[Stored]:
        """A large message without its attachments; whole where it cannot be had so and is not too large for that."""
        stored = self._skimmed(self._opened.place(uid)) if self._skims else None
        if stored is not None:
            yield stored
        elif size > self._account.limit:
            self._unread.too_large(batch, uid, size)
        else:
            yield from self.whole(batch, [uid], {})

    def _skimmed(self, place: Place) -> Stored | None:
        if place in self._account.whole:
            return None
        try:
            found = next(self._mailbox.skim([place.uid], self._account.limit), None)
        except ConnectionLost:
            self._account.whole.add(place)  # perhaps over the very answer: it is not asked for again
            raise
        except NOT_THE_MESSAGE:
            raise
        except Exception as error:  # noqa: BLE001 (it is fetched whole then)
            _log.info("message not read in parts", account=place.account, uid=place.uid, error=str(error))
            return None
        # What a field of ours says counts for the whole message.
        return None if found is None or token_of(found.raw) else found

    def whole(self, batch: Batch, uids: Sequence[int], before: Mapping[int, Entry]) -> Iterator[Stored]:
        """The messages; one that the server will not give does not keep the others back.

        `before` says how often those were tried that were not read before.
        """
        left = list(uids)
        try:
            for stored in self._mailbox.fetch(uids):
                left = left[left.index(stored.uid) + 1 :]
                yield stored
            return
        except ConnectionLost as error:
            if left and not isinstance(error, TryLater):
                self._suspect(left, len(uids) == 1, before, str(error))
            raise
        except NOT_THE_MESSAGE:
            raise
        except Exception as error:  # noqa: BLE001 (whatever an answer raises)
            if len(uids) == 1:
                self._unread.failed(
                    batch, uids[0], 0, datetime.now(UTC), before.get(uids[0]), reason_of(error)
                )
                return
        for uid in left:
            yield from self.whole(batch, [uid], before)

    def _suspect(self, uids: Sequence[int], alone: bool, before: Mapping[int, Entry], why: str) -> None:
        """The connection broke over these, perhaps over the answer for one: next time each is asked for alone.

        It is recorded now, as what was read before them is not; asked for alone, one that breaks it counts as unread.
        """
        if self._recorder is None:
            return
        batch = Batch()
        for uid in uids:
            if alone:
                self._unread.broke(batch, uid, before.get(uid), why)
            else:
                attempts = before[uid].attempts if uid in before else 0
                place = self._opened.place(uid)
                batch.entries.append(Entry(place, Stage.JUDGING, attempts=attempts, reason=why))
        self._recorder.record(batch, None)
