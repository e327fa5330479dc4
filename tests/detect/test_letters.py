"""Ids of letters alone, told from words of many languages."""

from __future__ import annotations

import pytest

from blocker.detect.letters import is_letter_id
from blocker.detect.tokens import opacity, tokens
from blocker.detect.wording import word_set

WORDS = word_set(
    """
newsletterheader HeaderLogoSmall iPhoneXRMacBook Geburtstagswunsch angebotsueberschrift Rechtschreibung abonnements
nieuwsbrief voorjaarsuitverkoop wiadomosc bienvenue soldesdete backgroundimage communication unsubscribe
confirmacion desinscricao Weihnachtsangebote transparent spacerwhite USPSTracking
"""
)
IDS = word_set(
    """
dvuqhjuyepthbjshpuex EcdnCanyEvKlusJGahaAqykeelFUdGMKYClBAJqB xpIPeLVmAWxkdARV qfcfuxnnnj abqkzjwx QZKXWVPLMTRBHJ
dehqbmjuarajwjsagauhq
"""
)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_words_are_no_ids(word: str) -> None:
    """Words, also several in a row, carry nothing."""
    assert not is_letter_id(word)
    assert opacity(word) == 0
    assert tokens(f"/{word}/") == []


@pytest.mark.parametrize("value", sorted(IDS))
def test_letters_in_no_order_are_ids(value: str) -> None:
    """They are values like those that have a digit."""
    assert is_letter_id(value)
    assert opacity(value) > 20
    assert tokens(f"/{value}/") == [value]


def test_an_id_of_letters_behind_digits_is_weighed_whole() -> None:
    """Its letters were taken for a word once, and the few digits for a short number."""
    assert opacity("5161dvuqhjuyepthbjshpuex") > 80
    assert opacity("5161newsletterheader") == 0
