"""Messages put together from their parts, without their attachments, and every doubt that stops it."""

from __future__ import annotations

import base64

import pytest

from blocker.message.read import read
from blocker.message.skim import LARGE, Node, assembled, sections, without_attachments

HEADER = b'From: a@shop.example\r\nContent-Type: multipart/mixed; boundary="=_out"\r\n\r\n'
BOTH = b"Content-Type: multipart/alternative; boundary=in\r\n\r\n"
PLAIN = b"Content-Type: text/plain\r\n\r\n"
HTML = b"Content-Type: text/html\r\n\r\n"
PAGE = b'<p>Hello</p><img src="https://open.tracker.example/o.gif?u=1" width="1" height="1">'
PDF = b'Content-Type: application/pdf; name="price list.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
DATA = base64.encodebytes(bytes(range(256)) * 400).replace(b"\n", b"\r\n")

ROOT = Node(
    "",
    "multipart/mixed",
    0,
    (
        Node(
            "1",
            "multipart/alternative",
            0,
            (Node("1.1", "text/plain", 5), Node("1.2", "text/html", len(PAGE))),
        ),
        Node("2", "application/pdf", len(DATA)),
    ),
)
TOLD = {"1.MIME": BOTH, "1.1.MIME": PLAIN, "1.2.MIME": HTML, "2.MIME": PDF, "1.1": b"Hello", "1.2": PAGE}


def message(header: bytes = HEADER, pdf: bytes = PDF) -> bytes:
    """The whole message."""
    return b"\r\n".join(
        [
            header + b"A preamble.\r\n--=_out",
            BOTH + b"--in",
            PLAIN + b"Hello\r\n--in",
            HTML + PAGE + b"\r\n--in--",
            b"--=_out",
            pdf + DATA + b"\r\n--=_out--\r\n",
        ]
    )


def test_a_message_is_put_together_from_what_is_read() -> None:
    """Its references are those of the whole message, at the same parts; the attachment is empty."""
    assert len(DATA) > LARGE
    assert sections(ROOT) == ["1.MIME", "1.1.MIME", "1.2.MIME", "2.MIME", "1.1", "1.2"]
    raw = assembled(ROOT, HEADER, TOLD)
    assert raw is not None
    assert DATA[:100] not in raw
    whole, part = read(message()), read(raw)
    assert [(p.path, p.content_type) for p in part.parts] == [(p.path, p.content_type) for p in whole.parts]
    assert [(r.raw, r.part, r.vector) for r in part.references] == [
        (r.raw, r.part, r.vector) for r in whole.references
    ]
    assert len(part.references) == 1


def test_what_lies_here_whole_loses_the_same() -> None:
    """Only the attachment's contents go; a message that has none large enough is none."""
    assert without_attachments(message()) == message().replace(DATA, b"\r\n" * DATA.endswith(b"\r\n\r\n"), 1)
    assert without_attachments(HEADER + PAGE) is None


def test_a_single_part_that_is_no_text_is_its_header_alone() -> None:
    """There is nothing to ask for."""
    root = Node("1", "application/pdf", len(DATA))
    assert sections(root) == []
    assert assembled(root, PDF, {}) == PDF


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "message/rfc822", "message/delivery-status"])
def test_what_may_hold_text_is_never_left_out(kind: str) -> None:
    """However large it is."""
    assert not Node("2", kind, 10 * LARGE).omitted


@pytest.mark.parametrize(
    "head",
    [
        PDF.replace(b"application/pdf", b"text/html"),
        PDF.replace(b"application/pdf", b"image/svg+xml"),
        PDF.replace(b"price list.pdf", b"invoice.html"),
        PDF.replace(b"application/pdf", b"message/rfc822"),
        PDF.replace(b"application/pdf", b"pdf"),
        b"\r\n",
        b"",
    ],
)
def test_a_part_that_is_read_is_not_left_out_whatever_the_server_calls_it(head: bytes) -> None:
    """The part's own header counts, as for the whole message."""
    assert assembled(ROOT, HEADER, TOLD | {"2.MIME": head}) is None


@pytest.mark.parametrize(
    ("header", "more"),
    [
        (HEADER.replace(b'"=_out"', b'"=_out"; boundary="other"'), {}),
        (HEADER.replace(b"boundary=", b"boundary*="), {}),
        (HEADER.replace(b"boundary=", b"boundary*0="), {}),
        (HEADER.replace(b'; boundary="=_out"', b""), {}),
        (HEADER.replace(b"multipart/mixed", b"text/html"), {}),
        (b"Content-Type: text/html\r\n" + HEADER, {}),
        (HEADER[:-2], {}),
        (HEADER + b"more\r\n\r\n", {}),
        (HEADER, {"2.MIME": PDF[:-2]}),
        (HEADER, {"2.MIME": b"Content-Type: text/html\r\n" + PDF}),
        (HEADER, {"1.MIME": BOTH.replace(b"=in", b'=""')}),
        (HEADER, {"1.2": PAGE[:-1]}),
        (HEADER, {"1.2": PAGE[:-20] + b"\r\n--=_out\r\n\r\n<b>x"}),
    ],
)
def test_a_doubt_has_the_message_read_whole(header: bytes, more: dict[str, bytes]) -> None:
    """Two boundaries or types, a header that does not end, contents of another length, parts that are not the told ones."""
    assert assembled(ROOT, header, TOLD | more) is None


def test_a_boundary_may_have_its_own_name_in_it() -> None:
    """Some programs write so."""
    header = HEADER.replace(b"=_out", b"Multipart_Boundary_1")
    assert assembled(ROOT, header, TOLD) is not None


def test_an_attached_message_comes_whole() -> None:
    """Whatever parts it has count as its own."""
    inner = message().replace(b"=_out", b"=_inner")
    root = Node("", "multipart/mixed", 0, (Node("1", "message/rfc822", len(inner)), ROOT.children[1]))
    raw = assembled(
        root, HEADER, {"1.MIME": b"Content-Type: message/rfc822\r\n\r\n", "2.MIME": PDF, "1": inner}
    )
    assert raw is not None
    assert [part.path for part in read(raw).parts] == ["1.1.1", "1.1.2", "1.2", "2"]
