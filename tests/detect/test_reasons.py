"""The table of rules: what code makes is in it, what is in it is made, and nobody reads an id or a sentence for what it means."""

from __future__ import annotations

import ast
import base64
import hashlib
import string
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import get_type_hints

import pytest

import blocker
from blocker.detect import marks, reasons
from blocker.detect.judge import learn, opened, report_on
from blocker.detect.knowledge import Rules
from blocker.detect.memory import FolderMemory, Mail, Memory, Recollection, template
from blocker.detect.reasons import FAMILIES, RULES, TERMS, Reason, Value, phrase, reason, text, told
from blocker.detect.report import Report
from blocker.detect.subject import Subject
from blocker.message.urls import Url
from tests.detect.messages import PICTURE, PIXEL, TO, judged, mail
from tests.fixtures.paths import FIXTURES

ROOT = Path(blocker.__file__).parents[1]
EVIDENCE = ROOT / "blocker" / "detect" / "evidence"
HISTORY = ROOT / "blocker" / "catalogue" / "migrations"
"""What a migration says of old rows stays as it was when it was written."""
LANGUAGES = ("en", "fr")
TEXTS = {(rule, said) for rule, row in RULES.items() for said in row.texts["en"]}


def coded(value: str) -> str:
    """Base64 without padding."""
    return base64.b64encode(value.encode()).decode().rstrip("=")


def digest(value: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(value.encode()).hexdigest()


MARKUP = (
    f'<img src="{PIXEL}" width="1"><img src="{PIXEL}1" height="1">',
    *(
        f'<img src="{PIXEL}" style="display:none;{size}">'
        for size in ("width:40px", "height:40px", "max-width:100%")
    ),
    '<a href="https://sender.example/spring-sale/gardenchairs/">x</a>'
    '<img src="https://sender.example/o/gardenchairs.gif" height="1">',
    f'<div style="height:0;overflow:hidden"><img src="{PIXEL}"></div>',
    f'<div style="height:1px;width:1px;overflow:hidden"><img src="{PIXEL}"></div>',
    f'<img src="{PIXEL}" style="object-position:-9999px 0">',
)
FORMS = (
    *(TO.replace("@", "="), TO.replace("@", "_at_"), TO[::-1], "pnzvyyr@rknzcyr.bet", TO.encode().hex()),
    *(coded(TO), coded(f"who={digest(TO)}"), digest(TO.upper()), digest(TO.capitalize())),
    *(digest("camille"), digest("example.org")),
    base64.b64encode(bytes.fromhex(digest(TO))).decode().rstrip("="),
)
"""Of the reader's address."""
OTHER = "https://pictures.other.example/x.gif"
"""On a host that is not the sender’s."""
PASTS = (
    Recollection(1, 1),
    Recollection(2, 1),
    Recollection(0, 1, template_messages=3, template_variants=3),
    Recollection(1, 2),
)


class Past:
    """A memory that says the same of every URL."""

    def __init__(self, past: Recollection) -> None:
        self._past = past

    def recall(self, urls: Sequence[Url], _mail: Mail) -> Mapping[str, Recollection]:
        """See `Memory`."""
        return {url.href: self._past for url in urls}


def of_fixtures() -> Iterator[Reason]:
    """The reasons for all that stands in the messages that the tests come with."""
    memory = FolderMemory()
    files = sorted(
        path for name in ("cases", "vectors", "demo", "pairs") for path in (FIXTURES / name).rglob("*.eml")
    )
    for path in files:
        if path.is_relative_to(FIXTURES / "pairs"):
            learn(memory, path.read_bytes())
    for path in files:
        given: Memory | None = memory if path.is_relative_to(FIXTURES / "pairs") else None
        for one in blocker.scan(path.read_bytes(), memory=given).references:
            yield from one.verdict.reasons


def listed(markup: str) -> Report:
    """The report on a message of this markup, with a filter list that blocks whatever it is asked about."""
    rules = Rules.load()
    rules.listed = lambda _url, _sender: "||example^"
    return blocker.scan(mail(markup), rules=rules)


@cache
def made() -> frozenset[Reason]:
    """Every reason that is made for the fixtures and for the few messages here."""
    found = set(of_fixtures())
    here = [judged(markup) for markup in MARKUP]
    here += [judged(f'<img src="https://t.sender.example/o?m={form}">') for form in FORMS]
    here += [judged(f'<img src="{PICTURE}">', memory=Past(past)) for past in PASTS]
    here += [list(listed(f'<img src="{url}" width="1" height="1">').references) for url in (PIXEL, OTHER)]
    found.update(one for references in here for r in references for one in r.verdict.reasons)
    for tracks in (True, False):
        context = opened(mail(f'<img src="{PIXEL}">'))
        context.overruled = {template(url): tracks for url in context.urls}
        found.update(one for r in report_on(context).references for one in r.verdict.reasons)
    return frozenset(found)


def terms(values: tuple[Value, ...]) -> Iterator[str]:
    """The names of the terms among some values, and of those within them."""
    for value in values:
        if isinstance(value, tuple):
            yield str(value[0])
            yield from terms(value[1:])


def test_every_row_is_made_and_every_reason_has_a_row() -> None:
    """No text of the table is dead, and none is missing; the same for the terms that stand in texts."""
    assert {(one.rule, one.said) for one in made()} == TEXTS
    assert {name for one in made() for name in terms(one.values)} == set(TERMS)


def test_every_reason_has_its_text_in_every_language() -> None:
    """Its values fit its text: nothing falls back to the name of the rule, and no blank is left."""
    for one in made():
        for language in LANGUAGES:
            said = text(one, language)
            assert said.strip(), one
            assert said not in (one.rule, reasons.TOLD), one
            assert "{" not in RULES[one.rule].texts[language][one.said] or one.values, one


def test_languages_say_the_same() -> None:
    """Each row has each language, each language the same texts, each text the same blanks; families and terms too."""

    def blanks(one: str) -> list[str | None]:
        return [spec for _, name, spec, _ in string.Formatter().parse(one) if name is not None]

    for rule, row in RULES.items():
        assert tuple(row.texts) == LANGUAGES, rule
        for said, english in row.texts["en"].items():
            assert said != reasons.TOLD, rule
            assert {language: blanks(row.texts[language][said]) for language in LANGUAGES} == dict.fromkeys(
                LANGUAGES, blanks(english)
            ), rule
        assert row.texts["en"].keys() == row.texts["fr"].keys(), rule
    titles = {name: family.names for name, family in FAMILIES.items()}
    for name, row_of_term in (*TERMS.items(), *titles.items()):
        assert tuple(row_of_term) == LANGUAGES, name
        assert blanks(row_of_term["en"]) == blanks(row_of_term["fr"]), name


def test_every_mark_is_borne() -> None:
    """No mark is left over; each is a bit of its own."""
    bits = list(marks.NAMES.values())
    assert len(set(bits)) == len(bits)
    assert all(bit.bit_count() == 1 for bit in bits)
    for name, bit in marks.NAMES.items():
        assert any(row.marks & bit for row in RULES.values()), name


def test_what_leaks_is_the_readers_identity() -> None:
    """Every rule of that family says so, and no other does: pages and catalogue tell what leaks by this mark alone."""
    leaking = {rule for rule, row in RULES.items() if row.marks & marks.LEAKS}
    assert leaking == {rule for rule, row in RULES.items() if row.family == "identity"}


def test_a_family_is_a_module_and_rows() -> None:
    """The modules and the families of the table are the same, each has rules, and each is asked for them in the same way."""
    modules = {path.stem for path in EVIDENCE.glob("*.py")} - {"__init__"}
    assert modules == set(FAMILIES) == {row.family for row in RULES.values()}
    for name in modules:
        asked = import_module(f"blocker.detect.evidence.{name}").evidence
        assert next(iter(get_type_hints(asked).items())) == ("subject", Subject), name
        assert len(signature(asked).parameters) == 1, name


def test_those_that_look_at_the_url_alone_stand_together() -> None:
    """They are asked once for each URL, before all others, and told in one place."""
    of_url = [family.of_url for family in FAMILIES.values()]
    first, last = of_url.index(True), len(of_url) - of_url[::-1].index(True)
    assert all(of_url[first:last])


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Our modules, but for the migrations."""
    for room in ("blocker", "webui"):
        for path in (ROOT / room).rglob("*.py"):
            if not path.is_relative_to(HISTORY):
                yield path, ast.parse(path.read_text("utf-8"))


def test_rules_are_named_where_evidence_is_made_and_nowhere_else() -> None:
    """Whoever asks what a reason means asks for its marks: outside of the families no code names a rule."""
    named: dict[str, set[str]] = {}
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in RULES:
                named.setdefault(node.value, set()).add(str(path.parent))
    assert named.keys() == RULES.keys()
    assert set().union(*named.values()) == {str(EVIDENCE)}


_APART = frozenset({"startswith", "endswith", "removeprefix", "split", "find", "contains"})
_REASONS = frozenset({"reason", "why", "one", "r", "w"})
"""What reasons are called in code."""


def reads_an_id(node: ast.AST) -> bool:
    """Whether a piece of code takes a rule's id or a reason's text apart, or holds it against a text."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(map(_is_of_reason, sides)) and any(isinstance(s, ast.Constant) for s in sides)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _APART and _is_of_reason(node.func.value)
    return False


def _is_of_reason(node: ast.AST) -> bool:
    """Whether it is `reason.rule`, `why.detail` and the like, or the beginning of one."""
    whole = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(whole, ast.Attribute) or whole.attr not in ("rule", "detail"):
        return False
    return isinstance(whole.value, ast.Name) and whole.value.id in _REASONS


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('reason.rule.startswith("identity")', True),
        ('why.detail == "described in words"', True),
        ('"as it is" in reason.detail', True),
        ('reason.rule[:8] == "identity"', True),
        ("RULES.get(reason.rule)", False),
        ("marked([reason]) & LEAKS", False),
    ],
)
def test_what_takes_a_reason_apart(code: str, found: bool) -> None:
    """The test below sees it."""
    assert any(map(reads_an_id, ast.walk(ast.parse(code)))) == found


def test_nobody_reads_an_id_or_a_sentence() -> None:
    """Neither the first letters of an id nor the words of a text decide anything."""
    assert [
        (str(path), node.lineno)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and reads_an_id(node)
    ] == []


def test_what_was_kept_as_text_is_told_as_it_was() -> None:
    """In every language, with the family and the marks of its rule."""
    old = told("identity.digest", "the recipient's address stands in the URL, MD5 of the address", 2.5)
    assert text(old) == text(old, "fr") == old.detail == old.values[0]
    assert reasons.marked([old]) & marks.LEAKS
    assert reasons.family(old, "fr") == "Votre adresse"


@pytest.mark.parametrize(
    "kept",
    [
        Reason("shape.edge", 0.5),
        Reason("token.shared", 1.0, "elsewhere", ("a", "b")),
        Reason("token.shared", 1.0, "header", ("one of two",)),
        Reason("geometry.tiny", 2.5, "", ("not", "numbers")),
    ],
)
def test_what_another_version_kept_is_told_by_its_rule(kept: Reason) -> None:
    """Where the table has no such rule, no such text or a text for other values, the id says it; nothing fails."""
    assert text(kept) == text(kept, "fr") == kept.rule
    assert reasons.family(kept)
    assert reasons.marked([kept]) >= 0


def test_texts_of_the_mail_are_no_templates() -> None:
    """Braces in what a sender wrote stay what they are."""
    assert text(reason("identity.name", "{0.__class__}")).endswith(": {0.__class__}")
    assert phrase(("moved", "left:{}")) == "moved out of sight (left:{})"
    assert phrase(("unheard", "of")) == "unheard"
