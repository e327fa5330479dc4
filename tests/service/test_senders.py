"""A sender's own level: more protection at a word, less only for mail that is proven to be the sender's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import blocker
from blocker.catalogue import Catalogue
from blocker.sender import lookup
from blocker.service import Runner
from blocker.service.exchange.copies import Copies
from tests.sender.letters import Names, signed
from tests.service.world import World, mail, original_of

Make = Callable[..., World]
OURS = "mx.example.org"
REPORTED = f"Authentication-Results: {OURS}; dkim=pass header.d=shop.example\r\n".encode()


def set_level(world: World, level: str | None, account: str = "") -> None:
    """A person sets a level for shop.example."""
    with Catalogue.open(world.config.database) as catalogue:
        catalogue.set_sender_level("shop.example", level, account)


def treated(world: World, raw: bytes) -> tuple[str, str]:
    """What becomes of a mail, and what is said of it."""
    world.deliver(raw)
    world.look()
    return world.recorded()[-1][1:]


@pytest.mark.parametrize("mode", ["replace", "copy", "flag"])
def test_allowed_and_proven(world: Make, mode: str) -> None:
    """The proven sender's mail stays as it is, in every mode, and its record says why."""
    w = world(mode, authserv_ids=(OURS,)).begin()
    set_level(w, "allow")
    action, detail = treated(w, REPORTED + mail())
    assert action == "reported"
    assert (
        detail
        == "what was set for shop.example (allow) applies: mx.example.org reports that shop.example signed it"
    )
    assert w.raws() == [REPORTED + mail()]
    assert w.stored()[0].flags == {"\\Seen", "work"}


def test_allowed_and_forged(world: Make) -> None:
    """A mail that only says it is the sender's is neutralised like anyone's, and the reason is on record."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    set_level(w, "allow")
    action, detail = treated(w, mail())
    assert action == "replaced"
    assert detail == (
        "what was set for shop.example (allow) does not apply, because the From field may be forged: "
        "it carries no DKIM signature of shop.example that covers all of it"
    )
    assert [original_of(raw) for raw in w.raws()] == [mail()]


def test_a_signature_is_proof_where_keys_may_be_looked_up(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dkim_lookups the DNS is asked once; without it nobody is, and the account's level stands."""
    names = Names()
    monkeypatch.setattr(lookup, "txt", names)
    raw = signed(mail())
    w = world("replace").begin()
    set_level(w, "allow")
    assert treated(w, raw)[0] == "replaced"
    assert names.asked == []

    class Asking(World):
        @property
        def config(self):  # type: ignore[no-untyped-def]
            made = World.config.fget(self)  # type: ignore[attr-defined]
            return replace(made, service=replace(made.service, dkim_lookups=True))

    asking = Asking(w.directory, w.account, w.server)
    assert treated(asking, signed(mail(2)))[0] == "reported"
    assert names.asked == ["s1._domainkey.shop.example"]


CARD = '<img src="https://cdn.shop.example/card/ada@example.org.png" width="400" height="200" alt="For you">'


def with_card() -> bytes:
    """A mail with a pixel and a personal picture."""
    return mail().replace(b"</body>", CARD.encode() + b"</body>")


def test_more_protection_needs_no_proof(world: Make) -> None:
    """A stronger level holds for whatever says it is the sender's, though the account's own would do less."""
    w = world("replace").begin()
    set_level(w, "strict")
    action, detail = treated(w, with_card())
    assert (action, detail) == ("replaced", "what was set for shop.example (strict) applies")
    assert b"ada@example.org.png" not in w.raws()[0]
    assert b"level=strict" in w.raws()[0]


def test_less_protection_with_proof(world: Make) -> None:
    """On a strict account the proven sender's personal picture stays; its pixel does not."""
    w = world("replace", level="strict", authserv_ids=(OURS,)).begin()
    set_level(w, "standard")
    treated(w, REPORTED + with_card())
    assert b"ada@example.org.png" in w.raws()[0]
    assert b"open.tracker.example" not in w.raws()[0]
    assert b"level=standard" in w.raws()[0]


def test_for_one_account_and_taken_back(world: Make) -> None:
    """The account's own setting comes before the one for all; once taken back, that one holds again."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    set_level(w, "strict")
    set_level(w, "allow", "ada")
    assert treated(w, REPORTED + mail())[0] == "reported"
    set_level(w, None, "ada")
    assert treated(w, REPORTED + mail(2)) == ("replaced", "what was set for shop.example (strict) applies")
    set_level(w, None)
    assert treated(w, REPORTED + mail(3)) == ("replaced", "")


def test_other_senders_are_not_touched_by_it(world: Make) -> None:
    """What was set for one sender says nothing of another, however the name ends."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    set_level(w, "allow")
    raw = REPORTED.replace(b"shop", b"myshop") + mail().replace(b"@shop.example", b"@myshop.example")
    assert treated(w, raw) == ("replaced", "")


def large() -> bytes:
    """A mail whose patch does not fit into a header at paranoid."""
    from hashlib import sha512

    tags = "".join(
        f'<img src="https://cdn.shop.example/{sha512(str(n).encode()).hexdigest()}{sha512(str(-n).encode()).hexdigest()}">\r\n'
        for n in range(400)
    )
    return mail().replace(b"</body>", tags.encode() + b"</body>")


@pytest.mark.parametrize("cut", [False, True])
def test_a_large_patch_goes_to_the_catalogue(world: Make, monkeypatch: pytest.MonkeyPatch, cut: bool) -> None:
    """The copy is made, its patch is found by the copy's digest, also after a crash, and is forgotten with the mail."""
    w = world("replace", level="paranoid").begin()
    w.deliver(large())
    if cut:
        verify = Copies.verify

        def end(*_: object) -> str:
            raise KeyboardInterrupt

        monkeypatch.setattr(Copies, "verify", end)
        with pytest.raises(KeyboardInterrupt):
            w.look()
        monkeypatch.setattr(Copies, "verify", verify)
    w.look()
    (copy,) = w.raws()
    assert b"patch=catalogue;" in copy
    with pytest.raises(blocker.RestoreError, match="catalogue"):
        blocker.restore(copy)
    with Catalogue.open(w.config.database) as catalogue:
        assert blocker.restore(copy, catalogue.patch) == large()
        catalogue.forget(sender="shop.example")
        with pytest.raises(blocker.RestoreError, match="catalogue"):
            blocker.restore(copy, catalogue.patch)


def test_a_small_patch_stays_in_the_header(world: Make) -> None:
    """The catalogue keeps nothing of a mail whose header holds the patch."""
    w = world("replace").begin()
    treated(w, mail())
    with Catalogue.open(w.config.database) as catalogue, catalogue.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM patches").scalar() == 0


def test_dry_run_says_the_same(world: Make) -> None:
    """What a sweep would do is told at the sender's level; nothing is recorded."""
    w = world("replace", authserv_ids=(OURS,))
    set_level(w, "allow")
    w.deliver(REPORTED + mail())
    w.deliver(mail(2))

    def dry(runner: Runner) -> None:
        runner.sweep("ada", dry_run=True)

    w.run(dry)
    assert [(e.action, bool(e.detail)) for e in w.events if e.uid] == [("replaced", True), ("reported", True)]
    assert w.recorded() == []


@pytest.mark.parametrize("mode", ["report", "replace"])
def test_the_proof_of_each_mail_is_kept(world: Make, mode: str) -> None:
    """What one's own server found is recorded of every mail, whatever was set; where it says nothing, nothing is known."""
    w = world(mode, authserv_ids=(OURS,)).begin()
    failed = f"Authentication-Results: {OURS}; dkim=fail header.d=shop.example\r\n".encode()
    foreign = b"Authentication-Results: mx.elsewhere.example; dkim=pass header.d=shop.example\r\n"
    for number, field in enumerate((REPORTED, failed, foreign, b""), 1):
        w.deliver(field + mail(number))
    w.look()
    with Catalogue.open(w.config.database) as catalogue:
        found = [line.proven for line in catalogue.messages().items]
    assert sorted(map(str, found)) == ["False", "None", "None", "True"]


def test_an_address_at_a_shared_domain_is_a_sender_of_its_own(world: Make) -> None:
    """What was set for one address leaves the next one's mail alone, also where he puts the other's name into a comment."""
    w = world("replace", authserv_ids=(OURS,)).begin()
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.set_sender_level("bob@gmail.com", "allow")
    reported = f"Authentication-Results: {OURS}; dmarc=pass header.from=gmail.com\r\n".encode()

    def of(name: bytes, number: int) -> bytes:
        return reported + mail(number).replace(b"news@shop.example", name)

    assert treated(w, of(b"bob@gmail.com", 1))[0] == "reported"
    assert treated(w, of(b"eve@gmail.com", 2))[0] == "replaced"
    assert treated(w, of(b"eve@gmail.com> (bob@gmail.com) <", 3))[0] == "replaced"
    assert treated(w, of(b"eve@gmail.com>, Bob <bob@gmail.com", 4))[0] == "replaced"
