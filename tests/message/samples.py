"""Messages made by hand, byte by byte, for tests that must know what stands where."""

from __future__ import annotations

import base64
import binascii
import quopri

from blocker.message.read import read
from blocker.message.references import Reference

HEAD = b"From: Shop <news@shop.example>\r\nTo: camille@example.org\r\nSubject: News\r\nMIME-Version: 1.0\r\n"


def mail(
    body: bytes, kind: str = "text/html; charset=utf-8", encoding: str = "", head: bytes = HEAD
) -> bytes:
    """A message of one part whose body is given as it shall stand (already encoded)."""
    fields = b"Content-Type: " + kind.encode("ascii") + b"\r\n"
    if encoding:
        fields += b"Content-Transfer-Encoding: " + encoding.encode("ascii") + b"\r\n"
    return head + fields + b"\r\n" + body


def html(markup: str, charset: str = "utf-8", encoding: str = "8bit") -> bytes:
    """A text/html message, its body encoded."""
    body = encoded(markup.encode(charset), encoding)
    return mail(body, f"text/html; charset={charset}", encoding)


def encoded(data: bytes, encoding: str) -> bytes:
    """Bytes in a transfer encoding, in lines as other programs write them."""
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if (
        encoding == "quoted-printable" and b"\0" in data
    ):  # UTF-16: its line ends are no line ends of the encoding
        return binascii.b2a_qp(data, istext=False).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return data


def parts(*bodies: bytes, kind: str = "multipart/mixed", boundary: str = "b", end: bytes = b"\r\n") -> bytes:
    """A multipart of parts that are given with their own header sections."""
    mark = b"--" + boundary.encode("ascii")
    lines = [mark + end + body + end for body in bodies]
    head = (
        b"Content-Type: "
        + kind.encode("ascii")
        + b'; boundary="'
        + boundary.encode("ascii")
        + b'"'
        + end
        + end
    )
    return head + b"".join(lines) + mark + b"--" + end


def found(markup: str, charset: str = "utf-8", encoding: str = "8bit") -> list[Reference]:
    """The references of a piece of markup sent as mail."""
    return read(html(markup, charset, encoding)).references


def urls(markup: str) -> list[str | None]:
    """The URLs that a browser would fetch for a piece of markup, in the order they were found."""
    return [reference.url for reference in found(markup)]
