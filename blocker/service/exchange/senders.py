"""What was set for single senders, applied to mail that was judged at its account's own level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from blocker.config import AccountConfig
from blocker.judging.judge import Judgement
from blocker.judging.warm import judged
from blocker.judging.worker import Outcome
from blocker.sender.said import holds
from blocker.sender.trust import set_for
from blocker.service.exchange.account import Account


@dataclass(frozen=True, slots=True)
class Applied:
    """A message's judgement at the level in force."""

    judgement: Judgement
    allowed: bool = False
    """Its sender's mail is left as it is, and it is proven to be the sender's."""
    note: str = ""
    """Which setting was looked at and whether it applies, as a clause."""


class Senders:
    """The settings that hold for an account, as they are when this is made. Raises CatalogueError."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._settings = account.journal.sender_levels(account.config.name)
        self._said = account.journal.said(account.config.name)

    def concerns(self, judgement: Judgement) -> bool:
        """Whether something was set for the message's sender: what proves it is in the whole message."""
        if not (self._settings or self._said):
            return False
        sender = judgement.report.message.sender
        return sender in self._said or set_for(sender, self._settings) is not None

    def applied(self, raw: bytes, source: str, judgement: Judgement) -> Applied:
        """The judgement that counts: the same one where nothing was set for the sender, or where From may be forged.

        `judgement` was made at the account's level. Another level is judged anew, with all that is remembered.
        """
        if not self.concerns(judgement):
            return Applied(judgement)
        judgement, said, note = self._corrected(raw, source, judgement)
        applied = self._at_level(raw, source, judgement, said)
        return replace(applied, note="; ".join(filter(None, (note, applied.note))))

    def _corrected(
        self, raw: bytes, source: str, judgement: Judgement
    ) -> tuple[Judgement, Mapping[str, bool], str]:
        """The judgement with what a person said of this sender's URLs, as far as it holds for this mail, and what that is."""
        sender = judgement.report.message.sender
        said = self._said.get(sender)
        if not said:
            return judgement, {}, ""
        trust = self._account.trust
        said, note, proven = holds(said, judgement.report, lambda: trust.proof(raw, sender))
        if proven is not None:
            judgement = judgement._replace(proven=proven)
        anew = self._judged(raw, source, self._account.config, said) if said else judgement
        if not isinstance(anew, Judgement):
            return judgement, {}, note
        return anew._replace(proven=judgement.proven), said, note

    def _judged(self, raw: bytes, source: str, config: AccountConfig, said: Mapping[str, bool]) -> Outcome:
        return judged(raw, source, config, self._account.key, self._account.memory.recall_many, said)

    def _at_level(self, raw: bytes, source: str, judgement: Judgement, said: Mapping[str, bool]) -> Applied:
        config = self._account.config
        if not self._settings or judgement.report.signed:
            return Applied(judgement)
        sender = judgement.report.message.sender
        found = self._account.trust.in_force(raw, sender, config.level, self._settings)
        if found.proven is not None:
            judgement = judgement._replace(proven=found.proven)
        if found.level is None:
            return Applied(judgement._replace(copy=None, patch=None, refused=None), True, found.note)
        if found.level == config.level or not config.mode.copies:
            return Applied(judgement, note=found.note)
        anew = self._judged(raw, source, replace(config, level=found.level), said)
        if not isinstance(anew, Judgement):
            # At the account's level it may have a copy, which leaves in what this sender's level takes out.
            anew = judgement._replace(copy=None, patch=None, refused=anew or "it is a neutralised copy")
        return Applied(anew._replace(proven=judgement.proven), note=found.note)
