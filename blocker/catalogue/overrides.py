"""What a person said of a verdict: for one account, one sender, and one template of URLs, until it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Connection, Index, Row, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from blocker.catalogue.filtering import named
from blocker.catalogue.model import Base
from blocker.catalogue.templates import masked
from blocker.catalogue.values import Accounts
from blocker.detect.report import Judged
from blocker.message.domains import organisational

MOST = 1000
"""Overrides that are listed."""
LONGEST = 2000
"""Characters of a template: more than a URL's masked parts ever have."""


class OverrideRow(Base):
    """One override."""

    __tablename__ = "overrides"
    __table_args__ = (Index("ix_overrides_place", "account", "sender"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(200))
    sender: Mapped[str] = mapped_column(String(253))
    template: Mapped[str]
    """The URL with its changing parts masked."""
    tracks: Mapped[bool]
    """What the person says: it is a tracker, or it is none."""
    verdict: Mapped[str] = mapped_column(String(20))
    """What was said before."""
    vendor: Mapped[str] = mapped_column(String(200))
    vector: Mapped[str] = mapped_column(String(200))
    rules: Mapped[list[Any]] = mapped_column(JSON)
    """The ids of the reasons for that verdict."""
    made: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Override:
    """One override, as it is listed."""

    id: int
    account: str
    sender: str
    template: str
    tracks: bool
    verdict: str
    vendor: str
    vector: str
    rules: tuple[str, ...]
    made: datetime

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and `unpixel feedback list --json`."""
        return self.exported() | {
            "id": self.id,
            "account": self.account,
            "sender": self.sender,
            "made": self.made.isoformat(),
        }

    def exported(self) -> dict[str, Any]:
        """What may go to the project: no account, no token, no address; of a sender its domain."""
        return {
            "template": self.template,
            "sender": organisational(self.sender.rpartition("@")[2]),
            "says": "tracker" if self.tracks else "harmless",
            "verdict": self.verdict,
            "vendor": self.vendor or None,
            "vector": self.vector,
            "rules": list(self.rules),
        }


def add(connection: Connection, account: str, sender: str, judged: Judged, *, tracks: bool) -> int | None:
    """Say of a reference what it is; the override's number, None where the reference has no URL that could be told again.

    What was said before of the same template is replaced.
    """
    template = masked(judged.url)
    if not template or not sender or len(template) > LONGEST:
        return None
    connection.execute(
        delete(OverrideRow).where(
            OverrideRow.account == account, OverrideRow.sender == sender, OverrideRow.template == template
        )
    )
    values = {
        "account": account,
        "sender": sender,
        "template": template,
        "tracks": tracks,
        "verdict": judged.verdict.kind,
        "vendor": (judged.verdict.vendor or "")[:200],
        "vector": judged.vector[:200],
        "rules": [one.rule[:100] for one in judged.verdict.reasons[:50]],
        "made": datetime.now(UTC),
    }
    return connection.scalars(insert(OverrideRow).returning(OverrideRow.id), [values]).one()


def listed(connection: Connection, accounts: Accounts = None) -> tuple[Override, ...]:
    """The newest overrides of all accounts or of those named."""
    query = select(OverrideRow.__table__).where(named(OverrideRow.account, accounts))
    found = connection.execute(query.order_by(OverrideRow.id.desc()).limit(MOST))
    return tuple(map(_override, found))


def of_sender(connection: Connection, account: str, sender: str) -> dict[str, Override]:
    """What was said of a sender's URLs on an account's mail, by template."""
    query = select(OverrideRow.__table__).where(OverrideRow.account == account, OverrideRow.sender == sender)
    found = map(_override, connection.execute(query.order_by(OverrideRow.id).limit(MOST)))
    return {one.template: one for one in found}


def _override(row: Row[Any]) -> Override:
    return Override(**dict(row._mapping) | {"rules": tuple(map(str, row.rules))})


def of_account(connection: Connection, account: str) -> dict[str, Mapping[str, bool]]:
    """What was said for an account: sender → template → whether it tracks."""
    query = select(OverrideRow.sender, OverrideRow.template, OverrideRow.tracks)
    found: dict[str, dict[str, bool]] = {}
    for sender, template, tracks in connection.execute(query.where(OverrideRow.account == account)):
        found.setdefault(sender, {})[template] = tracks
    return dict(found)


def revoke(connection: Connection, number: int, accounts: Accounts = None) -> bool:
    """Take one back; whether there was one of this number that is the asker's."""
    its = (OverrideRow.id == number, named(OverrideRow.account, accounts))
    return connection.execute(delete(OverrideRow).where(*its)).rowcount > 0
