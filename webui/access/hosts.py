"""Under which names the pages answer: no page elsewhere can have its own name lead here and read them (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from blocker.config.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names and addresses that a Host field may hold, beside those of this machine itself."""

    names: frozenset[str] = frozenset()
    any_address: bool = False
    """Whether every IP address may stand there: where the pages listen on all that the machine has."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Hosts:
        """Those that are named; an address that means all of them (0.0.0.0, ::) stands for every address."""
        known = frozenset(name.lower().strip("[]").rstrip(".") for name in names)
        return cls(known, any(_is_all(name) for name in known))

    def knows(self, field: str | None) -> bool:
        """Whether a request with this Host field (RFC 9110, 7.2) is meant for here. Every browser sends one."""
        if field is None:
            return True
        name = bare(field)
        return name in self.names or is_loopback(name) or (self.any_address and _is_address(name))


def bare(field: str) -> str:
    """A Host field without its port, an IPv6 address without its brackets."""
    if field.startswith("["):
        return field[1:].partition("]")[0].lower()
    return field.partition(":")[0].rstrip(".").lower()


def _is_all(name: str) -> bool:
    return _is_address(name) and ip_address(name).is_unspecified


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
