"""People and what lets them in, as the catalogue keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from blocker.catalogue import Catalogue, CatalogueError, schema
from blocker.catalogue import credentials as module
from blocker.catalogue.credentials import MOST_TRIES, CredentialKind, Credentials
from blocker.catalogue.people import People, Role
from tests.catalogue import old
from tests.servers.postgres import Postgres

HOME = frozenset({"home"})
KINDS: tuple[CredentialKind, ...] = ("session", "link", "token")


def test_a_new_catalogue_has_an_owner_without_a_password(store: Catalogue) -> None:
    """Who owns everything, so that a link can be made for them."""
    (owner,) = People(store).all()
    assert (owner.name, owner.owns_all, owner.password) == ("owner", True, None)
    assert People(store).named(None) == owner


def test_people_have_roles_and_accounts(store: Catalogue) -> None:
    """As they were given; nobody is there twice, and nobody has a name that a shell or a page would stumble over."""
    people = People(store)
    ada = people.add("ada", Role.OWNER, HOME, "digest")
    assert (ada.accounts, ada.owns_all) == (HOME, False)
    assert people.find("ada") == ada == people.named("ada")
    with pytest.raises(CatalogueError, match="there already"):
        people.add("ada", Role.VIEWER, None)
    for name in ("", "Ada", "a b", "-a", "a/b", "x" * 65, "é"):
        with pytest.raises(CatalogueError, match="cannot be a name"):
            people.add(name, Role.VIEWER, None)
    with pytest.raises(CatalogueError, match="choose one of owner, ada"):
        people.named("bob")
    people.change(ada.id, Role.VIEWER, frozenset())
    changed = people.named("ada")
    assert (changed.role, changed.accounts) == (Role.VIEWER, frozenset())


def test_there_is_always_an_owner_of_all(store: Catalogue) -> None:
    """The last one cannot be removed, nor be made less; an owner of one account is none."""
    people = People(store)
    owner = people.named(None)
    people.add("ada", Role.OWNER, HOME)
    with pytest.raises(CatalogueError, match="must own all accounts"):
        people.remove(owner.id)
    for role, accounts in ((Role.VIEWER, None), (Role.OWNER, HOME)):
        with pytest.raises(CatalogueError, match="must own all accounts"):
            people.change(owner.id, role, accounts)
    bob = people.add("bob", Role.OWNER, None)
    people.remove(owner.id)
    assert people.named(None) == bob


def test_what_somebody_had_goes_with_them(store: Catalogue) -> None:
    """And with a new password, what logs in by the old one."""
    people, kept = People(store), Credentials(store)
    ada, owner = people.add("ada", Role.VIEWER, HOME), people.named(None)
    for whose in (ada, owner):
        for kind in KINDS:
            kept.add(kind, f"{kind} of {whose.name}", whose.id)
    people.set_password(ada.id, "digest")
    assert kept.find(("session", "link"), "session of ada") is None
    assert kept.take("link", "link of ada") is None
    assert kept.find(("token",), "token of ada") is not None
    people.remove(ada.id)
    assert kept.find(("token",), "token of ada") is None
    assert len(kept.of(KINDS, owner.id)) == 3


def test_a_credential_expires_and_is_used_up_once(store: Catalogue) -> None:
    """What has expired opens nothing; what is taken is gone; one kind is not another."""
    kept, owner = Credentials(store), People(store).named(None)
    past, future = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (-1, 1))
    kept.add("link", "old", owner.id, expires=past)
    kept.add("link", "new", owner.id, expires=future)
    assert kept.take("link", "old") is None
    assert kept.find(("token", "session"), "new") is None
    taken = kept.take("link", "new")
    assert taken is not None and taken[1] == owner
    assert kept.take("link", "new") is None


def test_a_use_is_written_once_a_minute(store: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each request."""
    kept, owner = Credentials(store), People(store).named(None)
    kept.add("token", "digest", owner.id)

    def used() -> datetime | None:
        found = kept.find(("token",), "digest")
        assert found is not None
        kept.note_use(found[0])
        after = kept.find(("token",), "digest")
        assert after is not None
        return after[0].used

    first = used()
    assert first is not None
    assert used() == used() == first
    monkeypatch.setattr(module, "NOTED", timedelta(0))
    second = used()
    assert second is not None and second > first


def test_a_code_is_dead_after_some_guesses(store: Catalogue) -> None:
    """Whoever makes them, and whichever code was meant; tokens do not care."""
    kept, owner = Credentials(store), People(store).named(None)
    kept.add("token", "digest", owner.id)
    kept.add("code", "one", owner.id)
    for _ in range(MOST_TRIES - 1):
        kept.missed()
    kept.add("code", "two", owner.id)
    assert kept.find(("code",), "one") is not None
    kept.missed()
    assert kept.find(("code",), "one") is None
    assert kept.find(("code",), "two") is not None
    assert kept.find(("token",), "digest") is not None


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()


def test_what_opened_an_older_catalogue_still_does(place: str) -> None:
    """0.1.0's password is the owner's, its tokens read and scan; who was logged in, or had a link, is not any more."""
    old.make(place, "0005b")
    engine = create_engine(schema._parse(place))
    with engine.begin() as connection:
        for kind, digest in (
            ("password", "scrypt:x"),
            ("token", "a"),
            ("token", "b"),
            ("session", "c"),
            ("link", "d"),
        ):
            row = {"kind": kind, "digest": digest}
            connection.execute(
                text(
                    "INSERT INTO credentials (kind, digest, created)"
                    " VALUES (:kind, :digest, '2026-01-31 12:00:00.000000')"
                ),
                row,
            )
    engine.dispose()
    with Catalogue.open(place) as store:
        (owner,) = People(store).all()
        assert (owner.name, owner.owns_all, owner.password) == ("owner", True, "scrypt:x")
        tokens = Credentials(store).of(("token",), owner.id)
        assert [(one.name, sorted(one.scopes)) for one in tokens] == [
            ("token 1", ["read", "scan"]),
            ("token 2", ["read", "scan"]),
        ]
        assert {one.created for one in tokens} == {datetime(2026, 1, 31, 12, tzinfo=UTC)}
        for kind, digest, there in (("token", "a", True), ("session", "c", False), ("link", "d", False)):
            assert (Credentials(store).find((kind,), digest) is not None) == there
        assert People(store).add("ada", Role.VIEWER, HOME).id > owner.id
        assert Credentials(store).add("token", "e", owner.id) > tokens[-1].id
