"""Each family of evidence says what is there to say of a reference, in its rule and in words."""

from __future__ import annotations

import pytest

from blocker.detect.context import Context
from blocker.detect.judge import judge
from blocker.detect.knowledge import default_rules
from blocker.detect.memory import FolderMemory, Mail
from blocker.detect.reasons import WEIGHTS
from blocker.message.read import read
from blocker.message.urls import parse
from tests.detect.messages import PICTURE, PIXEL, TO, judged, mail, one, rules

RANDOM = "a random value, which can stand for one mail or one reader"
HEX = "4f9d2b7c81e6a0354f9d2b7c81e6a035"
END = "<style>p > a{color:red}</style><!-- <p>x</p> --></body></html>"
FAMILIES = (
    "geometry",
    "visibility",
    "knowledge",
    "identity",
    "token",
    "person",
    "lists",
    "recurrence",
    "memory",
    "shape",
    "vector",
)


def image(attributes: str = "", src: str = PIXEL) -> str:
    """One image."""
    return f'<p>Text</p><img src="{src}" {attributes}><p>Text</p>'


@pytest.mark.parametrize(
    ("markup", "rule", "detail"),
    [
        (image('width="1" height="1"'), "geometry.tiny", "1 × 1 pixels"),
        (image('width="0" height="0"'), "geometry.zero", "0 × 0 pixels"),
        (image('width="600" height="0"'), "geometry.zero", "600 × 0 pixels"),
        (image('width="600" height="1"'), "geometry.line", "600 × 1 pixels"),
        (image('width="10" height="10"'), "geometry.small", "10 × 10 pixels"),
        (image('width="600" height="400"'), "geometry.visible", "600 × 400 pixels"),
        (image('width="600"'), "geometry.visible", "width 600, the other side is not declared"),
        (image('height="1"'), "geometry.one-side", "height 1, the other side is not declared"),
        (image('style="max-width:100%"'), "geometry.relative", "max-width 100%"),
        (image(), "geometry.unsized", "no size is declared"),
        (image('width="600" height="400" style="display:none"'), "geometry.covered", "600 × 400 pixels"),
        (image('style="display:none"'), "visibility.hidden", "display:none"),
        (f"<div hidden>{image()}</div>", "visibility.hidden", "an enclosing element: hidden"),
        (
            image(src=f"{PIXEL}?to={TO}"),
            "identity.address",
            "the recipient's address stands in the URL, as it is",
        ),
        (
            image(src=f"{PIXEL}?to=a@example.net"),
            "identity.other",
            "an e-mail address stands in the URL, as it is",
        ),
        (image(src=f"https://t.sender.example/o?x={HEX}"), "token.opaque", RANDOM),
        (
            image(src=f"https://t.sender.example/{HEX}/a.png"),
            "token.directory",
            "an id among the folders of a picture file",
        ),
        (
            image(src=f"https://t.sender.example/{HEX}.png"),
            "token.file",
            "a file name that could be a hash of the picture or an id",
        ),
        (
            image(src="https://q7w2e9r4t1y6u3i8o5p0a7s2d9f4g1h6j3k8l5z0.sender.example/"),
            "token.opaque",
            RANDOM,
        ),
        (image(src="https://t.sender.example/o?n=1234567"), "token.numbers", "a number or short id"),
        (image(src=PICTURE), "token.none", "nothing in the URL could tell one mail from another"),
        (
            image(src=f"https://t.sender.example/o.php?x={HEX}"),
            "token.program",
            "made by a program from a long opaque value",
        ),
        (
            image(src="https://t.sender.example/o?subscriber_id=12345"),
            "token.person",
            "a parameter named subscriber_id",
        ),
        (
            image(src="https://t.sender.example/greeting.png?first_name=Camille"),
            "token.person",
            "a parameter named first_name",
        ),
        (
            image(src="https://t.sender.example/Zaehlpixel?x=1"),
            "shape.endpoint",
            "named like a tracking endpoint",
        ),
        (image(src="https://t.sender.example/i/Leer.GIF"), "shape.filler", "named like a layout filler"),
        (
            image(src="https://t.sender.example/o?x={{ id }}"),
            "token.macro",
            "the sender's template was not filled in here",
        ),
        (image(src="[open]"), "token.macro", "the sender's template was not filled in here"),
        (
            image(src="https://t.sender.example/o?x=*|UNIQID|*"),
            "token.macro",
            "the sender's template was not filled in here",
        ),
        (
            f'{image()}<a href="https://sender.example/u/4f9d2b7c81e6a035">x</a>',
            "token.shared",
            "4f9d2b7c81e6a035 also stands in the links of this mail",
        ),
        (image() * 2, "recurrence.repeated", "stands 2 times in this message"),
        (image(src="https://cdn.sender.example/spacer.gif"), "shape.filler", "named like a layout filler"),
        (
            image(src=f"https://t.sender.example/{HEX * 3}/1x1.png"),
            "shape.endpoint",
            "named like a layout filler, behind a value that none needs",
        ),
        (
            f'{image(src=f"https://t.sender.example/{HEX}/1x1.png")}<a href="https://t.sender.example/c/1">x</a>',
            "shape.endpoint",
            "named like a layout filler, behind a value that none needs",
        ),
        (
            image("height=1", "https://www.sender.example/a/shop.png"),
            "shape.words",
            "a picture file that words alone name, none of them one for counting",
        ),
        (
            image("height=1", f"https://image.sender.example/{HEX}/blank.gif"),
            "shape.folder",
            "in a folder of pictures",
        ),
        (
            image("height=1", f"https://t.sender.example/images/{HEX}.gif"),
            "shape.folder",
            "in a folder of pictures",
        ),
        (
            image("alt=Shop", f"https://www.sender.example/brand/Logo.ashx?id={HEX}"),
            "shape.caption",
            "a logo or a picture by what it is called in words",
        ),
        (
            image(src=f"https://t.sender.example/{HEX * 3}/1x1.png"),
            "token.opaque",
            RANDOM,
        ),
        (
            f"<div style=\"background-image:url('{PIXEL}')\"></div>",
            "visibility.hidden",
            "the background of an element that holds nothing",
        ),
        (image(src=PICTURE), "shape.picture", "a plain picture file"),
        (image(), "shape.script", "not the address of a picture file"),
        (image(src="https://t.sender.example/open?x=1"), "shape.endpoint", "named like a tracking endpoint"),
        (image(), "shape.alone", "alone on its host"),
        (f'<a href="https://sender.example">{image()}</a>', "shape.linked", "the picture of a link"),
        (image('alt="A harbour"'), "shape.alt", "has a text for those who do not see it"),
        (
            f'{image()}<a href="https://t.sender.example/c/1">x</a>',
            "shape.counter",
            "alone on a host that counts the links of this mail",
        ),
        (
            f'<p>Text</p><div><img src="{PIXEL}"></div>&nbsp;<br>{END}',
            "shape.last",
            "no text stands behind it",
        ),
        (
            f'{image(src="https://t.sender.example/a.html?o=1")}<a href="https://t.sender.example/a.html?c=1">x</a>',
            "shape.page",
            "but for its query the address of a link, so no picture",
        ),
        (
            image("height=1", f"https://cdn.sender.example/p/{HEX}.png")
            + image(src="https://cdn.sender.example/p/b.png"),
            "shape.folder",
            "in a folder of pictures",
        ),
        (
            image("hidden", f"https://cdn.sender.example/{HEX}/images/spacer.gif"),
            "shape.folder",
            "in a folder of pictures",
        ),
        (
            image(src=f"https://t.sender.example/o/{HEX}.gif")
            + f'<a href="https://sender.example/leave/{HEX}">x</a>',
            "token.shared",
            f"{HEX[:24]} also stands in the links of this mail",
        ),
        (
            image(src=f"https://cdn.sender.example/a.png?v={HEX}"),
            "token.file",
            "a file name that could be a hash of the picture or an id",
        ),
        (
            image(src="https://cdn.sender.example/spacer.gif?v=3"),
            "shape.filler",
            "named like a layout filler",
        ),
        (
            image(src="https://drive.google.com/uc?id=1aBcDeF"),
            "shape.store",
            "in a store of pictures, where each has a name that nobody can read",
        ),
        (
            image(src="https://lh3.googleusercontent.com/a/ACg8ocK1x"),
            "shape.store",
            "in a store of pictures, where each has a name that nobody can read",
        ),
        (image('style="display:none"'), "geometry.bare", "no size is declared"),
        (f'<bgsound src="{PIXEL}">', "geometry.bare", "no size is declared"),
        (f"<style>img{{max-width:100%}}</style>{image()}", "geometry.unsized", "no size is declared"),
        (
            f"<style>.wide{{max-width:100%}}</style>{image('class=wide')}",
            "geometry.relative",
            "max-width 100%",
        ),
        (
            image(src="https://cdn.sender.example/spacer-4f9d2b7c81.gif"),
            "shape.filler",
            "named like a layout filler",
        ),
        (
            image(src="https://t.sender.example/o.gif?k=77.1234567.ab"),
            "shape.endpoint",
            "named like a tracking endpoint",
        ),
        (image(src="https://t.sender.example/see?m=12&r=3456"), "token.numbers", "a number or short id"),
        (
            "<style>@font-face{src:url(https://static.sender.example/fonts/4f9d2b7c81e6a035.woff2)}</style>",
            "vector.font",
            "a font or style sheet",
        ),
        (
            f"<style>@font-face{{src:url({PIXEL})}}</style>",
            "vector.style",
            "a font or style sheet, behind a value that none needs",
        ),
        (f'<table background="{PIXEL}">', "vector.sheet", "a background"),
        (
            image(src="https://us7.list-manage.com/track/open.php?u=0a1b2c3d4e5f60718293a4b5c&id=1f2e3d4c5b"),
            "knowledge.open",
            "an open-tracking endpoint of Mailchimp",
        ),
    ],
)
def test_what_is_said(markup: str, rule: str, detail: str) -> None:
    """The rule is given once for the reference, with what was seen."""
    reference = judged(markup)[0]
    found = [why.detail for why in reference.verdict.reasons if why.rule == rule]
    assert found == [detail]


@pytest.mark.parametrize(
    ("src", "bits"),
    [
        (f"https://t.sender.example/o?x={HEX}", 128),
        ("https://q7w2e9r4t1y6u3i8o5p0a7s2d9f4g1h6j3k8l5z0.sender.example/", 196),
        (f"https://t.sender.example/{HEX * 3}/1x1.png", 384),
    ],
)
def test_how_random_a_value_is(src: str, bits: int) -> None:
    """The number is kept for those who know it; the sentence does without."""
    (why,) = [why for why in judged(image(src=src))[0].verdict.reasons if why.rule == "token.opaque"]
    assert why.values == (bits,)


@pytest.mark.parametrize(
    ("markup", "rule"),
    [
        (image('style="line-height:0;border-width:0"'), "geometry.zero"),
        (image(src=f"https://cdn.sender.example/{HEX}.png"), "token.opaque"),
        (image(src=f"{PIXEL}?from=news@sender.example"), "identity.other"),
        (image(src="https://t.sender.example/o?p=50%25"), "token.macro"),
        (f"{image()}<!--[if mso]>{image()}<![endif]-->", "recurrence.repeated"),
        (f'{image()}<a href="https://sender.example/u/newsletter">x</a>', "token.shared"),
        (f"{image()}{image(src='https://t.sender.example/other.png')}", "shape.alone"),
        (image('alt=" "'), "shape.alt"),
        (image(src="https://t.sender.example/greeting.png?first_name=*|FNAME|*"), "token.person"),
        (image(src="https://t.sender.example/ad/a1;sz=468x60;ord=4f9d2b7?"), "token.opaque"),
        (image(src="https://cdn.sender.example/foreseen.png"), "shape.endpoint"),
        (image(src="https://our-spring-sale-of-garden-chairs-2026.sender.example/"), "token.opaque"),
        (image(src=f"https://cdn.sender.example/{HEX}/1x1.png"), "shape.endpoint"),
        (image(src=f"https://cdn.sender.example/{HEX}/1x1.png"), "token.opaque"),
        (f'<a name="top">{image()}</a>', "shape.linked"),
        (image(src="https://cdn.sender.example/opening.png"), "shape.endpoint"),
        (image(src="https://cdn.sender.example/a.png?w=2"), "shape.picture"),
        (f'<a href="https://t.sender.example/c/1">{image()}</a>', "shape.counter"),
        (f'{image(src=f"{PICTURE}?a=1")}<a href="https://sender.example">x</a>', "shape.counter"),
        (image(), "shape.last"),
        (f'<p>Text</p><a href="https://sender.example"><img src="{PIXEL}"></a>', "shape.last"),
        (f'<p>Text</p><img src="{PIXEL}"><!-- a > b --><p>&copy; us</p>', "shape.last"),
        (f'<p>Text</p><img src="{PIXEL}" width=600 height=300>', "shape.last"),
        (f'<p>Text</p><img src="{PICTURE}">', "shape.last"),
        (f'<img src="{PICTURE}"><a href="{PICTURE}?large=1">x</a>', "shape.page"),
        (image("height=1", f"https://t.sender.example/{HEX}/spacer.gif"), "shape.folder"),
        (image("height=1", f"https://t.sender.example/images/{HEX}.gif?u=1"), "shape.folder"),
        (image("height=1", "https://www.sender.example/a/open.gif"), "shape.words"),
        (image("height=1", "https://www.sender.example/a/4f9d2b7c81.gif"), "shape.words"),
        (
            image(
                src=f"https://ci3.googleusercontent.com/meips/{HEX * 3}=s0-d#https://www.sender.example/a.gif"
            ),
            "token.opaque",
        ),
        (image(src=f"https://s3.eu-west-1.amazonaws.com/stock/{HEX}/pixel.gif"), "shape.endpoint"),
        (image(src="https://sender.example/logo.ashx?id=4f9d2b7c81"), "shape.caption"),
        (
            f'{image(src=f"https://cdn.sender.example/{HEX}/spacer.gif")}<a href="https://cdn.sender.example/">x</a>',
            "shape.counter",
        ),
        (image("height=1", f"https://cdn.sender.example/{HEX * 3}/images/spacer.gif"), "shape.folder"),
        (image(src=f"https://t.sender.example/a.png?k={HEX}"), "token.file"),
        (image(src="https://docs.google.com/uc?id=1aBcDeF"), "shape.store"),
        (image("height=1", PICTURE) + image(src="https://cdn.sender.example/other/b.png"), "shape.folder"),
        (image(src=PICTURE) + image(src="https://cdn.sender.example/b.jpg"), "shape.folder"),
        (image(src="https://lh3.googleusercontent.com.sender.example/a/ACg8ocK1x"), "shape.store"),
        (image(src="https://cdn.sender.example/t-4f9d2b7c81.gif"), "shape.filler"),
        (image(src="https://cdn.sender.example/b.gif?v"), "shape.endpoint"),
        (image(src="https://t.sender.example/see?m=12&r=3"), "token.numbers"),
    ],
)
def test_what_is_not_said(markup: str, rule: str) -> None:
    """What only looks like the observation does not give it."""
    seen = [r for r in judged(markup) if r.element == "img"]
    assert seen
    assert all(rule not in rules(reference) for reference in seen)


@pytest.mark.parametrize(
    "markup",
    [
        "<div style='background:url({})'>Text</div>",
        "<div style='background:url({});height:40px'></div>",
        "<div style='background:url({});padding:20px'></div>",
        "<div class=hero style='background:url({})'></div>",
        "<table><tr><td style='background:url({})'></td><td>Text</td></tr></table>",
    ],
)
def test_a_background_with_room_is_not_hidden(markup: str) -> None:
    """What an element holds, its own style, a class or its neighbours may give the background room."""
    assert "visibility.hidden" not in rules(judged(markup.format(PIXEL))[0])


@pytest.mark.parametrize("field", ["List-Unsubscribe", "Return-Path", "Message-ID", "Feedback-ID"])
def test_values_shared_with_the_header(field: str) -> None:
    """A value that stands in a field which singles out the mail or its reader is told with the field's name."""
    value = {"List-Unsubscribe": "<https://sender.example/u?{}>", "Return-Path": "<b-x+{}@sender.example>"}
    form = value.get(field, "<{}@sender.example>")
    token = "b-x+4f9d2b7c81e6a035" if field == "Return-Path" else "4f9d2b7c81e6a035"
    text = form.replace("b-x+", "").format(token)
    reference = one(image(src=f"https://t.sender.example/o/{token}"), {field: text})
    (why,) = [w for w in reference.verdict.reasons if w.rule == "token.shared"]
    assert why.detail.endswith(f"also stands in {field}")


def test_proxied_urls_are_judged_by_what_is_inside() -> None:
    """A pixel that another reader's program fetched through its proxy is still its vendor's pixel."""
    inner = "https://us7.list-manage.com/track/open.php?u=0a1b2c3d4e5f60718293a4b5c&id=1f2e3d4c5b"
    for outer in (
        f"https://ci3.googleusercontent.com/meips/ADKq_NaX=s0-d-e1-ft#{inner}",
        "https://proxy.example.org/?url="
        + inner.replace(":", "%3A")
        .replace("/", "%2F")
        .replace("&", "%26")
        .replace("?", "%3F")
        .replace("=", "%3D"),
    ):
        reference = one(image('width="1" height="1"', outer.replace("&", "&amp;")))
        assert (reference.verdict.kind, reference.verdict.vendor) == ("pixel", "Mailchimp")


def folder(*copies: tuple[str, str, str]) -> FolderMemory:
    """A memory of (recipient, date, URL of the pixel)."""
    memory = FolderMemory()
    for person, date, src in copies:
        made = Context(
            read(mail(image(src=src), {"To": person, "Date": date, "Message-ID": f"<{person}{date}>"})),
            default_rules(),
        )
        memory.learn([r.target for r in made.message.references if r.target], made.mail)
    return memory


MONDAY, SUNDAY, LATER = (f"{day} Nov 2026 10:00:00 +0000" for day in ("Mon, 16", "Sun, 22", "Mon, 30"))


@pytest.mark.parametrize(
    ("others", "attributes", "rule"),
    [
        ([("ben@example.net", MONDAY, PIXEL)], "", "memory.shared"),
        ([("ben@example.net", MONDAY, PIXEL + "ff")], "", "memory.differs"),
        ([("ben@example.net", MONDAY, PIXEL + "ff")], "width=1 height=1", "memory.differs"),
        ([("ben@example.net", MONDAY, PIXEL + "ff")], "width=600 height=300", "memory.drawn"),
        ([(TO, SUNDAY, PIXEL)], "", "memory.seen"),
        ([(TO, SUNDAY, PIXEL + "1"), (TO, LATER, PIXEL + "2")], "", "memory.individual"),
        ([(TO, SUNDAY, PIXEL + "1")], "", None),
        ([], "", None),
    ],
)
def test_what_other_messages_say(
    others: list[tuple[str, str, str]], attributes: str, rule: str | None
) -> None:
    """Shared, differing, seen or new in each mail: at most one of these, and nothing where there is no comparison."""
    memory = folder((TO, MONDAY, PIXEL), *others)
    headers = {"To": TO, "Date": MONDAY, "Message-ID": f"<{TO}{MONDAY}>"}
    (reference,) = judged(image(attributes), headers, memory)
    assert {r for r in rules(reference) if r.startswith("memory.")} == ({rule} if rule else set())


def test_a_row_of_plain_pictures_is_a_stock() -> None:
    """Several plain pictures of one folder that differ between readers were chosen, not drawn; a single one was drawn."""

    def pictures(*names: int) -> str:
        return "".join(image("width=200 height=200", f"https://cdn.sender.example/p/{n}.jpg") for n in names)

    def kinds(mine: tuple[int, ...], others: tuple[int, ...]) -> set[str]:
        memory = FolderMemory()
        for person, names in ((TO, mine), ("ben@example.net", others)):
            raw = mail(pictures(*names), {"To": person, "Message-ID": f"<{person}>"})
            made = Context(read(raw), default_rules())
            memory.learn([r.target for r in made.message.references if r.target], made.mail)
        found = judged(pictures(*mine), {"To": TO, "Message-ID": f"<{TO}>"}, memory)
        return {reference.verdict.kind for reference in found}

    assert kinds((11, 12, 13), (14, 15, 16)) == {"content"}
    assert kinds((11,), (14,)) == {"personal"}


def test_a_row_of_last_pictures() -> None:
    """Two pictures may stand last, as a service and its customer may each count; of a longer row, only its end does."""
    row = "".join(f'<img src="https://t{n}.sender.example/o/{HEX}">' for n in range(4))
    assert ["shape.last" in rules(reference) for reference in judged(f"<p>Text</p>{row}")] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("place", ["<p>Text</p>{}", "{}<p>Text</p>", "<div>{}</div><p>Text</p>{}"])
def test_a_known_counter_may_stand_in_several_places(place: str) -> None:
    """A service that counts printing and forwarding too names its endpoint again; a filler is one however it is known."""
    src = "https://us7.list-manage.com/track/open.php?u=0a1b2c3d4e5f60718293a4b5c&amp;id=1f2e3d4c5b"
    found = judged(place.replace("{}", f'<img src="{src}">') * 2)
    assert {reference.verdict.kind for reference in found} == {"pixel"}


def test_a_memory_that_knows_nothing_says_nothing() -> None:
    """A memory may leave URLs out of its answer."""

    class Silent:
        def recall(self, _urls: object, _mail: Mail) -> dict[str, object]:
            return {}

    made = Context(read(mail(image())), default_rules(), (), Silent())  # type: ignore[arg-type]
    assert {r.rule for r in judge(made.message.references[0], made).reasons} == rules(one(image()))


def test_every_rule_is_weighed_and_of_a_family() -> None:
    """The table names each rule by its family; what speaks for tracking is above zero."""
    assert {rule.partition(".")[0] for rule in WEIGHTS} == set(FAMILIES)
    assert all(
        weight >= 0
        for rule, weight in WEIGHTS.items()
        if rule.startswith(("knowledge.", "identity.", "visibility."))
    )
    assert WEIGHTS["recurrence.repeated"] < 0
    assert parse(PIXEL) is not None
