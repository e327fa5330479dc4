"""The vendor file and its matching: every sample runs, wrong files are named in a sentence, hostile input stays cheap."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import can_ada
import pytest

from blocker.detect.knowledge import Known, Rules, RulesError, default_rules, inner_url
from blocker.detect.rules import KINDS, ROLES, UrlRule, Vendor, parse, slug

MANY_VENDORS = 580
VENDORS = default_rules().vendors
URL_RULES = [(vendor, rule) for vendor in VENDORS for rule in vendor.rules]
RELAYS = [(vendor, name) for vendor in VENDORS for name in vendor.relays]

GOOD = """
[[vendor]]
name = "Example Mailer"
role = "esp"
relays = ["mta#.example"]
[[vendor.rule]]
kind = "open"
hosts = ["track.example.org"]
path = '^/open'
seen = "a test"
match = "https://track.example.org/open?id=1"
miss = "https://track.example.org/logo.png"
"""


def ask(rules: Rules, url: str) -> Known | None:
    """Ask as the judge does: with the host and target that a browser would use."""
    parsed = can_ada.parse(url)
    return rules.match(parsed.hostname, parsed.pathname + parsed.search)


def identify(rules: Rules, host: str, **fields: str) -> Known | None:
    """Ask of a message that `host` handed over, with these fields besides; underscores stand for hyphens."""
    values = {name.replace("_", "-").lower(): [value] for name, value in fields.items()}
    values["received"] = [f"from {host} ({host} [192.0.2.1]) by mx.reader.test with ESMTPS id 1"]
    return rules.identify(lambda name: values.get(name.lower(), []))


@pytest.mark.parametrize(("vendor", "rule"), URL_RULES, ids=[rule.id for _, rule in URL_RULES])
def test_every_url_sample(vendor: Vendor, rule: UrlRule) -> None:
    """Among all rules together the match sample gets this vendor and kind; the rule alone takes match and leaves miss."""
    found = ask(default_rules(), rule.match)
    assert found is not None
    assert (found.vendor, found.role, found.kind) == (vendor.name, vendor.role, rule.kind)
    alone = Rules([Vendor(vendor.name, vendor.role, (rule,))])
    assert ask(alone, rule.match) == Known(vendor.name, vendor.role, rule.kind, rule.id)
    assert ask(alone, rule.miss) is None


@pytest.mark.parametrize(("vendor", "name"), RELAYS, ids=[name for _, name in RELAYS])
def test_every_relay(vendor: Vendor, name: str) -> None:
    """Mail that a vendor's host handed over is the vendor's; a name that merely ends like the host's is nobody's."""
    host = name.replace("#", "12")
    known = Known(vendor.name, vendor.role, "sender", f"{slug(vendor.name)}/sender")
    assert identify(default_rules(), f"out-7.{host}") == known
    assert identify(default_rules(), f"not{host}") is None


def test_names_and_ids_are_unique() -> None:
    """No two vendors share a name or a slug, and no two rules an id, no two a relay: reasons in stored verdicts stay unambiguous."""
    names = Counter(slug(vendor.name) for vendor in VENDORS)
    ids = Counter(rule.id for _, rule in URL_RULES)
    relays = Counter(name for _, name in RELAYS)
    assert [name for name, count in (names + ids + relays).items() if count > 1] == []


def test_how_much_is_known() -> None:
    """The file keeps at least the breadth that the product promises, and uses only the documented words."""
    assert len(VENDORS) >= MANY_VENDORS
    assert sum(1 for vendor in VENDORS if vendor.relays) >= 45
    assert {vendor.role for vendor in VENDORS} == set(ROLES)
    assert {rule.kind for _, rule in URL_RULES} == set(KINDS)


def test_misses_are_near_misses() -> None:
    """A miss proves the path only where it stands on a host that the rule covers; whole-host rules miss by host."""
    for _, rule in URL_RULES:
        vendor = Vendor("x", "esp", (UrlRule("x", rule.kind, rule.hosts, "", "", "", ""),))
        covered = rule.hosts == ("*",) or ask(Rules([vendor]), rule.miss) is not None
        assert covered == bool(rule.path), rule.id


@pytest.mark.parametrize(
    "url",
    [
        "https://mcusercontent.com/0a1b2c3d4e5f/images/logo.png",
        "https://gallery.mailchimp.com/0a1b2c3d4e5f/images/open.gif",
        "https://cdn.mcauto-images-production.sendgrid.net/0a1b/2c3d/600x200.png",
        "https://files.constantcontact.com/0a1b2c3d001/1111-2222.png?rdr=true",
        "https://imgssl.constantcontact.com/letters/images/1101116784221/S.gif",
        "https://d3k81ch9hvuctc.cloudfront.net/company/AbCdEf/images/0a1b.png",
        "https://image.e.example.org/lib/fe2b10010203040506071/m/1/0a1b2c3d.png",
        "https://i1.cmail20.com/ei/i/0A/1B2/C3D/012345/csfinal/header.png",
        "https://mi.example.org/p/rp/0a1b2c3d4e5f6071.png",
        "https://abc.r.bh.d.sendibt3.com/im/1234567/0a1b2c3d4e5f.jpg?e=aBcDeF",
        "https://123456.fs1.hubspotusercontent-na1.net/hub/123456/hubfs/open/logo.png",
        "https://braze-images.com/appboy/communication/assets/image_assets/images/0a1b/original.png?1",
        "https://static.cdn.responsys.net/i5/responsysimages/example/spacer.gif",
        "https://www.example.org/images/open.gif",
        "https://www.example.org/track/record.png",
        "https://example.org/o/oranges.jpg",
        "https://img.stat-pulse.com/img/my/emailservice/logo.png",
        "https://c.emailsys1a.net/mailingassets/0a1b2c3d.png",
        "https://img.srv2.de/customer/example/header.png",
        "https://cdn.fromdoppler.com/images/header.png",
        "https://cdn.scarabresearch.com/js/0A1B2C3D4E5F6071/scarab-v2.js",
        "https://123456.seu2.cleverreach.com/img/logo.gif",
        "https://assets.bounceexchange.com/assets/uploads/clients/1/creatives/0a1b.jpg",
        "https://example.org/",
    ],
)
def test_pictures_on_sending_services_are_nobodys_endpoint(url: str) -> None:
    """Pictures that services host for their customers, and everyday paths, match no rule."""
    assert ask(default_rules(), url) is None


def test_a_host_covers_what_is_under_it_and_nothing_beside_it() -> None:
    """A host stands for itself and its subdomains; a name that merely ends in the same letters is another."""
    rules = Rules(parse(GOOD))
    for host in ("track.example.org", "a.track.example.org", "a.b.track.example.org"):
        assert rules.match(host, "/open?id=1") is not None
    for host in ("example.org", "nottrack.example.org", "track.example.org.evil.test", "", ".", "org"):
        assert rules.match(host, "/open?id=1") is None


def test_a_number_sign_stands_for_a_number() -> None:
    """`cmail#.com` is cmail1.com and cmail20.com, not cmail.com nor cmailx.com."""
    rules = Rules(parse(GOOD.replace('["track.example.org"]', '["cmail#.example"]')))
    assert rules.match("a.cmail20.example", "/open") is not None
    assert rules.match("cmail1.example", "/open") is not None
    assert rules.match("cmail.example", "/open") is None
    assert rules.match("cmailx.example", "/open") is None


@pytest.mark.parametrize(
    ("url", "vendor"),
    [
        ("https://yamm-track.appspot.com/2kAbCd", "YAMM"),
        ("https://example-org-dot-yamm-track.appspot.com/2kAbCd", "YAMM"),
        ("https://v2-dot-mailfoogae.appspot.com/t?sender=abc", "Streak"),
        ("https://notyamm-track.appspot.com/2kAbCd", None),
        ("https://example-dot-yamm-track.example.org/2kAbCd", None),
    ],
)
def test_a_part_of_an_app_is_the_app(url: str, vendor: str | None) -> None:
    """App Engine puts the name of a service or a customer before the app's, with `-dot-` between them."""
    found = ask(default_rules(), url)
    assert (found.vendor if found else None) == vendor


def test_an_image_endpoint_goes_before_a_link() -> None:
    """Where a link rule and an image rule both match, the image rule wins in whatever order the file has them."""
    click = '[[vendor.rule]]\nkind = "click"\nhosts = ["track.example.org"]\npath = "^/"\nseen = "x"\nmatch = "x"\nmiss = "x"\n'
    text = GOOD.replace("[[vendor.rule]]", click + "[[vendor.rule]]", 1)
    wide = text.replace("[\"track.example.org\"]\npath = '^/open'", "[\"*\"]\npath = '^/open'")
    for rules in (Rules(parse(text)), Rules(parse(wide))):
        both, link = rules.match("track.example.org", "/open"), rules.match("track.example.org", "/other")
        assert both is not None
        assert both.kind == "open"
        assert link is not None
        assert link.kind == "click"


def test_paths_match_in_both_cases() -> None:
    """Hosts arrive in lower case; a path may be written in any case."""
    rules = Rules(parse(GOOD))
    assert rules.match("track.example.org", "/OPEN?id=1") is not None


def test_a_host_without_a_known_endpoint_has_an_owner() -> None:
    """Hosts of a vendor are its whatever is asked of them, its alone; those under which strangers have hosts, nobody's."""
    rules = default_rules()
    for host, vendor in [
        ("t.ymlp266.net", "YMLP"),
        ("example.ipzmarketing.com", "Mailrelay"),
        ("us7.list-manage.com", "Mailchimp"),
        ("rs-145.mta.anpdm.com", "Apsis"),
        ("harbour.workers.dev", None),
        ("harbour.s3.amazonaws.com", None),
        ("harbour.house.gov", None),
        ("t.co", None),
        ("notlist-manage.com", None),
    ]:
        known = rules.owner(host)
        assert (known.vendor if known else None) == vendor, host
        assert rules.match(host, "/harbour") is None


COPIED = {
    "X_SFMC_Stack": "11",
    "X_MC_User": "0a1b2c3d4e5f",
    "X_Mailer": "MailChimp Mailer - **CID0a1b2c3d4e**",
    "Feedback_ID": "41188:41188.77123:us21:mc",
    "List_ID": "<7233.xt.local>",
    "Message_ID": "<0a1b@ind1s11mta.xt.local>",
    "List_Unsubscribe": "<https://sender.us7.list-manage.com/unsubscribe?u=0a1b>",
    "DKIM_Signature": "v=1; a=rsa-sha256; d=mcsv.net; s=k1; b=aBcD",
    "X_Report_Abuse": "https://mailchimp.com/contact/abuse/?u=0a1b",
}


def test_what_anybody_can_write_names_nobody() -> None:
    """The marks of services in a mail that no service handed over, one by one and all together, are not believed."""
    rules = default_rules()
    for name, value in COPIED.items():
        assert identify(rules, "mx.stranger.example", **{name: value}) is None
    assert identify(rules, "mx.stranger.example", **COPIED) is None
    known = identify(rules, "mta-70-12-54.shared.klaviyomail.com", **COPIED)
    assert known is not None
    assert known.vendor == "Klaviyo"


@pytest.mark.parametrize(
    "host",
    [
        "wrqvdxdc.outbound-mail.sendgrid.net",
        "so254-55.mailgun.net",
        "a3-5.smtp-out.eu-west-1.amazonses.com",
        "mta213a-ord.mtasv.net",
        "mail-pj1-f69.google.com",
        "mx.sender.example",
    ],
)
def test_a_relay_that_carries_everybodys_mail_is_not_its_service(host: str) -> None:
    """Who carries mail of all kinds need not be who counts in it."""
    assert identify(default_rules(), host) is None


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("track.example.org", "/" + "a" * 1_000_000),
        ("track.example.org", "/open?" + "a=b&" * 250_000),
        ("mail.example.org", "/o/eK" + "-" * 1_000_000),
        ("a." * 500_000, "/"),
        ("1." * 500_000, "/"),
        ("mail.example.org", "/img/" + "0" * 1_000_000),
        ("mail.example.org", "\x00" * 1000),
        ("mail.example.org\x00", "/wf/open\x00?upn="),
        ("mail.example.org", "/wf/open\ud800\N{SNOWMAN}?upn="),
        ("mail.example.org", ""),
    ],
    ids=["long", "pairs", "almost", "labels", "numbers", "digits", "nuls", "nul", "surrogate", "empty"],
)
def test_hostile_urls_are_cheap_and_nobodys(host: str, target: str) -> None:
    """A megabyte, a million labels, NULs or half characters neither match, nor fail, nor take time."""
    rules = default_rules()
    started = time.process_time()
    assert rules.match(host, target) is None
    assert time.process_time() - started < 0.25


def test_a_long_token_does_not_hide_an_endpoint() -> None:
    """Padding behind the telling part changes nothing: the head of the target is what is judged."""
    found = default_rules().match("mail.example.org", "/wf/open?upn=" + "a" * 1_000_000)
    assert found is not None
    assert found.vendor == "SendGrid"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name =", "title ="), ["number 1", "'name'"]),
        (('role = "esp"', 'role = "sender"'), ["'Example Mailer'", "'role'", "sender"]),
        (('kind = "open"', 'kind = "opened"'), ["'Example Mailer'", "'kind'"]),
        (('seen = "a test"\n', ""), ["'Example Mailer'", "'seen'"]),
        (('miss = "https://track.example.org/logo.png"\n', ""), ["'Example Mailer'", "'miss'"]),
        (('match = "https://track.example.org/open?id=1"', 'match = ""'), ["'Example Mailer'", "'match'"]),
        (("'^/open'", "'^/(open'"), ["'Example Mailer'", "'path'", "RE2"]),
        (('["mta#.example"]', '["*"]'), ["'Example Mailer'", "'relays'"]),
        (('["mta#.example"]', "[]"), ["'Example Mailer'", "'relays'"]),
        (('relays = ["mta#.example"]', "domains = 'mta.example'"), ["'Example Mailer'", "'domains'"]),
        (
            ("[\"track.example.org\"]\npath = '^/open'", '["*"]\npath = ""'),
            ["'Example Mailer'", "'path'", "any host"],
        ),
        (('["track.example.org"]', '["*", "example.org"]'), ["'Example Mailer'", "'hosts'"]),
        (('["track.example.org"]', '["Track.Example.org"]'), ["'Example Mailer'", "'hosts'"]),
        (('["track.example.org"]', '["https://example.org/"]'), ["'Example Mailer'", "'hosts'"]),
        (('["track.example.org"]', "[]"), ["'Example Mailer'", "'hosts'"]),
        (('["track.example.org"]', '"track.example.org"'), ["'Example Mailer'", "'hosts'"]),
        (("hosts =", "host ="), ["'Example Mailer'", "'host'", "hosts"]),
        (('role = "esp"', 'role = "esp"\nhomepage = "x"'), ["'Example Mailer'", "'homepage'"]),
        (("[[vendor]]", "[[vendors]]"), ["'vendors'"]),
        (("[[vendor.rule]]", "[[vendor.rule"), ["TOML"]),
    ],
)
def test_a_wrong_file_is_named_in_one_sentence(change: tuple[str, str], words: list[str]) -> None:
    """What is wrong with a file is said in one sentence that names the vendor and the key."""
    parse(GOOD)
    with pytest.raises(RulesError) as raised:
        parse(GOOD.replace(*change, 1))
    sentence = str(raised.value)
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_name_used_twice_is_refused() -> None:
    """Two vendors whose names differ only in case or punctuation cannot be told apart and are refused."""
    with pytest.raises(RulesError, match=r"example-mailer.*'name'"):
        parse(GOOD + GOOD.replace("Example Mailer", "example-mailer"))
    with pytest.raises(RulesError, match="'name'"):
        parse(GOOD + GOOD)


def test_a_vendor_without_a_rule_is_refused() -> None:
    """A vendor that nothing can recognise is a mistake in the file."""
    with pytest.raises(RulesError, match=r"'Idle'.*'rule'.*'relays'.*'domains'"):
        parse('[[vendor]]\nname = "Idle"\nrole = "esp"\n')


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """A vendor file elsewhere is read; one that is not there or not UTF-8 is a sentence."""
    path = tmp_path / "own.toml"
    path.write_text(GOOD)
    assert [vendor.name for vendor in Rules.load(path).vendors] == ["Example Mailer"]
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(RulesError, match="UTF-8"):
        Rules.load(path)
    with pytest.raises(RulesError, match="cannot be read"):
        Rules.load(tmp_path / "absent.toml")


def test_the_packaged_file_is_read_once() -> None:
    """Everyone in a process shares one rule book."""
    assert default_rules() is default_rules()


INNER = "https://u1234567.ct.sendgrid.net/wf/open?upn=u001.aBcD-2F"
QUOTED = "https%3A%2F%2Fu1234567.ct.sendgrid.net%2Fwf%2Fopen%3Fupn%3Du001.aBcD-2F"
HEX = INNER.encode().hex()


@pytest.mark.parametrize(
    "url",
    [
        f"https://ci3.googleusercontent.com/proxy/aBcDeF_0123=s0-d-e1-ft#{INNER}",
        f"https://ci5.googleusercontent.com/meips/ADKq_aBcDeF=s0-d-e1-ft#{INNER}",
        f"https://ci3.googleusercontent.com/proxy/aBcDeF=s0-d-e1-ft#{QUOTED}",
        f"https://ecp.yusercontent.com/mail?url={QUOTED}&t=1700000000&ymreqid=0a1b&sig=aBc--~D",
        f"https://imgproxy-prod.services.web.outlook.com/proxy/?u={QUOTED}&s=aBc&r=p",
        f"https://external-content.duckduckgo.com/iu/?u={QUOTED}&f=1",
        f"https://mail.proton.me/api/core/v4/images?Url={QUOTED}&DryRun=0",
        f"https://camo.githubusercontent.com/{'0a' * 32}/{HEX}",
        f"https://www.fastmailusercontent.com/proxy/{'0a' * 32}/{HEX}/0/open.gif",
        f"https://mailcontents.bmail.uol.com.br/{INNER}",
        f"https://mail.example.org/imgproxy/{QUOTED}",
        f"https://image-proxy.example.org/?src={QUOTED.replace('%', '%25')}",
        f"HTTPS://CI3.GoogleUserContent.com/proxy/aBc=s0#{INNER}",
        f"https://ci3.googleusercontent.com/proxy/aBc=s0#https://ecp.yusercontent.com/mail?url={QUOTED}",
    ],
)
def test_a_proxied_picture_is_judged_by_its_inner_url(url: str) -> None:
    """Proxies of mail programs are seen through, two of them in a row too, and the vendor inside is found."""
    assert inner_url(url) == INNER
    found = ask(default_rules(), inner_url(url) or "")
    assert found is not None
    assert found.rule == "sendgrid/open"


@pytest.mark.parametrize(
    "url",
    [
        INNER,
        "https://ci3.googleusercontent.com/meips/ADKq_aBcDeF",
        "https://lh3.googleusercontent.com/a/photo#top",
        f"https://track.example.org/open?redirect={QUOTED}",
        f"https://www.example.org/page#{INNER}",
        f"https://evilgoogleusercontent.com/proxy/x#{INNER}",
        "https://ecp.yusercontent.com/mail?url=ftp%3A%2F%2Fexample.org&t=1",
        "https://ecp.yusercontent.com/mail?url=https%3A%2F%2F%2Fpath",
        "https://camo.githubusercontent.com/0a1b/68747470zz",
        "https://camo.githubusercontent.com/0a1b/68747470ff",
        "https://image-proxy.example.org/?src=",
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "cid:logo@example.org",
        "",
        "\x00",
        "https://",
    ],
)
def test_other_urls_hold_no_inner_one(url: str) -> None:
    """Redirects of trackers, plain URLs and broken values are left as they are: the outer host learns of the fetch."""
    assert inner_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://image-proxy.example.org/?" + "src=%25&" * 200_000,
        "https://image-proxy.example.org/" + "/http" * 200_000,
        "https://image-proxy.example.org/?u=https%3A" + "%25" * 400_000,
        "https://ci3.googleusercontent.com/proxy/x#" + "https://ci3.googleusercontent.com/proxy/x#" * 30_000,
        "https://camo.githubusercontent.com/0a/68747470" + "3a" * 500_000,
    ],
    ids=["pairs", "path", "percent", "nested", "hex"],
)
def test_unwrapping_is_bounded(url: str) -> None:
    """A megabyte made to be unwrapped again and again takes no time."""
    started = time.process_time()
    inner_url(url)
    assert time.process_time() - started < 0.25
