"""What the doctor found out about each account's server. Facts about servers only, nothing of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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


def save(connection: Connection, account: str, host: str, mode: str, findings: Mapping[str, Any]) -> None:
    """Keep an examination in place of the account's former one."""
    values = {"account": account, "host": host, "mode": mode, "findings": dict(findings)}
    connection.execute(delete(ProfileRow).where(ProfileRow.account == account))
    connection.execute(insert(ProfileRow), [values | {"checked": datetime.now(UTC)}])


def load(connection: Connection, account: str) -> ServerProfile | None:
    """The account's last examination; None where there was none."""
    columns = (ProfileRow.account, ProfileRow.host, ProfileRow.mode, ProfileRow.checked, ProfileRow.findings)
    row = connection.execute(select(*columns).where(ProfileRow.account == account)).first()
    return ServerProfile(row.account, row.host, row.mode, row.checked, row.findings) if row else None
