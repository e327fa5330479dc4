"""Mode hold while held mail cannot be dealt with: nothing is judged and nothing begun, but no mail is held for ever.

So it is while the catalogue cannot be used, and after a look that was not finished: what is overdue has a way out that
shares next to nothing with reading, judging and exchanging, whatever these raise.

What is held past its deadline moves to the inbox as it is, without a record. A MOVE needs none: each message is moved
or unaffected (RFC 9051, 6.4.8), and the journal, which has not begun with it, has nothing to go on with later. A move
that is COPY and EXPUNGE does need one, as its half would be taken for another message: without MOVE, mail waits.

**What an exchange had begun with waits too**: its clean copy may lie in the inbox, and the original beside it would be
the message a second time. The journal, which knows, cannot be read; the spool tells it as well, also after a restart,
as it has the original from before the first step until the end is recorded. A copy of another computer's is not known
here; that one sees that the original is gone, as if its owner had moved it, and takes its copy away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from blocker.config import AccountConfig
from blocker.mailbox.protocol import Mailbox, MailboxError, Store
from blocker.service.exchange.events import Event, Observer
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.spool import Spool
from blocker.service.exchange.steps import Place
from blocker.service.looks.hold import Waiting


class Overdue:
    """Lets go what one account holds for too long. `waiting` knows since when; it is kept up here too."""

    def __init__(
        self,
        config: AccountConfig,
        spool: Spool,
        observer: Observer,
        waiting: Waiting,
        record: Callable[[Sequence[Place], str], None] = lambda _places, _why: None,
    ) -> None:
        self._config = config
        self._record = record
        """Called with what was let go, and why, where that can be recorded."""
        self._spool = spool
        self._observer = observer
        self._waiting = waiting
        self._told: set[str] = set()

    def look(self, store: Store, why: str) -> None:
        """One look at the screening folder; `why` is why nothing else is done. Raises what the mailbox raises."""
        config = self._config
        mailbox = store.open(config.screening)
        uidvalidity = mailbox.status().uidvalidity
        held = [Place(config.name, config.screening, uidvalidity, uid) for uid in mailbox.uids()]
        self._waiting.keep(held)
        late = {place for place in held if self._waiting.too_long(place, config.hold_seconds)}
        if late and not store.moves_at_once():
            self._tell_once(f"Held mail waits: the server has no MOVE, and {why}")
            return
        begun = late.intersection(self._spool.places(config.name, config.screening))
        if begun:
            self._tell_once(f"Held mail waits that was being exchanged, its copy may be in the inbox: {why}")
        self._release(mailbox, sorted(late - begun, key=lambda place: place.uid), why)

    def _release(self, mailbox: Mailbox, places: Sequence[Place], why: str) -> None:
        """Move these, all at once; where that is refused for one's sake, the others without it."""
        if not places:
            return
        try:
            mailbox.move([place.uid for place in places], self._config.folders[0])
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            if len(places) == 1:
                self._tell_once(f"Held mail could not be released: {error}")
                return
            for place in places:
                self._release(mailbox, [place], why)
            return
        count = "1 message" if len(places) == 1 else f"{len(places)} messages"
        self._tell(f"{count} released unchanged: {why}")
        self._record(places, f"it was held for more than {self._config.hold_seconds:g} seconds: {why}")

    def _tell_once(self, detail: str) -> None:
        if detail not in self._told:
            self._told.add(detail)
            self._tell(detail)

    def _tell(self, detail: str) -> None:
        self._observer(Event(self._config.name, "trouble", self._config.screening, detail=detail))
