"""What pages and service tell each other through the catalogue: requests, pauses, heartbeats."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from blocker.catalogue import commands, heartbeats, pauses, previews
from blocker.catalogue.door import Door
from blocker.catalogue.heartbeats import Condition, Heartbeat
from blocker.catalogue.pauses import Pause
from blocker.catalogue.request import Command


class Asked(Door):
    """The part of the catalogue by which people and the service reach each other."""

    def request(self, kind: str, account: str, arguments: Mapping[str, Any]) -> int:
        """Ask the service for something; the command's id. Asked twice while it waits, it is one command."""
        self._mine(account)
        with self.writing() as connection:
            return commands.request(connection, kind, account, arguments)

    def pending(self, account: str) -> list[Command]:
        """What is not finished yet, oldest first; also what was started before a crash."""
        with self.reading() as connection:
            return commands.pending(connection, account, self.only)

    def commands(self, limit: int = 20) -> list[Command]:
        """The newest commands of all accounts, whatever their state."""
        with self.reading() as connection:
            return commands.recent(connection, limit, self.only)

    def command(self, command_id: int) -> Command | None:
        """One command; None where there is none of this number."""
        with self.reading() as connection:
            return commands.find(connection, command_id, self.only)

    def start(self, command_id: int) -> None:
        """Note that the service has begun with a command."""
        with self.writing() as connection:
            commands.start(connection, command_id)

    def progress(self, command_id: int, passed: int, total: int) -> None:
        """Note how far the service has come with a command."""
        with self.writing() as connection:
            commands.progress(connection, command_id, passed, total)

    def finish(self, command_id: int, outcome: str, error: str | None = None) -> None:
        """Note how a command ended: what a person should read, and the error where it failed."""
        with self.writing() as connection:
            commands.finish(connection, command_id, outcome, error)

    def beat(self, conditions: Mapping[str, tuple[Condition, str]]) -> None:
        """Note that the service lives, and how it is with its accounts, with a sentence each."""
        now = datetime.now(UTC)
        with self.writing() as connection:
            for account, (condition, detail) in conditions.items():
                heartbeats.beat(connection, account, condition, detail, now)
            previews.erase(connection, now)

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """How it is with every account, by name."""
        with self.reading() as connection:
            return heartbeats.heartbeats(connection, accounts=self.only)

    def pause(self, accounts: Collection[str], until: datetime | None = None) -> None:
        """Pause accounts, until an instant or until `resume`: a running service judges and changes nothing there."""
        self._mine(*accounts)
        with self.writing() as connection:
            pauses.put(connection, accounts, until)

    def resume(self, accounts: Collection[str]) -> int:
        """End the pauses of accounts; how many were paused."""
        self._mine(*accounts)
        with self.writing() as connection:
            return pauses.drop(connection, accounts)

    def pauses(self) -> dict[str, Pause]:
        """The accounts that are paused now, by name."""
        with self.reading() as connection:
            return pauses.lasting(connection, self.only)
