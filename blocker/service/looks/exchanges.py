"""The exchanges of one look: gathered in a batch, begun together, gone on with, and counted."""

from __future__ import annotations

from collections.abc import Callable

from blocker.catalogue.codes import Stage
from blocker.judging.judge import Judgement
from blocker.mailbox.protocol import Stored
from blocker.service.exchange.act import Exchanger
from blocker.service.exchange.again import Again
from blocker.service.exchange.decide import Found
from blocker.service.exchange.quota import Quota
from blocker.service.exchange.record import Batch
from blocker.service.exchange.senders import Applied
from blocker.service.exchange.steps import Entry, Place, exchanged
from blocker.service.exchange.under_way import Wanted
from blocker.service.looks.folder import Folder

AT_ONCE = 50
AT_ONCE_OCTETS = 8 * 1024 * 1024
"""Messages, and about how many octets of them, that are exchanged together."""


def _nothing() -> None:
    """What follows a release where nothing is ever released."""


class Exchanges:
    """Exchanges messages of one folder by an exchanger. Raises what that raises."""

    def __init__(
        self,
        folder: Folder,
        exchanger: Exchanger,
        quota: Quota,
        released: Callable[[], None] = _nothing,
    ) -> None:
        """`quota` is that of the folder the copies go to.

        `released` is called after exchanges some of which ended in a release that waits for its move.
        """
        self._folder = folder
        self._exchanger = exchanger
        self._quota = quota
        self._released = released
        self._to_release = False
        self.again = Again(folder.account, folder.store, folder.mailbox)
        """Knows messages of the same bytes."""

    def found(self, stored: Stored, judgement: Judgement) -> Found:
        """What is known of a message once it is judged; a copy of it counts against the quota from now on."""
        copy = judgement.copy
        doubt = self._folder.account.fidelity.doubt
        return Found(
            tracked=judgement.report.tracked,
            changed=copy is not None,
            refused=judgement.refused,
            no_copy="" if copy is None else doubt or self._quota.take(len(copy)),
            flags=stored.flags,
        )

    def gather(self, batch: Batch, stored: Stored, place: Place, applied: Applied, attempts: int) -> None:
        """Have a message exchanged with its batch. From here on the journal's row is the exchange's own."""
        if place in batch.settled:
            batch.settled.remove(place)
        entry = Entry(
            place,
            Stage.JUDGING,
            flags=stored.flags,
            internal_date=stored.internal_date.isoformat(),
            attempts=attempts,
        )
        batch.exchange[applied.judgement.report.message.sha256] = Wanted(
            entry, stored.raw, applied.judgement, applied.note
        )
        batch.octets += len(stored.raw)
        if len(batch.exchange) == AT_ONCE or batch.octets > AT_ONCE_OCTETS:
            self.begin(batch)

    def begin(self, batch: Batch) -> None:
        """Exchange what was gathered."""
        wanted, batch.exchange, batch.octets = list(batch.exchange.values()), {}, 0
        if wanted:
            for after in self._exchanger.begin(wanted):
                self.again.begun(after)
                self._count(after)
        if self._to_release:
            self._to_release = False
            self._released()

    def resume(self, entry: Entry) -> None:
        """Go on with an exchange from where the journal says it is."""
        self._count(self._exchanger.resume(entry))

    def failed(self, entry: Entry, why: str) -> None:
        """Count a refusal that no step foresaw."""
        self._count(self._exchanger.failed(entry, why))

    def abandon(self, entry: Entry, why: str) -> None:
        """Leave a message as it is now, without asking the server for anything."""
        self._exchanger.abandon(entry, why)

    def write(self, batch: Batch, cursor: int | None) -> None:
        """Exchange, set keywords, then record everything in one transaction, then tell."""
        self.begin(batch)
        self._folder.recorder.flag(batch)
        self._quota.forget()
        self._folder.recorder.record(batch, cursor)

    def _count(self, after: Entry) -> None:
        """Note what became of an exchange."""
        self._to_release |= after.stage == Stage.RELEASING
        if after.stage == Stage.DONE:
            self._folder.done[exchanged(after.mode)] += 1
        elif after.stage == Stage.LEFT:
            self._folder.done["left"] += 1
