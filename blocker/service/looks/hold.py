"""Mode hold: new mail waits in a screening folder until it is clean, and only then reaches the inbox.

A rule of the server files new mail there, so no other program is told of it before. What holds no tracker is moved on
as it is; the clean copy of any other is put into the inbox, read back and compared, and its original goes to the
quarantine. **Whatever goes wrong, the message is let go unchanged**: mail that does not arrive is worse than a pixel.

`held` says what becomes of each message; here is said when, and in which order.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from blocker.choices.modes import Mode
from blocker.mailbox.protocol import MailboxError, Store
from blocker.output.log import logger
from blocker.pieces import pieces
from blocker.service.exchange.account import Account, Stopped
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.steps import Place
from blocker.service.looks.folder import Folder, tidy
from blocker.service.looks.held import Held
from blocker.service.looks.look import Look

AT_ONCE = 20
"""Messages after which the time is looked at, and what is clean moves on."""
LARGE = 256 << 10
"""Octets above which a message may take long to judge."""
_log = logger()


@dataclass
class Waiting:
    """Since when messages are held, as far as this process knows: in seconds of the monotonic clock."""

    since: dict[Place, float] = field(default_factory=dict)
    made: bool = False
    """Whether the screening folder was seen to exist: asked once a connection, as mail waits for the answer."""

    def keep(self, places: Sequence[Place]) -> None:
        """These are held now; all others are not any more."""
        now = time.monotonic()
        self.since = {place: self.since.get(place, now) for place in places}

    def too_long(self, place: Place, seconds: float) -> bool:
        """Whether a message was held for longer than that."""
        return time.monotonic() - self.since.get(place, time.monotonic()) >= seconds


class Hold:
    """One look at the screening folder. Raises what the connection and a stop raise, and nothing for a message's sake."""

    def __init__(self, account: Account, store: Store, waiting: Waiting) -> None:
        if not waiting.made:
            store.ensure(account.config.screening)
            waiting.made = True
        self._account = account
        self._waiting = waiting
        self._folder, instead = _opened(account, store)
        self._config, self._mailbox = self._folder.config, self._folder.mailbox
        self._policy = Held(self._folder, instead)
        self._look = Look(self._folder, self._policy)

    @property
    def uidnext(self) -> int:
        """What arrives from now on has this UID or a higher one."""
        return self._folder.uidnext

    @property
    def done(self) -> Counter[str]:
        """How many messages were dealt with, by action."""
        return self._folder.done

    def close(self) -> None:
        """As a look at any folder."""
        self._look.close()

    def new_mail(self) -> None:
        """Let everything go that is held: clean, or as it is."""
        uids = self._mailbox.uids()
        self._waiting.keep([self._folder.place(uid) for uid in uids])
        self._overdue(uids)
        tidy(self._account, self._folder.name)
        self.resume()
        for part in self._in_turn(uids):
            self._account.begin()
            self._handle(self._overdue(part))

    def pass_on(self) -> None:
        """In a pause: let everything go unread, once what is under way has come to its end by its own steps."""
        uids = self._mailbox.uids()
        self._waiting.keep([self._folder.place(uid) for uid in uids])
        tidy(self._account, self._folder.name)
        self.resume()
        self._policy.let_go_unread(uids, "the account was paused")

    def resume(self) -> None:
        """Go on with what is under way, and move on what was to be released."""
        self._look.resume()
        self._policy.releases.go_on()

    def _in_turn(self, uids: Sequence[int]) -> Iterator[Sequence[int]]:
        """These in pieces, those last and singly that may take long to judge: no other waits for them, come when it may."""
        if len(uids) < 2:
            yield uids
            return
        sizes = self._mailbox.sizes(uids)
        large = [uid for uid in uids if sizes.get(uid, 0) > LARGE]
        yield from pieces([uid for uid in uids if uid not in large], AT_ONCE)
        met = set(uids)
        for uid in large:
            yield [uid]
            new = [uid for uid in self._mailbox.uids() if uid not in met]
            met.update(new)
            yield from pieces(new, AT_ONCE)

    def _overdue(self, uids: Sequence[int]) -> Sequence[int]:
        """Let go what was held for too long; the others."""
        busy = self._policy.busy()
        late = [uid for uid in uids if self._late(uid) and uid not in busy]
        if late:
            seconds = self._config.hold_seconds
            self._policy.let_go_unread(late, f"it was held for more than {seconds:g} seconds")
        return [uid for uid in uids if uid not in late]

    def _late(self, uid: int) -> bool:
        seconds = self._config.hold_seconds
        return seconds > 0 and self._waiting.too_long(self._folder.place(uid), seconds)

    def _handle(self, uids: Sequence[int]) -> None:
        """As in any folder; whatever goes wrong on the way lets all of these go."""
        if not uids:
            return
        try:
            self._look.handle(uids, advance=False)
        except (*NOT_THE_MESSAGE, Stopped):
            raise
        # A mistake of ours too: it is told with its trace, and no mail waits for its mending.
        except Exception as error:  # noqa: BLE001
            _log.exception("held mail is let go", account=self._config.name)
            why = f"it could not be dealt with ({error or type(error).__name__})"
            self._policy.let_go_unread(uids, why)


def _opened(account: Account, store: Store) -> tuple[Folder, str]:
    """The screening folder; and why nothing is exchanged, should `hold_seconds` be 0 there."""
    # To judge and to exchange is mode replace; where to, the policy says.
    config = replace(account.config, mode=Mode.REPLACE)
    try:
        opened = Folder.open(replace(account, config=config), store, config.screening)
    except NOT_THE_MESSAGE:
        raise
    except MailboxError as error:
        # Most likely there can be no quarantine: mode copy needs none, and what is held is let go.
        why = f"it is let go unchanged, as its original could not be kept ({error})"
        config = replace(config, mode=Mode.COPY, hold_seconds=0.0)
        return Folder.open(replace(account, config=config), store, config.screening), why
    return opened, "it is let go unchanged, as the configuration says"
