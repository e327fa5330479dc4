"""What the letters of an access list allow (RFC 4314). Pure."""

from __future__ import annotations

PUT_IN = "i"
TAKE_OUT = "te"
"""To mark as deleted, and to expunge: who holds one alone can neither move a message nor take a copy back."""
_DELETING = frozenset("tex")


def allow(rights: str | None, needed: str) -> bool:
    """Whether rights, as MYRIGHTS tells them, allow all that is needed; a server that does not tell (None) will refuse.

    The older ``d`` stands for all that deletes where a server knows nothing finer; one that does lists it as soon as
    any of that is held (section 2.1.1), so that there it says nothing.
    """
    if rights is None:
        return True
    held = frozenset(rights)
    if "d" in held and not held & _DELETING:
        held |= _DELETING
    return held.issuperset(needed)
