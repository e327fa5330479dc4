"""What may be read again of a message: in a nested document, in an entity, in another way.

Each part brings means in proportion to its text; beyond that all parts of a message share some, so that a message of
many small parts, each of which makes much of itself, costs no more than one.
"""

from __future__ import annotations

MEANS = 8
"""How often, on the average, a character of a part may be read again."""
MEANS_AT_LEAST = 1 << 20
"""Characters that all parts of a message may be read again beyond that."""


class Shared:
    """The means that the parts of a message have in common."""

    def __init__(self) -> None:
        self.left = MEANS_AT_LEAST


class Means:
    """The means of one part, whose text has so many characters."""

    def __init__(self, characters: int, shared: Shared) -> None:
        self._own = MEANS * characters
        self._shared = shared
        self.cut_short = False
        """Whether something in it was not read for want of means."""

    def spend(self, characters: int) -> bool:
        """Whether so many characters may be read once more, in another way or in another place; once not, never again."""
        own = min(self._own, characters)
        if not self.cut_short and characters - own <= self._shared.left:
            self._own -= own
            self._shared.left -= characters - own
        else:
            self.cut_short = True
        return not self.cut_short
