"""What the doctor found out about each account's server. Facts about servers only, nothing of a mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from blocker.catalogue.model import ProfileRow


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """One examination of an account's server."""

    account: str
    host: str
    mode: str
    """The safest mode that works there."""
    checked: datetime
    findings: Mapping[str, Any]
    """As `blocker.doctor.Findings` writes them."""
    why: Sequence[str] = ()
    """Why that mode: a clause each."""
    checks: Sequence[Mapping[str, str]] = ()
    """The doctor's table, a row a check: `check`, `found`, `meaning` and `sign`."""


def save(connection: Connection, profile: ServerProfile) -> None:
    """Keep an examination in place of the account's former one."""
    connection.execute(delete(ProfileRow).where(ProfileRow.account == profile.account))
    row = asdict(profile) | {"why": list(profile.why), "checks": [dict(check) for check in profile.checks]}
    connection.execute(insert(ProfileRow), [row])


def load(connection: Connection, account: str) -> ServerProfile | None:
    """The account's last examination; None where there was none."""
    columns = [getattr(ProfileRow, name) for name in ServerProfile.__slots__]
    row = connection.execute(select(*columns).where(ProfileRow.account == account)).first()
    return ServerProfile(*row) if row else None
