"""A forged From field proves nothing; a signature of the sender's own domain does, and so does one's own mail server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.choices.levels import Level
from blocker.sender import Proof, Trust, proof_of
from tests.sender.letters import BODY, HEAD, MAIL, PIXEL, Names, signed

DOMAIN = "shop.example"
OURS = ("mx.example.org",)


def by_dkim(raw: bytes, names: Names | None = None) -> Proof:
    """What signatures prove."""
    return proof_of(raw, DOMAIN, lookup=Names() if names is None else names)


def by_report(*fields: str, raw: bytes = MAIL) -> Proof:
    """What Authentication-Results fields prove; no key can be looked up."""
    return proof_of(
        "".join(f"Authentication-Results: {f}\r\n" for f in fields).encode() + raw, DOMAIN, authserv_ids=OURS
    )


def test_the_senders_own_signature() -> None:
    """A signature of the From domain that verifies is proof; nothing but its key was asked for."""
    names = Names()
    proof = by_dkim(signed(), names)
    assert (proof.given, proof.how) == (True, "a DKIM signature of shop.example verifies")
    assert names.asked == ["s1._domainkey.shop.example"]


@pytest.mark.parametrize("signer", ["news.shop.example", "shop.example", "a.b.shop.example"])
def test_alignment_is_relaxed(signer: str) -> None:
    """A signature of any name below the same organisational domain counts."""
    assert by_dkim(signed(domain=signer), Names((signer,))).given


FORGED = {
    "unsigned": MAIL,
    "signed by somebody else": signed(domain="other.example"),
    "signed by a name that only ends alike": signed(domain="myshop.example"),
    "changed body": signed().replace(b"Hello", b"Hallo"),
    "added pixel": signed() + b"<img src=x>",
    "added pixel where the signature leaves room": signed(length=True) + b"<img src=x>",
    "room in the signature": signed(length=True),
    "changed subject": signed().replace(b"Subject: News", b"Subject: Olds"),
    "a second From field above": b"From: a@shop.example\r\n" + signed(),
    "a second From field below": signed(MAIL.replace(b"Subject:", b"From: b@other.example\r\nSubject:")),
    "two senders": signed(MAIL.replace(b"<news@shop.example>", b"<news@shop.example>, b@other.example")),
    "no sender": signed(MAIL.replace(b"Shop <news@shop.example>", b"nobody")),
    "expired": signed().replace(b"; t=", b"; x=1000000000; t="),
    "SHA-1": signed().replace(b"rsa-sha256", b"rsa-sha1"),
    "no signed From": signed().replace(b"h=from", b"h=x-from"),
    "no tags": b"DKIM-Signature: nonsense\r\n" + MAIL,
    "tags twice": b"DKIM-Signature: d=shop.example; d=shop.example\r\n" + MAIL,
    "half a signature": b"DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=s1; h=from; bh=; b=\r\n"
    + MAIL,
}


@pytest.mark.parametrize("name", FORGED)
def test_what_proves_nothing(name: str) -> None:
    """None of these is proof, whatever keys the DNS has; each says why."""
    proof = by_dkim(FORGED[name], Names((DOMAIN, "other.example", "myshop.example")))
    assert not proof.given
    assert proof.how


def test_a_name_that_only_others_signed_is_never_looked_up() -> None:
    """A stranger's signature makes nobody ask for his name."""
    names = Names(("other.example",))
    by_dkim(signed(domain="other.example"), names)
    assert names.asked == []


def test_without_leave_to_ask_or_without_an_answer() -> None:
    """Nothing is proven, in words that tell the two apart."""
    assert proof_of(signed(), DOMAIN) == Proof(
        False, "the key of its DKIM signature is not looked up (dkim_lookups is off)"
    )
    assert by_dkim(signed(), Names(silent=True)) == Proof(
        False, "the key of its DKIM signature could not be looked up"
    )
    assert not by_dkim(signed(), Names(())).given


def test_one_of_two_signatures() -> None:
    """A mail that another party signed on top is still the sender's."""
    assert by_dkim(signed(signed(), "esp.example")).given


@pytest.mark.parametrize("long", [b" " * 5000, b"\r\n" * 5000])
def test_shapes_that_would_take_long(long: bytes) -> None:
    """Runs of blanks that the verifier would take minutes over are not given to it."""
    assert "shape" in by_dkim(signed() + long + b"x").how


@pytest.mark.parametrize(
    "field",
    [
        "mx.example.org; dkim=pass header.d=shop.example",
        "mx.example.org; dkim=pass (2048-bit key) header.i=@news.shop.example header.b=abc",
        "mx.example.org 1; spf=fail smtp.mailfrom=x@y.example; dmarc=pass (p=none) header.from=shop.example",
        "MX.example.org;\r\n dkim=fail header.d=shop.example;\r\n dkim=pass header.d=shop.example",
    ],
)
def test_ones_own_server_reports_it(field: str) -> None:
    """dkim=pass or dmarc=pass for the sender's domain, by a configured authserv-id."""
    proof = by_report(field)
    assert proof.given
    assert "reports that shop.example signed it" in proof.how


@pytest.mark.parametrize(
    "fields",
    [
        ["mx.elsewhere.example; dkim=pass header.d=shop.example"],
        ["mx.example.org.elsewhere.example; dkim=pass header.d=shop.example"],
        ["mx.example.org; dkim=pass header.d=other.example"],
        ["mx.example.org; dkim=pass header.d=other.example header.i=@shop.example"],
        ["mx.example.org; dkim=pass"],
        ["mx.example.org; dkim=fail header.d=shop.example; spf=pass smtp.mailfrom=a@shop.example"],
        ["mx.example.org; dkim=fail (dkim=pass header.d=shop.example) header.d=shop.example"],
        ['mx.example.org; dkim=fail reason="x; dkim=pass header.d=shop.example" header.d=shop.example'],
        ["mx.example.org; dmarc=pass header.from=other.example"],
        ["mx.example.org; none"],
        ["mx.example.org; (((("],
        ["mx.example.org; none", "mx.example.org; dkim=pass header.d=shop.example"],
    ],
)
def test_what_a_report_does_not_prove(fields: list[str]) -> None:
    """Another server's word, another domain, another result, a lower field of the same name: none is proof."""
    assert not by_report(*fields).given


def test_a_report_is_not_read_where_no_server_is_trusted() -> None:
    """Without a configured authserv-id the field is anybody's word."""
    field = b"Authentication-Results: mx.example.org; dkim=pass header.d=shop.example\r\n"
    assert not proof_of(field + MAIL, DOMAIN).given


def test_trust_seeks_a_proof_only_where_one_is_needed() -> None:
    """Nothing is asked where nothing was set for the sender, or more protection."""
    names = Names()
    trust = Trust(lookup=names)
    assert trust.in_force(signed(), "shop.example", Level.STANDARD, {}).level == Level.STANDARD
    assert (
        trust.in_force(signed(), "shop.example", Level.STANDARD, {"other.example": "allow"}).level
        == Level.STANDARD
    )
    assert trust.in_force(signed(), DOMAIN, Level.STANDARD, {DOMAIN: Level.PARANOID}).level == Level.PARANOID
    assert names.asked == []
    assert trust.in_force(signed(), "shop.example", Level.STANDARD, {DOMAIN: "allow"}).level is None
    assert names.asked == ["s1._domainkey.shop.example"]
    assert (
        trust.in_force(MAIL, "shop.example", Level.PARANOID, {DOMAIN: Level.STANDARD}).level == Level.PARANOID
    )


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(raw: bytes, above: bool) -> None:
    """Whatever a field or a body holds, the answer is no, not an error."""
    hostile = (
        b"DKIM-Signature: d=shop.example; "
        + raw.replace(b"\n", b" ")
        + b"\r\nAuthentication-Results: mx.example.org; "
        + raw
    )
    whole = hostile + b"\r\n" + MAIL if above else MAIL + raw
    assert not proof_of(whole, DOMAIN, authserv_ids=OURS, lookup=Names()).given


def test_the_letters_are_what_they_seem() -> None:
    """The mail of these tests is tracked."""
    assert PIXEL in BODY
    assert HEAD.startswith("From: Shop <news@shop.example>")
