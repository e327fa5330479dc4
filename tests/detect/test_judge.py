"""From reasons to a verdict, and from bytes to a report."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

import blocker
from blocker.detect.context import Context
from blocker.detect.judge import combine
from blocker.detect.knowledge import Known, Rules, default_rules
from blocker.detect.reasons import PRIOR, Reason, reason
from blocker.detect.report import BLOCKED, KINDS, Kind
from blocker.detect.rules import UrlRule, Vendor
from blocker.message.read import read
from tests.cases.cases import CASES
from tests.detect.messages import PICTURE, PIXEL, TO, judged, mail, one, rules

TINY = 'width="1" height="1"'


def verdict(*ids: str, known: Known | None = None) -> tuple[Kind, float]:
    """What these rules make together."""
    made = Context(read(mail("")), default_rules())
    found = combine([reason(one_id) for one_id in ids], known, made)
    return found.kind, found.confidence


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        ("geometry.tiny token.opaque shape.script", "pixel"),
        ("geometry.tiny knowledge.open token.opaque", "pixel"),
        ("geometry.unsized knowledge.open", "pixel"),
        ("geometry.unsized token.opaque shape.script shape.last", "pixel"),
        ("geometry.unsized token.opaque shape.script shape.counter", "pixel"),
        ("geometry.unsized token.opaque shape.endpoint shape.last", "pixel"),
        ("geometry.unsized token.opaque shape.script shape.alone", "content"),
        ("geometry.unsized token.opaque shape.script shape.store shape.alone shape.last", "content"),
        ("geometry.unsized token.file shape.picture shape.alone shape.last", "content"),
        ("geometry.unsized token.none shape.picture shape.counter shape.last", "content"),
        ("geometry.unsized token.none shape.script memory.differs", "pixel"),
        ("geometry.bare visibility.hidden token.file shape.picture shape.alone shape.last", "pixel"),
        ("geometry.bare shape.script token.numbers shape.alone", "content"),
        ("geometry.tiny token.file shape.filler", "spacer"),
        ("geometry.tiny token.file shape.picture shape.folder", "spacer"),
        ("geometry.tiny token.file shape.picture shape.alone", "pixel"),
        ("visibility.hidden identity.digest shape.script", "pixel"),
        ("geometry.tiny shape.endpoint shape.script token.none shape.alone knowledge.aggregate", "beacon"),
        ("geometry.tiny knowledge.aggregate token.opaque", "beacon"),
        ("geometry.tiny knowledge.ad", "beacon"),
        ("geometry.tiny token.opaque shape.endpoint shape.script shape.alone memory.shared", "beacon"),
        ("geometry.tiny identity.digest knowledge.open memory.shared", "pixel"),
        ("geometry.visible identity.address shape.script", "personal"),
        ("geometry.visible memory.drawn", "personal"),
        ("geometry.visible knowledge.personal token.opaque", "personal"),
        ("geometry.visible memory.drawn memory.shared", "content"),
        ("geometry.relative identity.digest shape.endpoint shape.script token.opaque", "personal"),
        ("geometry.visible knowledge.ad token.opaque shape.script", "personal"),
        ("geometry.visible knowledge.ad token.macro token.numbers shape.script", "content"),
        ("geometry.visible shape.picture token.none", "content"),
        ("geometry.unsized shape.picture token.none", "content"),
        ("geometry.line shape.picture token.none", "spacer"),
        ("geometry.tiny recurrence.repeated shape.filler", "spacer"),
        ("geometry.visible shape.filler", "spacer"),
        ("geometry.visible shape.filler shape.alt", "content"),
        ("visibility.hidden shape.picture token.none", "spacer"),
        ("geometry.one-side shape.picture token.none", "spacer"),
        ("geometry.zero shape.picture token.none", "spacer"),
        ("geometry.tiny identity.address", "pixel"),
        ("geometry.tiny identity.address knowledge.open memory.shared", "pixel"),
        ("geometry.tiny identity.name", "pixel"),
        ("geometry.tiny identity.other", "pixel"),
        ("geometry.tiny memory.drawn", "pixel"),
        ("geometry.tiny memory.individual", "pixel"),
        ("geometry.tiny token.person", "pixel"),
        ("geometry.visible knowledge.open", "pixel"),
        ("geometry.visible memory.differs", "personal"),
        ("geometry.visible shape.logo identity.address", "personal"),
        ("geometry.visible shape.logo identity.digest", "personal"),
        ("geometry.visible shape.logo identity.name", "personal"),
        ("geometry.visible shape.logo knowledge.personal", "personal"),
        ("geometry.visible shape.logo memory.differs", "personal"),
        ("geometry.visible shape.logo memory.drawn", "personal"),
        ("geometry.visible shape.logo token.person", "personal"),
        ("geometry.visible shape.filler shape.linked", "content"),
        ("shape.map identity.digest token.opaque knowledge.ad", "personal"),
        ("shape.portrait identity.digest token.opaque", "personal"),
    ],
)
def test_kinds(ids: str, kind: Kind) -> None:
    """What reports the opening singles out (pixel) or does not (beacon); what does not, shows (personal, content) or not."""
    assert verdict(*ids.split())[0] == kind


def test_a_picture_that_shows_is_not_blocked_for_being_individual() -> None:
    """However much singles the reader out, a picture that shows stays, unless it is a known open endpoint."""
    individual = (
        "identity.address",
        "token.opaque",
        "token.person",
        "token.program",
        "shape.endpoint",
        "shape.script",
    )
    assert verdict("geometry.visible", *individual)[0] == "personal"
    assert verdict("geometry.visible", "knowledge.open", *individual)[0] == "pixel"


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [
        ("ad", 'style="width:100%"', "personal"),
        ("ad", TINY, "pixel"),
        ("personal", "", "personal"),
        ("personal", 'style="width:100%"', "personal"),
        ("personal", TINY, "pixel"),
        ("open", 'style="width:100%"', "pixel"),
    ],
)
def test_what_a_rule_says_of_a_picture_without_a_size(kind: str, size: str, expected: Kind) -> None:
    """An advertisement or a picture made for its reader is looked at, unless it is declared to be too small for that."""
    own = UrlRule("own", kind, ("show.sender.example",), "^/i/", "", "", "")
    rules_given = Rules([Vendor("Harbour Shows", "esp", (own,))])
    markup = f'<p>Text</p><img src="https://show.sender.example/i/4f9d2b7c81e6a035/a.jpg?e=4f9d2b7c81e6a0359c3d" {size}>'
    found = blocker.scan(mail(f'{markup}<a href="https://show.sender.example/c/1">x</a>'), rules=rules_given)
    (reference,) = found.references
    assert (reference.verdict.kind, reference.verdict.vendor) == (expected, "Harbour Shows")


def test_confidence_is_of_the_verdict() -> None:
    """Certain of blocking or of keeping is near one, undecided is one half; more evidence is more of it."""
    weak = verdict("geometry.tiny", "token.numbers")
    strong = verdict("geometry.tiny", "token.opaque", "knowledge.open", "identity.address")
    kept = verdict("geometry.visible", "shape.picture", "token.none", "shape.alt")
    assert weak[0] in BLOCKED
    assert 0.5 <= weak[1] < strong[1] <= 1
    assert kept[1] > 0.99
    assert PRIOR < 0


def test_extreme_evidence_does_not_overflow() -> None:
    """Any sum of weights gives a confidence between one half and one."""
    made = Context(read(mail("")), default_rules())
    for weight in (1e9, -1e9, 0.0):
        found = combine([Reason("geometry.tiny", weight)], None, made)
        assert 0.5 <= found.confidence <= 1


def test_reasons_stand_strongest_first() -> None:
    """A person reads first what decided most, for or against."""
    weights = [abs(why.weight) for why in one(f'<img src="{PIXEL}" {TINY}>').verdict.reasons]
    assert len(weights) >= 3
    assert weights == sorted(weights, reverse=True)


def test_no_verdict_without_reasons() -> None:
    """Every reference of every vector has at least one reason."""
    markup = f'<img src="{PICTURE}"><link rel=stylesheet href="{PIXEL}"><style>@import "{PIXEL}";</style><img src="[open]">'
    found = judged(markup)
    assert len(found) == 4
    assert all(reference.verdict.reasons for reference in found)


def received(host: str) -> str:
    """The field of the reader's server that took the message from `host`."""
    return f"from {host} ({host} [192.0.2.1]) by mx.example.org with ESMTPS id 1; Mon, 16 Nov 2026 10:00:00 +0000"


APSIS = received("rs-145.mta.anpdm.com")
STRANGER = "https://t.count.example/o/4f9d2b7c81e6a035"
SHORT = "https://t.brand.example/o/4f9d2b7c81e6a035"


@pytest.mark.parametrize(
    ("headers", "url", "vendor"),
    [
        ({"Received": APSIS}, PIXEL, "Apsis"),
        ({"Received": APSIS}, "https://click.anpdm.com/o/4f9d2b7c81e6a035", "Apsis"),
        ({"Received": APSIS, "Return-Path": "<bounce+1@mail.brand.example>"}, SHORT, "Apsis"),
        ({"Received": APSIS, "DKIM-Signature": "v=1; a=rsa-sha256; d=brand.example; s=k1"}, SHORT, "Apsis"),
        ({"Received": APSIS}, SHORT, None),
        ({"Received": APSIS}, STRANGER, None),
        ({"Received": APSIS}, "https://192.0.2.7/o/4f9d2b7c81e6a035", None),
        (
            {"Received": received("u1.outbound-mail.sendgrid.net"), "X-SG-EID": "aBcDeFgHiJkLmNoP"},
            PIXEL,
            None,
        ),
        ({"Feedback-ID": "41188:41188.77123:us21:mc", "X-MC-User": "0a1b2c"}, PIXEL, None),
        ({"X-SFMC-Stack": "11", "List-ID": "<7233.xt.local>"}, PIXEL, None),
        ({"X-SFMC-Stack": "11", "Return-Path": "<bounce@bounce.s11.exacttarget.com>"}, STRANGER, None),
        ({}, PIXEL, None),
    ],
)
def test_who_carried_a_mail_is_named_for_its_customers_hosts(
    headers: dict[str, str], url: str, vendor: str | None
) -> None:
    """What is blocked on the sender's domain is the service's that handed the mail over; a third party's is not."""
    pixel, picture = judged(f'<img src="{url}" {TINY}><img src="{PICTURE}" width=600 height=300>', headers)
    assert (pixel.verdict.kind, pixel.verdict.vendor) == ("pixel", vendor)
    assert (picture.verdict.kind, picture.verdict.vendor) == ("content", None)


def test_the_vendor_of_a_case_with_a_copied_mark_is_unknown() -> None:
    """Its header says X-SFMC-Stack, as the spam that copied it does."""
    found = blocker.scan((CASES / "judge--21-vendor-from-a-copied-header.eml").read_bytes()).references
    assert [(judged.verdict.kind, judged.verdict.vendor) for judged in found] == [("pixel", None)]


def test_the_url_names_the_vendor_before_who_carried_the_mail() -> None:
    """A pixel of another service in a service's mail is the other's."""
    src = "https://us7.list-manage.com/track/open.php?u=0a1b2c3d4e5f60718293a4b5c&amp;id=1f2e3d4c5b"
    reference = one(f'<img src="{src}" {TINY}>', {"Received": APSIS})
    assert reference.verdict.vendor == "Mailchimp"


def test_rules_of_ones_own() -> None:
    """Another rule book is asked in place of the packaged one."""
    own = UrlRule("own", "open", ("cdn.sender.example",), "^/harbour", "", "", "")
    rules_given = Rules([Vendor("Harbour Watch", "tracker", (own,))])
    raw = mail('<img src="https://cdn.sender.example/harbour">')
    (reference,) = blocker.scan(raw, rules=rules_given).references
    assert (reference.verdict.kind, reference.verdict.vendor) == ("pixel", "Harbour Watch")
    assert blocker.scan(raw).references[0].verdict.kind == "content"


def test_the_same_url_in_several_places_is_one_verdict() -> None:
    """A pixel repeated in another form is blocked wherever it stands, or its fetch would tell all the same."""
    src = f"https://t.sender.example/o/9f8e7d6c5b4a39281706?to={TO}"
    markup = f'<img src="{src}" width=300 height=200><!--[if mso]><img src="{src}" {TINY}><![endif]-->'
    shown, outlook = judged(markup)
    assert outlook.verdict.kind == "pixel"
    assert shown.verdict == outlook.verdict


def test_recipients_given_count_besides_the_header() -> None:
    """An alias that only the account knows is found in a URL."""
    digest = hashlib.md5(b"alias@elsewhere.example", usedforsecurity=False).hexdigest()
    raw = mail(f'<img src="https://t.sender.example/o?m={digest}" {TINY}>')
    assert "identity.digest" not in rules(blocker.scan(raw).references[0])
    assert "identity.digest" in rules(blocker.scan(raw, recipients=["Alias@Elsewhere.example"]).references[0])


HEADERS = {"Disposition-Notification-To": "<news@sender.example>", "Subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?="}
MARKUP = f"""<img src="{PIXEL}" {TINY}><img src="[open]"><img src="{PICTURE}" width=600 height=300>
<a href="https://us7.list-manage.com/track/click?u=0a1b2c3d4e5f60718293a4b5c&amp;id=1">x</a><a href="https://sender.example">y</a>"""
CONTRACT: dict[str, Any] = {
    "message": {
        "source": str,
        "sha256": str,
        "message_id": str,
        "from": str,
        "from_domain": str,
        "to": str,
        "date": str,
        "subject": str,
    },
    "references": list,
    "receipts": list,
    "links": {"total": int, "tracked": int},
    "signed": bool,
    "unjudged": int,
    "error": type(None),
}
REFERENCE: dict[str, Any] = {
    "url": (str, type(None)),
    "raw": str,
    "vector": str,
    "element": str,
    "part": str,
    "span": list,
    "verdict": str,
    "confidence": float,
    "vendor": (str, type(None)),
    "reasons": list,
}


def test_as_dict_is_the_documented_contract() -> None:
    """Every documented key is there with its type, nothing else is, and JSON can carry it."""
    raw = mail(MARKUP, HEADERS)
    made = blocker.scan(raw, source="a/b.eml").as_dict()
    assert made.keys() == CONTRACT.keys()
    for key, kind in CONTRACT.items():
        if isinstance(kind, dict):
            assert {name: type(value) for name, value in made[key].items()} == kind
        else:
            assert isinstance(made[key], kind)
    for reference in made["references"]:
        assert reference.keys() == REFERENCE.keys()
        assert all(isinstance(reference[key], kind) for key, kind in REFERENCE.items())
        assert reference["verdict"] in KINDS
        assert all(why.keys() == {"rule", "detail", "weight"} for why in reference["reasons"])
    assert json.loads(json.dumps(made)) == made


def test_as_dict_says_what_the_message_says() -> None:
    """Envelope, spans, receipts and counts of links are those of the bytes given."""
    raw = mail(MARKUP, HEADERS)
    made = blocker.scan(raw, source="a/b.eml").as_dict()
    assert made["message"] == {
        "source": "a/b.eml",
        "sha256": hashlib.sha256(raw).hexdigest(),
        "message_id": "<1@sender.example>",
        "from": "Sender <news@sender.example>",
        "from_domain": "sender.example",
        "to": f"Camille <{TO}>",
        "date": "2026-11-16T10:00:00+00:00",
        "subject": "Grüße",
    }
    assert made["receipts"] == [{"header": "Disposition-Notification-To", "value": "<news@sender.example>"}]
    assert made["links"] == {"total": 2, "tracked": 1}
    pixel, macro, picture = made["references"]
    assert [r["verdict"] for r in (pixel, picture)] == ["pixel", "content"]
    assert (macro["url"], macro["raw"]) == (None, "[open]")
    for reference in (pixel, macro, picture):
        start, end = reference["span"]
        assert raw[start:end].decode() == reference["raw"]


def test_blocked_and_tracked_follow_from_the_verdicts() -> None:
    """The booleans are derived: pixel and beacon block, nothing else does."""
    report = blocker.scan(mail(MARKUP))
    assert [r.raw for r in report.blocked] == [r.raw for r in report.references if r.verdict.kind in BLOCKED]
    assert report.tracked
    assert sum(report.kinds.values()) == len(report.references) == 3
    quiet = blocker.scan(mail(f'<img src="{PICTURE}" width=600 height=300>'))
    assert not quiet.tracked
    assert not quiet.blocked


def test_judging_is_pure_and_repeatable() -> None:
    """The same bytes give the same report, and judging one mail does not change the verdict on another."""
    raw, other = mail(MARKUP, HEADERS), mail(MARKUP.replace("600", "1"))
    first = blocker.scan(raw).as_dict()
    blocker.scan(other)
    assert blocker.scan(raw).as_dict() == first


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\xff" * 100,
        b"From: x",
        b"\r\n\r\n<img src=//t.example/x>",
        b"Date: x\r\nSubject: =?x?b?\xff?=\r\n\r\n",
    ],
)
def test_any_bytes_give_a_report(raw: bytes) -> None:
    """What is hardly a message gets a report whose digest is of these bytes, and JSON can carry it."""
    made = blocker.scan(raw).as_dict()
    assert made["message"]["sha256"] == hashlib.sha256(raw).hexdigest()
    assert made["error"] is None
    json.dumps(made).encode("ascii")
