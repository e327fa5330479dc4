"""The catalogue's one door: open a database, record what was seen, ask what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from blocker.catalogue import (
    forgetting,
    listing,
    pages,
    patches,
    profiles,
    reading,
    schema,
    senders,
    settings,
    writing,
)
from blocker.catalogue.asked import Asked
from blocker.catalogue.errors import NotYours, told
from blocker.catalogue.figures import SenderOrder
from blocker.catalogue.listing import Place, Wanted
from blocker.catalogue.model import AccountRow
from blocker.catalogue.profiles import ServerProfile
from blocker.catalogue.senders import ALL_SENDERS, SenderFilter, SenderPage
from blocker.catalogue.settings import EVERY, SenderLevel
from blocker.catalogue.values import (
    EVERYTHING,
    Account,
    Accounts,
    MessageDetail,
    MessageFilter,
    MessageLine,
    Overview,
    Page,
    Seen,
    SenderDetail,
    SenderLine,
    VendorDetail,
    VendorLine,
)
from blocker.choices.levels import Setting


class Catalogue(Asked):
    """What this installation has seen of its mail. Safe to use from several threads.

    Every method but `export`, `details` and `forget` is one transaction; each raises CatalogueError with a sentence
    where the database cannot do it.
    """

    @classmethod
    def open(cls, url: str) -> Catalogue:
        """Open a database by its URL, made or brought up to the present schema where needed.

        Raises CatalogueError: the URL cannot be read, the disk is full or read-only, or the database
        is of a newer version or of another program (which is then left exactly as it was).
        """
        return cls(schema.open_engine(url))

    def limited(self, accounts: Accounts) -> Catalogue:
        """The same catalogue as somebody sees it who may know of these accounts alone: in every figure, list and answer
        the mail of others is as if it were not there. What is asked for them raises NotYours."""
        if accounts is None:
            return self
        return Catalogue(self.engine, accounts if self.only is None else accounts & self.only)

    def close(self) -> None:
        """End all connections."""
        self.engine.dispose()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def ensure_account(self, name: str, address: str, mode: str, level: str) -> int:
        """The account's id; its address, mode and level are set as given."""
        values = {"address": address, "mode": mode, "level": level}
        with self.writing() as connection:
            known = connection.scalar(select(AccountRow.id).where(AccountRow.name == name))
            if known is not None:
                connection.execute(update(AccountRow).where(AccountRow.id == known).values(**values))
                return known
            made = insert(AccountRow).returning(AccountRow.id)
            return connection.scalars(made, [{"name": name, "created": datetime.now(UTC)} | values]).one()

    def accounts(self) -> tuple[Account, ...]:
        """All accounts by name."""
        with self.reading() as connection:
            return reading.accounts(connection, self.only)

    def save_profile(
        self,
        account: str,
        host: str,
        mode: str,
        findings: Mapping[str, Any],
        why: Sequence[str] = (),
        checks: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """Keep what was found out about an account's server, in place of what was known before."""
        found = ServerProfile(account, host, mode, datetime.now(UTC), findings, why, checks)
        with self.writing() as connection:
            profiles.save(connection, found)

    def profile(self, account: str) -> ServerProfile | None:
        """What was found out about an account's server; None where nobody looked."""
        if self.only is not None and account not in self.only:
            return None
        with self.reading() as connection:
            return profiles.load(connection, account)

    def record(self, seen: Seen) -> int:
        """Record one message; its id. A place recorded before keeps its row: action and detail are updated."""
        return self.record_many([seen])[0]

    def record_many(self, seen: Sequence[Seen]) -> list[int]:
        """Record messages in one transaction; their ids in the order given. All are written, or none."""
        with told(self._where):
            try:
                return self._record(seen)
            except IntegrityError:
                # Another process recorded the same name or place between our look and our insert
                # (PostgreSQL only: SQLite has one writer). Now it is there to be found.
                return self._record(seen)

    def _record(self, seen: Sequence[Seen]) -> list[int]:
        with self.engine.begin() as connection:
            return writing.record(connection, seen)

    def seen_uids(self, account: str, mailbox: str, uidvalidity: int) -> set[int]:
        """Every UID of the mailbox that was recorded once, also where its row was forgotten since."""
        with self.reading() as connection:
            return writing.seen_uids(connection, account, mailbox, uidvalidity)

    def set_sender_level(self, domain: str, level: str | None, account: str = EVERY) -> str:
        """Set a sender's level (or `allow`) for an account or all, or with None take it back.

        Gives the organisational domain that it is kept under. Raises CatalogueError for what is no domain or no level.
        """
        self._mine(account)
        with self.writing() as connection:
            return settings.put(connection, domain, level, account)

    def sender_levels(self, account: str = EVERY) -> dict[str, Setting]:
        """What was set for senders and holds for an account, by organisational domain."""
        with self.reading() as connection:
            return settings.of_account(connection, account)

    def sender_level(self, domain: str) -> tuple[SenderLevel, ...]:
        """What was set for one sender: for all accounts first, then by account."""
        with self.reading() as connection:
            return settings.of_sender(connection, domain, self.only)

    def keep_patch(self, neutralised: str, patch: bytes, from_domain: str) -> None:
        """Keep the undo patch of a message that is not recorded, by the digest of the neutralised one."""
        with self.writing() as connection:
            patches.keep(connection, neutralised, patch, from_domain)

    def patch(self, neutralised: str) -> bytes | None:
        """The undo patch of a neutralised message; None where none is kept."""
        with self.reading() as connection:
            return patches.find(connection, neutralised)

    def overview(
        self,
        days: int | None = 30,
        *,
        account: str = "",
        today: date | None = None,
        own: tuple[date | None, date | None] | None = None,
    ) -> Overview:
        """The figures of the last `days` days by arrival (UTC), today included; of everything with None. `own` is a first
        and a last day in place of `days`; None is without an end."""
        with self.reading() as connection:
            return reading.overview(
                connection, days, today or datetime.now(UTC).date(), account, self.only, own
            )

    def senders(
        self, order: SenderOrder = "tracked", limit: int = 100, wanted: MessageFilter = EVERYTHING
    ) -> tuple[SenderLine, ...]:
        """Senders of the messages that pass a filter, by organisational domain, in one of `reading.ORDERS`."""
        with self.reading() as connection:
            return reading.senders(connection, order, limit, wanted, self.only)

    def senders_page(self, wanted: SenderFilter = ALL_SENDERS, page: int = 1, size: int = 50) -> SenderPage:
        """One page of the senders that pass a filter, with what was set for them."""
        with self.reading() as connection:
            return senders.page_of(connection, wanted, page, size, self.only)

    def sender(self, domain: str, *, today: date | None = None) -> SenderDetail | None:
        """What an organisational domain has sent; None where nothing came from it."""
        with self.reading() as connection:
            return reading.sender(connection, domain.lower(), today or datetime.now(UTC).date(), self.only)

    def vendors(self, limit: int = 100, wanted: MessageFilter = EVERYTHING) -> tuple[VendorLine, ...]:
        """Vendors whose pixels and beacons were found in messages that pass a filter, the one in most messages first."""
        with self.reading() as connection:
            return reading.vendors(connection, limit, wanted, self.only)

    def vendor(self, name: str, *, today: date | None = None) -> VendorDetail | None:
        """Where one vendor's pixels and beacons were found; None where none was."""
        with self.reading() as connection:
            return reading.vendor(connection, name, today or datetime.now(UTC).date(), self.only)

    def messages(self, wanted: MessageFilter = EVERYTHING, page: int = 1, size: int = 50) -> Page:
        """One page of the messages that pass a filter, newest first."""
        with self.reading() as connection:
            return pages.page_of(connection, wanted, page, size, self.only)

    def messages_after(
        self, wanted: Wanted, after: Place | None = None, limit: int = 50, most: int = 0
    ) -> tuple[Sequence[MessageDetail | MessageLine], Place | None]:
        """The next messages, newest first, and the last one's place where there are more. With `most` all that is known
        of each, and fewer of them where they have more than so many references together."""
        with self.reading() as connection:
            return listing.page(connection, wanted, after, limit, most, self.only)

    def message(self, id_: int) -> MessageDetail | None:
        """One recorded message with its references and reasons; None where there is none of this id."""
        with self.reading() as connection:
            return next(reading.details(connection, [id_], self.only), None)

    def by_message_id(self, message_id: str) -> list[MessageDetail]:
        """The recorded messages of a Message-ID (brackets or not), newest first: a mail may lie in two mailboxes."""
        with self.reading() as connection:
            return list(reading.details(connection, reading.ids_of(connection, message_id, self.only)))

    def export(self) -> Iterator[dict[str, Any]]:
        """Every message as the scan contract's object with `action`, `detail` and its place; oldest row first."""
        return (detail.as_dict() for detail in self.details())

    def details(self) -> Iterator[MessageDetail]:
        """Every message with its references and reasons; oldest row first.

        Read in steps, so that a slow reader never holds the database.
        """
        last = 0
        while True:
            with self.reading() as connection:
                ids = reading.ids_after(connection, last, 200, self.only)
                found = list(reading.details(connection, ids, self.only))
            if not ids:
                return
            yield from found
            last = ids[-1]

    def forget(
        self, *, sender: str | None = None, before: datetime | None = None, everything: bool = False
    ) -> int:
        """Erase the messages of an organisational domain, or older than an instant, or both, or all; how many.

        What was learnt from them goes with them. Their places stay as bare numbers (see `seen_uids`). On
        SQLite what was erased is overwritten. Done in steps that let others write in between; cut short, it
        can be asked for again.
        """
        if self.only is not None:
            raise NotYours("Only an owner of all accounts can have mail forgotten.")
        wish, gone = forgetting.Wish(sender, before, everything), 0
        while some := self._forget_some(wish):
            gone += some
        with self.writing() as connection:
            forgetting.tidy(connection, wish)
        if self.engine.dialect.name == "sqlite":
            with told(self._where):
                schema.empty_log(self.engine)
        return gone

    def _forget_some(self, wish: forgetting.Wish) -> int:
        with self.writing() as connection:
            return forgetting.forget_some(connection, wish)

    def count_to_forget(
        self, *, sender: str | None = None, before: datetime | None = None, everything: bool = False
    ) -> int:
        """How many messages `forget` would erase."""
        with self.reading() as connection:
            return forgetting.count(connection, forgetting.Wish(sender, before, everything))
