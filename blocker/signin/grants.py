"""What a provider grants: values, and the dialogue with the person who grants it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from blocker.config import ConfigError

SPARE = 120.0
"""Seconds before its end at which an access token is renewed: a connection takes a moment to come about."""


class SignInError(ConfigError):
    """The provider does not grant it, or not any more; the text says what to do. Not tried again by itself."""


class NotReached(OSError):
    """The provider could not be reached, or has trouble: worth another try later."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is kept of a sign-in."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires: float
    """When the access token ends, in seconds since 1970."""
    secret: str = field(default="", repr=False)
    """The client's, at providers that want one from programs too (Google)."""
    cache: str = field(default="", repr=False)
    """Microsoft's library keeps its own."""

    def fresh(self, now: float) -> bool:
        """Whether the access token lasts long enough to be used."""
        return bool(self.access) and self.expires - SPARE > now

    def dump(self) -> str:
        """For the keyring."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Grant:
        """From the keyring. Raises SignInError where it is something else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise SignInError(
                "What the keyring keeps for this account cannot be read: run `unpixel account sign-in`."
            ) from None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person is asked to do: open a page, and type a code there where there is one."""

    url: str
    code: str = ""


Invite = Callable[[Invitation], None]
"""Shows a person an invitation; returns at once."""
