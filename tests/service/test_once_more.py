"""What was dealt with can be dealt with once more: both ways, for a message and for all mail of a sender."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blocker.catalogue import Catalogue
from blocker.catalogue.request import Command
from tests.service.world import World, mail, original_of, signed

Make = Callable[..., World]


def asked(world: World, kind: str, **arguments: object) -> Command:
    """Ask for something as a page does, and let the service look; what became of it."""
    with Catalogue.open(world.config.database) as catalogue:
        number = catalogue.request(kind, world.account.name, arguments)
    world.look()
    with Catalogue.open(world.config.database) as catalogue:
        return next(one for one in catalogue.commands() if one.id == number)


def numbers(world: World) -> list[int]:
    """The recorded messages, oldest first."""
    with Catalogue.open(world.config.database) as catalogue:
        return sorted(line.id for line in catalogue.messages(size=500).items)


def actions(world: World) -> list[str]:
    """What was done with each, oldest first."""
    return [action for _, action, _ in world.recorded()]


def test_there_and_back_and_there_again(world: Make) -> None:
    """A replaced message is put back, neutralised again, put back again: never two of it, never one lost."""
    w = world("replace").begin()
    w.deliver(mail())
    w.look()
    (number,) = numbers(w)
    for _ in range(2):
        assert asked(w, "restore", message=number).error is None
        assert w.raws() == [mail()]
        (number,) = numbers(w)
        done = asked(w, "neutralise", message=number)
        assert (done.error, done.outcome) == (None, "The message is neutralised.")
        assert [original_of(raw) for raw in w.raws()] == [mail()]
        assert actions(w) == ["replaced"]
        (number,) = numbers(w)
    assert asked(w, "neutralise", message=number).error == "This message is neutralised already."
    w.look()
    assert [original_of(raw) for raw in w.raws()] == [mail()]


def test_what_was_only_seen_is_neutralised_on_request(world: Make) -> None:
    """After a change of the account's mode, one message alone; the others stay."""
    w = world("report").begin()
    for number in (1, 2):
        w.deliver(mail(number))
    w.look()
    first, _ = numbers(w)
    assert 'In mode "report" no mail is changed' in (asked(w, "neutralise", message=first).error or "")
    w.set(mode="replace")
    assert asked(w, "neutralise", message=first).error is None
    assert sorted(actions(w)) == ["replaced", "reported"]
    assert mail(2) in w.raws()
    assert mail(1) not in w.raws()


def test_a_message_that_stays_says_why(world: Make) -> None:
    """A signed one is never rewritten; one that is gone is not found; one of nobody is unknown."""
    w = world("replace").begin()
    w.deliver(signed())
    uid = w.deliver(mail(2, tracked=False))
    w.look()
    one, other = numbers(w)
    assert "signed" in (asked(w, "neutralise", message=one).error or "")
    assert "nothing in it" in (asked(w, "neutralise", message=other).error or "")
    w.server.folders["INBOX"].messages.pop(uid)
    assert "no longer in INBOX" in (asked(w, "neutralise", message=other).error or "")
    assert "no message 999" in (asked(w, "neutralise", message=999).error or "")
    assert "which message" in (asked(w, "neutralise").error or "")


def test_all_of_a_senders_mail(world: Make) -> None:
    """Past mail of one sender is treated, and put back, and nobody else's; what its owner put back stays."""
    w = world("report").begin()
    for number in (1, 2, 3):
        w.deliver(mail(number))
    foreign = mail(9).replace(b"shop.example", b"other.example")
    w.deliver(foreign)
    w.look()
    w.set(mode="replace")
    done = asked(w, "neutralise", sender="shop.example")
    assert (done.error, done.outcome) == (None, "3 messages were looked at, 3 of them changed.")
    assert foreign in w.raws()
    assert sorted(filter(None, map(original_of, w.raws()))) == sorted(mail(n) for n in (1, 2, 3))
    with Catalogue.open(w.config.database) as catalogue:
        first = min(line.id for line in catalogue.messages().items if line.action == "replaced")
    assert asked(w, "restore", message=first).error is None
    assert (
        asked(w, "neutralise", sender="shop.example").outcome
        == "0 messages were looked at, 0 of them changed."
    )
    done = asked(w, "restore", sender="shop.example")
    assert (done.error, done.outcome) == (None, "2 originals are back in their folders.")
    assert sorted(w.raws()) == sorted([foreign, *(mail(n) for n in (1, 2, 3))])


@pytest.mark.parametrize("kind", ["neutralise", "restore"])
def test_a_sender_without_mail_changes_nothing(world: Make, kind: str) -> None:
    """Nothing is opened for nothing."""
    w = world("replace").begin()
    assert asked(w, kind, sender="nobody.example").error is None
