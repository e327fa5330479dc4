"""Under which name a sender is known: what he registered, or his own address where strangers share a domain."""

from __future__ import annotations

from importlib import resources

import pytest

from blocker.message.domains import organisational, sender_of, shared


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("news@mail.shop.example.co.uk", "example.co.uk"),
        ("Bob@Gmail.com", "bob@gmail.com"),
        ("ada@mail.gmx.de", "ada@mail.gmx.de"),
        ("user@github.io", "user@github.io"),
        ("user@project.github.io", "project.github.io"),
        ("root@localhost", "localhost"),
        ("x@[192.0.2.1]", "[192.0.2.1]"),
        ("a" * 250 + "@gmail.com", "gmail.com"),
    ],
)
def test_the_name_of_a_sender(address: str, name: str) -> None:
    """Freemail domains and public suffixes have many senders, every other domain is one."""
    assert sender_of(address, address.partition("@")[2].lower()) == name


def test_an_address_that_is_not_of_the_domain_names_nobody() -> None:
    """The domain decides; what could not be read leaves it alone."""
    assert sender_of("", "gmail.com") == "gmail.com"
    assert sender_of("bob@gmail.com.evil.example", "gmail.com") == "gmail.com"
    assert sender_of("", "") == ""


def test_every_freemail_domain_is_one_that_can_be_registered() -> None:
    """What was registered is what is looked up: a host's name there would match nothing."""
    lines = resources.files("blocker.message").joinpath("freemail.txt").read_text("ascii").splitlines()
    names = [line for line in lines if not line.startswith("#")]
    assert names == sorted(set(names))
    assert len(names) > 100
    assert all(organisational(name) == name and shared(name) for name in names)
    assert not shared("shop.example")
