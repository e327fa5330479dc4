"""The service heeds the doctor: it never works in a mode that its server makes unsafe."""

from __future__ import annotations

from pathlib import Path

from blocker.catalogue import Catalogue
from tests.doctor.test_advise import GOOD
from tests.service.world import QUARANTINE, World, mail


def test_a_careful_provider_is_flagged_until_the_doctor_proves_more(tmp_path: Path) -> None:
    """Mode replace on Gmail's host only flags and says why; after a good examination of that host it replaces."""
    world = World.make(tmp_path, "replace")
    world.set(host="imap.gmail.com")
    world.begin().deliver(mail(1))
    world.look()
    assert world.raws() == [mail(1)]
    assert "$Tracked" in world.stored()[0].flags
    assert any(e.action == "trouble" and "unpixel doctor ada" in e.detail for e in world.events)
    with Catalogue.open(world.config.database) as catalogue:
        catalogue.save_profile(
            "ada", "imap.gmail.com", "replace", GOOD.as_dict() | {"host": "imap.gmail.com"}
        )
    world.deliver(mail(2))
    world.events.clear()
    world.look()
    assert world.raws(QUARANTINE) == [mail(2)]
    assert world.exists(mail(1))
    assert [e.action for e in world.events] == ["replaced"]


def test_what_the_doctor_saw_holds_the_service_back(tmp_path: Path) -> None:
    """A server that drops duplicates is never given a copy, whatever the configuration says."""
    world = World.make(tmp_path, "replace").begin()
    with Catalogue.open(world.config.database) as catalogue:
        found = GOOD.as_dict() | {"host": world.account.host, "same_id": "dropped"}
        catalogue.save_profile("ada", world.account.host, "flag", found)
    world.deliver(mail(1))
    world.look()
    assert world.raws() == [mail(1)]
    assert world.raws(QUARANTINE) == []
