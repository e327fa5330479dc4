"""What judging one message may cost, counted in steps: the same message gets the same verdicts on any machine.

Real mail spends at most a tenth of either allowance. Where one is used up, what was located is still
judged, by less: that is told in the report.
"""

from __future__ import annotations

STYLE_STEPS = 50_000
"""Style rules that are held against elements: once for each rule and element."""
SEARCH_STEPS = 6_000_000
"""Characters of URLs, and of what they hold encoded, that are searched for an address: once for each form of each."""


class Allowance:
    """Steps that are left."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def take(self, steps: int) -> bool:
        """Spend some; False where they are no longer there."""
        self.left -= steps
        return self.left >= 0

    @property
    def used_up(self) -> bool:
        """Whether something was left undone."""
        return self.left < 0
