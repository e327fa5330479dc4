"""What one installation, or one account of it, takes as proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blocker.choices.levels import Level, Setting
from blocker.config.model import AccountConfig, Config
from blocker.sender.evidence import Lookup, proof_of
from blocker.sender.level import InForce, Proof, in_force, lowers


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts, and how keys are looked up."""

    authserv_ids: tuple[str, ...] = ()
    lookup: Lookup | None = None

    def in_force(self, raw: bytes, sender: str, level: Level, settings: Mapping[str, Setting]) -> InForce:
        """The level for a mail of a sender (`Envelope.sender`), with what was set for senders by their names.

        A proof is sought only where one is needed.
        """
        found = set_for(sender, settings)
        if found is None:
            return InForce(level)
        name, setting = found
        proof = self.proof(raw, sender) if lowers(level, setting) else None
        return in_force(level, name, setting, proof)

    def proof(self, raw: bytes, sender: str) -> Proof:
        """Whether a mail is proven to be a sender's."""
        return proof_of(raw, sender, authserv_ids=self.authserv_ids, lookup=self.lookup)


def set_for(sender: str, settings: Mapping[str, Setting]) -> tuple[str, Setting] | None:
    """What was set for a sender, and under which name: his own before the shared domain that he writes from."""
    for name in (sender, sender.rpartition("@")[2]):
        if name in settings:
            return name, settings[name]
    return None


def trust(config: Config, *accounts: AccountConfig) -> Trust:
    """Whose word counts for these accounts; the DNS is asked only where the configuration allows it."""
    # Imported only where it is wanted: most never ask the DNS.
    lookup = _txt() if config.service.dkim_lookups else None
    ids = tuple(dict.fromkeys(name for account in accounts for name in account.authserv_ids))
    return Trust(ids, lookup)


def unprovable(config: Config) -> frozenset[str]:
    """The accounts of which nothing can prove, as things are set, that a mail is its sender's."""
    if config.service.dkim_lookups:
        return frozenset()
    return frozenset(account.name for account in config.accounts if not account.authserv_ids)


def _txt() -> Lookup:
    from blocker.sender import lookup

    return lookup.txt
