"""Which mode the service may work in, from what the doctor found and what is known of a provider."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blocker.choices.modes import Mode
from blocker.config.model import AccountConfig
from blocker.config.providers import providers
from blocker.doctor import Findings, advise, allowed

GOOD = Findings(
    host="imap.example.org",
    keywords=True,
    read_back="exact",
    header=True,
    same_id="kept",
    date=True,
    moves=True,
    removes=True,
)


def account(host: str = "imap.example.org") -> AccountConfig:
    """An account on a server."""
    return AccountConfig("ada", "ada@example.org", host, "ada")


def test_an_unknown_server_is_taken_at_its_word() -> None:
    """Without a profile, an ordinary server gets the configured mode: every copy is read back before it is used."""
    assert allowed(Mode.REPLACE, account(), None).mode == "replace"
    assert allowed(Mode.REPLACE, account(), None).why == ""


CAREFUL = [p for p in providers() if p.careful and p.host != "127.0.0.1"]


@pytest.mark.parametrize("provider", CAREFUL, ids=lambda p: p.id)
def test_a_provider_known_to_meddle_begins_in_flag_mode(provider: object) -> None:
    """Without proof it is flagged only, and the sentence names the next step; proof of the doctor lifts that."""
    host = getattr(provider, "host", "")
    first = allowed(Mode.REPLACE, account(host), None)
    assert first.mode == "flag"
    assert "unpixel doctor ada" in first.why
    assert allowed(Mode.REPORT, account(host), None).mode == "report"
    proven = replace(GOOD, host=host)
    assert allowed(Mode.REPLACE, account(host), proven) == allowed(Mode.REPLACE, account(), None)


def test_the_well_known_meddlers_are_on_the_list() -> None:
    """Gmail, Exchange Online, iCloud, Yahoo and Proton's Bridge begin carefully."""
    assert {p.id for p in providers() if p.careful} >= {"gmail", "microsoft", "icloud", "yahoo", "proton"}


@pytest.mark.parametrize(
    ("configured", "found", "mode"),
    [
        (Mode.REPLACE, replace(GOOD, same_id="dropped"), "flag"),
        (Mode.COPY, replace(GOOD, same_id="dropped"), "flag"),
        (Mode.REPLACE, replace(GOOD, moves=False), "copy"),
        (Mode.COPY, replace(GOOD, moves=False), "copy"),
        (Mode.FLAG, replace(GOOD, keywords=False, header=False), "flag"),
        (Mode.REPLACE, replace(GOOD, read_back="changed", keywords=False), "report"),
        (Mode.REPLACE, Findings(host="imap.example.org", scratch="no folders"), "report"),
    ],
)
def test_a_profile_bounds_the_mode(configured: Mode, found: Findings, mode: str) -> None:
    """The service never works in a mode that the doctor saw to be unsafe, and says so."""
    verdict = allowed(configured, account(), found)
    assert verdict.mode == mode
    assert bool(verdict.why) == (mode != configured)


def test_a_profile_of_another_server_says_nothing() -> None:
    """An account that moved to another host is not judged by its former server."""
    bad = replace(GOOD, same_id="dropped", host="old.example.org")
    assert allowed(Mode.REPLACE, account(), bad).mode == "replace"
    good = replace(GOOD, host="old.example.org")
    assert allowed(Mode.REPLACE, account("imap.gmail.com"), good).mode == "flag"


@pytest.mark.parametrize("field", ["read_back", "header", "same_id", "date", "moves"])
def test_what_was_not_seen_is_not_trusted(field: str) -> None:
    """Each check is needed: one that could not be made forbids replace."""
    assert advise(GOOD).mode == "replace"
    assert advise(replace(GOOD, **{field: None})).mode != "replace"  # type: ignore[arg-type]
