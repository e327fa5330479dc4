"""Which mode is safe on a server, decided from what was found there."""

from __future__ import annotations

from dataclasses import dataclass

from blocker.choices.modes import Mode
from blocker.config.model import AccountConfig
from blocker.config.providers import by_server
from blocker.doctor.findings import Findings
from blocker.mailbox.rights import PUT_IN, TAKE_OUT, allow


@dataclass(frozen=True, slots=True)
class Advice:
    """The mode that does most against trackers among those that were seen to be safe, and why no more than that."""

    mode: Mode
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """The mode that the service works in, and why that is less than the configured one; empty where it is not."""

    mode: Mode
    why: str = ""


def advise(found: Findings) -> Advice:
    """The safest mode that works: a neutralised copy takes an original's place only where all of it was seen to work."""
    if found.scratch:
        return Advice(Mode.REPORT, (f"nothing could be tried ({found.scratch})",))
    against = _against_copies(found)
    if not against:
        refused = _against_moving(found)
        if not refused:
            return Advice(
                Mode.REPLACE, ("copies read back as they were sent, and single messages can be moved",)
            )
        return Advice(Mode.COPY, tuple(refused))
    if found.keywords:
        return Advice(Mode.FLAG, tuple(against))
    return Advice(Mode.REPORT, (*against, "the server keeps no keyword of ours"))


def _against_copies(found: Findings) -> list[str]:
    """Why a neutralised copy must not stand beside, or in place of, its original here."""
    reasons = []
    if found.read_back not in ("exact", "line ends"):
        reasons.append("a stored message does not read back as it was sent")
    if not found.header:
        reasons.append("our header field is lost, so that copies could not be told from other mail")
    if found.same_id != "kept":
        reasons.append("two messages of one Message-ID do not both stay")
    if found.uidnext is False:
        reasons.append(
            "a message gets a UID below the one that was foretold, so that copies could not be found again"
        )
    if not found.date:
        reasons.append("the date of arrival is not kept")
    reasons += [
        f"this account may not change {folder}"
        for folder, rights in found.rights.items()
        if not allow(rights, PUT_IN)
    ]
    return reasons


def _against_moving(found: Findings) -> list[str]:
    reasons = []
    if not found.moves:
        reasons.append("a single message cannot be moved without risk to others")
    reasons += [
        f"this account may not take messages out of {folder}"
        for folder, rights in found.rights.items()
        if not allow(rights, TAKE_OUT)
    ]
    return reasons


def allowed(mode: Mode, account: AccountConfig, profile: Findings | None) -> Allowed:
    """What the service may do on an account, given what the doctor found there (None: it was not asked).

    A profile of another server does not count. Without one, a server known to rewrite or to drop messages is
    only flagged; any other is taken at its word, as every copy is read back before it is used.
    """
    if not mode.copies:
        return Allowed(mode)
    if mode.holds:
        return _held(account, profile)
    if profile is not None and profile.host == account.host:
        advice = advise(profile)
        if advice.mode.replaces or mode.rank <= advice.mode.rank:
            return Allowed(mode)
        return Allowed(
            advice.mode,
            f'mode "{mode}" is not safe on {account.host}: {advice.why[0]}; working as "{advice.mode}".',
        )
    provider = by_server(account.host)
    if provider is not None and provider.careful:
        return Allowed(
            Mode.FLAG,
            f'{provider.careful}, so mode "{mode}" waits and mail is only flagged: '
            f"try the server out with `unpixel doctor {account.name}`.",
        )
    return Allowed(mode)


def _held(account: AccountConfig, profile: Findings | None) -> Allowed:
    """Held mail must be let go whatever the server is: where replacing is not safe, it goes unchanged (mode "report")."""
    instead = allowed(Mode.REPLACE, account, profile)
    if instead.mode.replaces:
        return Allowed(Mode.HOLD)
    return Allowed(Mode.REPORT, instead.why.rstrip(".") + "; what is held is let go unchanged.")
