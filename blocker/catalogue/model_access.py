"""The tables of who gets in, beside those of `model`."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from blocker.catalogue.model import Base


class PersonRow(Base):
    """Somebody who may see the pages."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    """A `Role` of `people`."""
    accounts: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The names of those that they see; none where they see all."""
    password: Mapped[str | None] = mapped_column(String(300))
    """Its slow digest."""
    created: Mapped[dt.datetime]


class CredentialRow(Base):
    """What opens the pages and the API: digests of sessions, links, tokens and codes. See `credentials`."""

    __tablename__ = "credentials"
    __table_args__ = (
        Index("ix_credentials_digest", "kind", "digest", unique=True),
        Index("ix_credentials_person", "person", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    person: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    origin: Mapped[str] = mapped_column(String(300))
    created: Mapped[dt.datetime]
    expires: Mapped[dt.datetime | None]
    used: Mapped[dt.datetime | None]
    tries: Mapped[int]
    """Wrong guesses while it was open, of a code."""
