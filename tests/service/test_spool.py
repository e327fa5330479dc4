"""The spool: on disk before anything is asked of a server, found again by the next process, gone in the end."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from blocker.service.exchange.spool import Kept, Spool
from blocker.service.exchange.steps import Place

ONE, TWO, OTHER = Place("ada", "INBOX", 7, 1), Place("ada", "INBOX", 7, 2), Place("ada", "Lists", 7, 1)


def kept(place: Place, copy: bytes = b"copy") -> Kept:
    """Bytes of its own for each place."""
    return Kept(f"original of {place}\r\n".encode() * 50, copy * place.uid)


def digest(place: Place) -> str:
    """Of its original."""
    return hashlib.sha256(kept(place).original).hexdigest()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the spool is."""
    return tmp_path / "spool"


def files(directory: Path) -> list[str]:
    """What lies there, by ending."""
    return sorted(path.suffix for path in directory.iterdir())


def test_another_process_finds_what_was_kept(directory: Path) -> None:
    """Each message's own bytes, of its folder alone; nobody else may read the files."""
    Spool(directory).keep({ONE: kept(ONE), TWO: kept(TWO)})
    Spool(directory).keep({OTHER: kept(OTHER)})
    again = Spool(directory)
    assert again.places("ada", "INBOX") == [ONE, TWO]
    assert again.places("ada", "Lists") == [OTHER]
    assert again.places("bob", "INBOX") == []
    assert [again.read(place, digest(place)) for place in (ONE, TWO, OTHER)] == [
        kept(ONE),
        kept(TWO),
        kept(OTHER),
    ]
    assert again.read(ONE, digest(TWO)) is None
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_a_file_goes_with_its_last_message(directory: Path) -> None:
    """Not before; and what a process did not come to, the next one does."""
    spool = Spool(directory)
    spool.keep({ONE: kept(ONE), TWO: kept(TWO)})
    spool.end(ONE, keep=False)
    assert spool.places("ada", "INBOX") == [TWO]
    assert spool.read(TWO, digest(TWO)) == kept(TWO)
    again = Spool(directory)
    assert again.places("ada", "INBOX") == [ONE, TWO], (
        "its end was in memory alone; it comes to an end once more"
    )
    for place in (ONE, TWO, TWO):
        again.end(place, keep=False)
    assert files(directory) == []


def test_what_is_kept_again_replaces_what_was(directory: Path) -> None:
    """The last bytes count, in this process and in the next; nothing is left behind."""
    spool = Spool(directory)
    spool.keep({ONE: kept(ONE), TWO: kept(TWO)})
    spool.keep({ONE: kept(ONE, b"another")})
    for each in (spool, Spool(directory)):
        assert each.read(ONE, digest(ONE)) == kept(ONE, b"another")
        assert each.read(TWO, digest(TWO)) == kept(TWO)
    again = Spool(directory)
    again.end(TWO, keep=False)
    assert files(directory) == [".spool"]
    again.end(ONE, keep=False)
    assert files(directory) == []


def test_an_original_that_stays_is_a_mail_of_its_own(directory: Path) -> None:
    """The others' bytes go; the file can be opened as a mail."""
    spool = Spool(directory)
    spool.keep({ONE: kept(ONE), TWO: kept(TWO)})
    spool.end(TWO, keep=True)
    spool.end(ONE, keep=False)
    assert files(directory) == [".eml"]
    assert spool.apart(TWO).read_bytes() == kept(TWO).original
    assert Spool(directory).places("ada", "INBOX") == []


def test_without_room_for_it_it_stays_where_it_is(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes where it belongs once there is room."""
    spool = Spool(directory)
    spool.keep({ONE: kept(ONE)})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        spool.end(ONE, keep=True)
        with pytest.raises(OSError, match="No space"):
            spool.keep({TWO: kept(TWO)})
    assert files(directory) == [".spool"]
    assert spool.read(ONE, digest(ONE)) == kept(ONE)
    spool.end(ONE, keep=True)
    assert files(directory) == [".eml"]


@pytest.mark.parametrize(
    "content", [b"", b"no index", b"[[1]]\n", b'{"a": 1}\n', b"[[7, 1, 1000, 4]]\nshort"]
)
def test_a_broken_file_gives_nothing(directory: Path, content: bytes) -> None:
    """It is as if its messages were not there; new ones do not overwrite it."""
    Spool(directory).keep({ONE: kept(ONE)})
    (path,) = directory.iterdir()
    path.write_bytes(content)
    again = Spool(directory)
    assert again.read(ONE, digest(ONE)) is None
    again.keep({TWO: kept(TWO)})
    assert path.read_bytes() == content
    assert again.read(TWO, digest(TWO)) == kept(TWO)


def test_a_draft_is_no_file(directory: Path) -> None:
    """What a process left half-written is overwritten by the next."""
    Spool(directory).keep({ONE: kept(ONE)})
    (path,) = directory.iterdir()
    path.rename(path.with_name(path.name + ".part"))
    again = Spool(directory)
    assert again.places("ada", "INBOX") == []
    again.keep({ONE: kept(ONE)})
    assert files(directory) == [".spool"]
