"""What one installation, or one account of it, takes as proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blocker.choices.levels import Level, Setting
from blocker.config.model import AccountConfig, Config
from blocker.message.domains import organisational
from blocker.sender.evidence import Lookup, proof_of
from blocker.sender.level import InForce, in_force, lowers


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts, and how keys are looked up."""

    authserv_ids: tuple[str, ...] = ()
    lookup: Lookup | None = None

    def in_force(
        self, raw: bytes, from_domain: str, level: Level, settings: Mapping[str, Setting]
    ) -> InForce:
        """The level for a mail, with what was set for senders by organisational domain. A proof is sought only where one is needed."""
        domain = organisational(from_domain) if settings else ""
        setting = settings.get(domain)
        if setting is None:
            return InForce(level)
        proof = None
        if lowers(level, setting):
            proof = proof_of(raw, domain, authserv_ids=self.authserv_ids, lookup=self.lookup)
        return in_force(level, domain, setting, proof)


def trust(config: Config, *accounts: AccountConfig) -> Trust:
    """Whose word counts for these accounts; the DNS is asked only where the configuration allows it."""
    # Imported only where it is wanted: most never ask the DNS.
    lookup = _txt() if config.service.dkim_lookups else None
    ids = tuple(dict.fromkeys(name for account in accounts for name in account.authserv_ids))
    return Trust(ids, lookup)


def _txt() -> Lookup:
    from blocker.sender import lookup

    return lookup.txt
