"""What was set for single senders, applied to mail that was judged at its account's own level."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blocker.judging.judge import Judgement
from blocker.judging.warm import judged
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

    def concerns(self, judgement: Judgement) -> bool:
        """Whether something was set for the message's sender: what proves it is in the whole message."""
        return bool(self._settings) and set_for(judgement.report.message.sender, self._settings) is not None

    def applied(self, raw: bytes, source: str, judgement: Judgement) -> Applied:
        """The judgement that counts: the same one where nothing was set for the sender, or where From may be forged.

        `judgement` was made at the account's level. Another level is judged anew, with all that is remembered.
        """
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
        key, recall = self._account.key, self._account.memory.recall_many
        anew = judged(raw, source, replace(config, level=found.level), key, recall)
        if not isinstance(anew, Judgement):
            # At the account's level it may have a copy, which leaves in what this sender's level takes out.
            anew = judgement._replace(copy=None, patch=None, refused=anew or "it is a neutralised copy")
        return Applied(anew._replace(proven=judgement.proven), note=found.note)
