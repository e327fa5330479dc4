"""What a person said of a verdict holds for that account, that sender and that form of URL, and lowers nothing without proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from blocker.catalogue import Catalogue, overrides
from blocker.catalogue.values import MessageDetail
from blocker.detect.report import BLOCKED, Judged
from tests.service.test_senders import OURS, REPORTED
from tests.service.world import World, mail

Make = Callable[..., World]
OTHER = '<img src="https://second.example/p.gif?id=4f9d2b7c81e6a035" width="1" height="1" alt="">'
PICTURE = '<img src="https://cdn.shop.example/banner.png" width="600" height="200" alt="Sale">'


def two(number: int, more: str = OTHER, sender: bytes = b"shop.example", *, proven: bool = True) -> bytes:
    """A mail with the usual pixel and something more."""
    raw = (
        mail(number)
        .replace(b"</body>", more.encode() + b"</body>")
        .replace(b"news@shop.example", b"news@" + sender)
    )
    field = REPORTED.replace(b"d=shop.example", b"d=" + sender)
    return (field if proven else b"") + raw


def recorded(world: World) -> list[MessageDetail]:
    """Every recorded message, oldest first."""
    with Catalogue.open(world.config.database) as catalogue:
        numbers = sorted(line.id for line in catalogue.messages(size=500).items)
        return [found for found in map(catalogue.message, numbers) if found is not None]


def say(
    world: World, judged: Judged, *, tracks: bool, account: str = "", sender: str = "shop.example"
) -> int:
    """A person says what a reference is."""
    with Catalogue.open(world.config.database) as catalogue, catalogue.writing() as connection:
        made = overrides.add(connection, account or world.account.name, sender, judged, tracks=tracks)
    assert made is not None
    return made


def kinds(world: World, raw: bytes) -> dict[str, str]:
    """The verdicts on a mail that arrives now, by host."""
    world.deliver(raw)
    world.look()
    (found, *_) = recorded(world)[::-1]
    return {(r.url or "").split("/")[2]: r.verdict.kind for r in found.report.references}


def met(world: World, more: str = OTHER) -> Judged:
    """The first reference of a mail that came before anything was said."""
    world.deliver(two(1, more))
    world.look()
    references = recorded(world)[-1].report.references
    return references[0] if more == OTHER else references[-1]


def test_it_changes_its_own_form_and_nothing_else(world: Make) -> None:
    """The sender's next mail keeps that picture, with another value in it; its second pixel goes as before."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    first = met(w)
    assert first.verdict.kind == "pixel"
    say(w, first, tracks=False)
    assert kinds(w, two(2)) == {"open.tracker.example": "spacer", "second.example": "pixel"}
    found = recorded(w)[-1]
    assert (found.action, found.proven) == ("replaced", True)
    left, gone = found.report.references
    assert left.verdict.reasons[0].detail == "you said that it is none"
    assert all(not one.rule.startswith("person") for one in gone.verdict.reasons)
    copy = w.raws()[-1]
    assert b"https://open.tracker.example/o.gif?u=" in copy.partition(b"\r\n\r\n")[2]
    assert b"second.example" not in copy.partition(b"\r\n\r\n")[2]


def test_others_are_judged_as_before(world: Make) -> None:
    """Another sender's URL of the same form, another form of this sender's, and another account's mail."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    first = met(w)
    say(w, first, tracks=False)
    say(w, first, tracks=False, account="another")
    assert kinds(w, two(2, sender=b"other.example"))["open.tracker.example"] == "pixel"
    moved = two(3).replace(b"/o.gif?u=", b"/o.gif?v=")
    assert kinds(w, moved)["open.tracker.example"] in BLOCKED
    here = World(w.directory, replace(w.account, name="third"), w.server)
    here.look()
    here.deliver(two(4))
    here.look()
    found = [one for one in recorded(here) if one.account == "third"]
    assert [r.verdict.kind for one in found for r in one.report.references] == ["pixel", "pixel"]


def test_a_mail_that_only_claims_the_sender_gets_no_less(world: Make) -> None:
    """Whatever it names itself: without proof the pixel is taken out, and the record says why."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    say(w, met(w), tracks=False)
    assert kinds(w, two(2, proven=False))["open.tracker.example"] == "pixel"
    found = recorded(w)[-1]
    assert found.action == "replaced"
    assert (
        "what you said to be harmless is not taken to be, because the From field may be forged"
        in found.detail
    )
    assert b"open.tracker.example" not in w.raws()[-1].partition(b"\r\n\r\n")[2]


def test_more_protection_needs_no_proof(world: Make) -> None:
    """What is said to be a tracker goes from any mail that names the sender."""
    w = world("replace").begin()
    banner = met(w, PICTURE)
    assert banner.verdict.kind == "content"
    say(w, banner, tracks=True)
    assert kinds(w, two(2, PICTURE, proven=False))["cdn.shop.example"] == "pixel"
    assert b"banner.png" not in w.raws()[-1].partition(b"\r\n\r\n")[2]


def test_taken_back_it_is_as_it_was(world: Make) -> None:
    """The next mail is judged without it; saying the opposite replaces it."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    first = met(w)
    number = say(w, first, tracks=True)
    number = say(w, first, tracks=False)
    with Catalogue.open(w.config.database) as catalogue:
        with catalogue.reading() as connection:
            (one,) = overrides.listed(connection)
            assert overrides.listed(connection, frozenset({"nobody"})) == ()
        assert (one.id, one.tracks, one.template) == (number, False, "open.tracker.example/o.gif?u=*")
        assert one.exported() == {
            "template": "open.tracker.example/o.gif?u=*",
            "sender": "shop.example",
            "says": "harmless",
            "verdict": "pixel",
            "vendor": None,
            "vector": "img[src]",
            "rules": [reason.rule for reason in first.verdict.reasons],
        }
        with catalogue.writing() as connection:
            assert not overrides.revoke(connection, number, frozenset({"nobody"}))
            assert overrides.revoke(connection, number)
    assert kinds(w, two(2))["open.tracker.example"] == "pixel"


def test_what_has_no_url_is_not_said(world: Make) -> None:
    """There would be nothing to tell it by."""
    w = world("report").begin()
    first = met(w)
    nothing = Judged(url=None, raw="x", vector="img[src]", element="img", part="1", verdict=first.verdict)
    with Catalogue.open(w.config.database) as catalogue, catalogue.writing() as connection:
        assert overrides.add(connection, "ada", "shop.example", nothing, tracks=True) is None
        assert overrides.add(connection, "ada", "", first, tracks=True) is None
        assert overrides.listed(connection) == ()
