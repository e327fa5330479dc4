"""Values that could single something out: cut out of URLs and headers, and told from words and names of pictures."""

from __future__ import annotations

import pytest

from blocker.detect.shelf import OPAQUE
from blocker.detect.tokens import LONG, MAX_TEXT, MAX_TOKENS, extension, opacity, stands_as_token, tokens
from blocker.detect.traits import traits
from blocker.message.urls import parse

IDS = [
    "4f9d2b7c81e6a035",
    "aBcDeFgHiJkLmNoPqRsT",
    "eJwNyMEKhCAQANCvyaPMOEPZQaPv",
    "0a1b2c3d-1111-2222-3333-444455556666",
    "01JD3Q7ZK8M2X4V9T6B5N0R1YH",
    "u001.aBcD-2FeFgH-2BiJkL-3D",
]
WORDS = [
    "newsletter",
    "open",
    "images",
    "HeaderLogo",
    "autumn-sale-banner",
    "a-long-title-of-a-post-about-harbours",
    "logo",
    "IMAGES",
]


@pytest.mark.parametrize("value", IDS)
def test_ids_are_opaque(value: str) -> None:
    """Hashes, web-safe tokens and UUIDs could tell one mail from any other."""
    assert opacity(value) >= OPAQUE


@pytest.mark.parametrize("value", WORDS)
def test_words_are_not(value: str) -> None:
    """Words, camel case and slugs carry next to nothing."""
    assert opacity(value) < OPAQUE * 0.6


def test_opacity_grows_with_length_and_ends() -> None:
    """More random characters, more bits; a value of any length is weighed at bounded cost."""
    assert opacity("4f9d2b7c") < opacity("4f9d2b7c81e6a035") < opacity("4f9d2b7c81e6a0354f9d2b7c81e6a035")
    assert opacity("a1" * 10**6) == opacity("a1" * 1000)
    assert opacity("") == opacity("1234") == 0.0


def test_tokens_hold_a_digit_and_some_length() -> None:
    """Words stay out, short numbers too; separators of URLs and header fields cut."""
    assert tokens("/o/abc123/images/9f8e7d6c?u=55512345&n=12&x=banana") == ["abc123", "9f8e7d6c", "55512345"]
    assert tokens("<bounce-77aa88@m1.example.org>, (id 123456)") == [
        "bounce-77aa88",
        "m1.example.org",
        "123456",
    ]


def test_bounds() -> None:
    """No more than so many values of so much text are cut out."""
    assert len(tokens("/".join(f"value{i:06d}" for i in range(MAX_TOKENS * 2)))) == MAX_TOKENS
    assert tokens("/" * MAX_TEXT + "value123") == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a/b.PNG", "png"),
        ("/a.b/c", ""),
        ("/open.php", "php"),
        ("/", ""),
        ("", ""),
        ("/a.toolong", ""),
        ("/x.gif/y", ""),
    ],
)
def test_extension(path: str, kind: str) -> None:
    """The last name's extension, in lower case."""
    assert extension(path) == kind


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("https://t.example.org/o.gif?d=4f9d2b7c81e6a035", "bits"),
        ("https://t.example.org/o/4f9d2b7c81e6a035", "bits"),
        ("https://t.example.org/o/4f9d2b7c81e6a035/open", "bits"),
        ("https://cdn.example.org/4f9d2b7c81e6a035/logo.png", "folder_bits"),
        ("https://cdn.example.org/assets/4f9d2b7c81e6a035.png", "file_bits"),
        ("https://cdn.example.org/assets/4f9d2b7c81e6a035.png?v=2", "file_bits"),
    ],
)
def test_where_an_id_stands(text: str, place: str) -> None:
    """An id in a query or a program's path counts in full; in a picture's folder or name it may be the picture's own."""
    url = parse(text)
    assert url is not None
    own = traits(url)
    found = {name for name in ("bits", "folder_bits", "file_bits") if getattr(own, name) >= OPAQUE}
    assert found == {place}


@pytest.mark.parametrize(
    ("text", "filler", "endpoint", "person"),
    [
        ("https://cdn.example.org/spacer.gif", True, False, ""),
        ("https://cdn.example.org/img/1x1.gif", True, False, ""),
        ("https://cdn.example.org/img/blank_600x20.png", True, False, ""),
        ("https://cdn.example.org/spacer.gif?u=12345", False, False, "u"),
        ("https://cdn.example.org/harbour.jpg", False, False, ""),
        ("https://track.example.org/a", False, True, ""),
        ("https://www.example.org/e/open?x=1", False, True, ""),
        ("https://www.example.org/opening-hours.png", False, False, ""),
        ("https://www.example.org/a?subscriber_id=88123", False, False, "subscriber_id"),
        ("https://www.example.org/a?EMAIL=me%40example.org1", False, False, "EMAIL"),
        ("https://www.example.org/a?uid=", False, False, ""),
        ("https://www.example.org/a?uid=summer", False, False, ""),
        ("https://www.example.org/a?guid=88123", False, False, ""),
    ],
)
def test_names_that_tell(text: str, filler: bool, endpoint: bool, person: str) -> None:
    """Fillers, tracking endpoints and parameters that name a person are told by whole words, filled in."""
    url = parse(text)
    assert url is not None
    own = traits(url)
    assert (own.filler, own.endpoint, own.person) == (filler, endpoint, person)


def test_long_is_more_than_a_hash_of_sixteen_digits() -> None:
    """What proves a program's token is longer than what merely could be an id."""
    assert opacity("4f9d2b7c81e6a035") < LONG <= opacity("4f9d2b7c81e6a0354f9d2b7c81e6a035")


@pytest.mark.parametrize(
    "text",
    ["/click?id=a1b2c3d4&x=1", "/a1b2c3d4/open.gif", "x\n/a1b2c3d4", "/xa1b2c3d4?id=a1b2c3d4"],
)
def test_a_token_is_found_in_another_text(text: str) -> None:
    """Wherever `tokens` would cut it out, and after a place where it is part of a longer value."""
    assert "a1b2c3d4" in tokens(text)
    assert stands_as_token(text, "a1b2c3d4")


@pytest.mark.parametrize("text", ["/xa1b2c3d4", "/a1b2c3d4x", "/a1b2c3d4.gif", "/a1b2c3", ""])
def test_a_token_is_not_found_within_a_longer_value(text: str) -> None:
    """A value that only begins or ends like it is another one."""
    assert "a1b2c3d4" not in tokens(text)
    assert not stands_as_token(text, "a1b2c3d4")


def test_words_are_no_tokens_of_another_text() -> None:
    """A value without a digit singles nothing out, wherever it stands."""
    assert not stands_as_token("/util.cfm?x=1", "util.cfm")
