"""What a person asked the service to do, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """What a person asked the service to do, and how far it is."""

    id: int
    kind: str
    account: str
    arguments: Mapping[str, Any]
    requested: datetime
    started: datetime | None = None
    finished: datetime | None = None
    outcome: str | None = None
    error: str | None = None
    passed: int | None = None
    """How many messages were looked at, where that can be told."""
    total: int | None = None
    """Of how many."""

    @property
    def state(self) -> str:
        """`waiting`, `running`, `done` or `failed`."""
        if self.finished is not None:
            return "failed" if self.error else "done"
        return "running" if self.started is not None else "waiting"

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {
            "id": self.id,
            "kind": self.kind,
            "account": self.account,
            "arguments": dict(self.arguments),
            "state": self.state,
            "requested": self.requested.isoformat(),
            "started": self.started.isoformat() if self.started else None,
            "finished": self.finished.isoformat() if self.finished else None,
            "outcome": self.outcome,
            "error": self.error,
            "passed": self.passed,
            "total": self.total,
        }
