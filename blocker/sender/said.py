"""What a person said of verdicts, as far as it holds for one mail: a tracker at once, harmless only with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from blocker.catalogue.templates import masked
from blocker.detect.report import Report
from blocker.sender.level import Proof


def holds(
    said: Mapping[str, bool], report: Report, prove: Callable[[], Proof]
) -> tuple[Mapping[str, bool], str, bool | None]:
    """What holds of what was `said` of this sender's templates; a clause for a person; and whether the mail is proven.

    Anybody can write any From field. So what makes a reference a tracker holds for any mail that names the sender,
    what makes it harmless for proven mail alone. A proof is sought only where one is needed; None where none was.
    """
    met = {name: tracks for r in report.references if (tracks := said.get(name := masked(r.url))) is not None}
    if all(met.values()):
        return met, "", None
    proof = prove()
    if proof.given:
        return met, "", True
    raised = {name: True for name, tracks in met.items() if tracks}
    note = (
        f"what you said to be harmless is not taken to be, because the From field may be forged: {proof.how}"
    )
    return raised, note, False
