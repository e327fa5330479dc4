"""A message as pages: what a webmail would show of it, read by the standard library alone.

Nothing of the code under test reads the message here: that is what makes the browsers' requests a proof.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from tests.browser.sink import QUIET

HTML_TYPES = ("text/html", "application/xhtml+xml", "text/x-amp-html", "image/svg+xml")
HTML_NAMES = (".html", ".htm", ".xhtml", ".svg")
_LABELS = {
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
}
"""Names that a browser takes for a wider charset (Encoding Standard, section 4.2)."""
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([-\w:]+)", re.IGNORECASE)

_TIMED = re.compile(r"<animate|<set\b|http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
_LATER = 1.3
"""Longer than any delay or animation among the hand-written messages."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One HTML part, decoded, and the parts it may name by Content-ID."""

    text: str
    kind: str
    """The type it is served as, without charset."""
    inline: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Content-ID → type and bytes."""
    body: bytes | None = None
    """What is served where that is not the text in UTF-8; `kind` has its charset then."""

    @property
    def quiet(self) -> float:
        """Seconds to watch it for: more where something in it happens later."""
        return _LATER if _TIMED.search(self.text) else QUIET


def pages(raw: bytes) -> list[Shown]:
    """Every part of the message that some reader opens as a page: bodies, attached HTML, what attached mail holds.

    A reader shows the last alternative it understands; which that is differs, so each is opened.
    """
    message = message_from_bytes(raw)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    inline = {
        name: (leaf.get_content_type(), _body(leaf))
        for leaf in leaves
        if (name := (leaf.get("Content-ID") or "").strip().strip("<>"))
    }
    return [Shown(_text(leaf), _served_as(leaf), inline) for leaf in leaves if _is_page(leaf)]


def as_declared(raw: bytes) -> list[Shown]:
    """Every part of the message that a browser opens, each as the bytes and with the type and charset that it declares."""
    leaves = [part for part in message_from_bytes(raw).walk() if not part.is_multipart()]
    return [
        Shown(_text(leaf), " ".join(str(leaf["Content-Type"]).split()), body=_body(leaf))
        for leaf in leaves
        if _is_page(leaf) or leaf.get_content_type().endswith("xml")
    ]


def _is_page(part: Message) -> bool:
    kind = part.get_content_type()
    if kind in HTML_TYPES:
        return kind != "image/svg+xml" or not part.get("Content-ID")
    attached = part.get_content_disposition() == "attachment"
    if kind.startswith(("image/", "text/plain")) and not attached:
        return False
    return (part.get_filename() or "").strip().lower().endswith(HTML_NAMES)


def _served_as(part: Message) -> str:
    kind, name = part.get_content_type(), (part.get_filename() or "").lower()
    if kind == "image/svg+xml" or name.endswith(".svg"):
        return "image/svg+xml"
    return "application/xhtml+xml" if kind == "application/xhtml+xml" else "text/html"


def _body(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    body = _body(part)
    named = part.get_content_charset()
    if named is None:
        meta = _META.search(body[:1024])
        named = meta[1].decode("ascii", "replace").lower() if meta else None
    for charset in (named, "utf-8"):
        try:
            if charset is not None:
                strict = charset == "utf-8" and named is None
                return codecs.decode(body, _LABELS.get(charset, charset), "strict" if strict else "replace")
        except (LookupError, UnicodeError, AssertionError):
            continue
    return body.decode("cp1252", "replace")


class Origin(ThreadingHTTPServer):
    """The webmail: serves pages on loopback. Used as a context manager."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self._files: dict[str, tuple[str, bytes]] = {}
        self._numbers = count(1)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Origin:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def publish(self, page: Shown) -> str:
        """Serve a page and its inline parts; gives its URL, on a host of its own: browsers learn whom a host's pages need."""
        number, root = self._put(page)
        return f"http://m{number}.localhost:{self.server_port}{root}"

    def publish_together(self, pages: Sequence[Shown]) -> str:
        """Serve a page of which each of these is a frame; gives its URL."""
        frames = "".join(
            f'<iframe width="200" height="150" src="{self._put(page)[1]}"></iframe>' for page in pages
        )
        number, root = self._put(Shown(f"<!doctype html><title>Frames</title>{frames}", "text/html"))
        return f"http://m{number}.localhost:{self.server_port}{root}"

    def _put(self, page: Shown) -> tuple[int, str]:
        number = next(self._numbers)
        root = f"/message/{number}/"
        text = page.text
        for index, (name, (kind, body)) in enumerate(page.inline.items(), 1):
            self._files[f"{root}inline/{index}"] = (kind, body)
            text = re.sub(f"cid:{re.escape(name)}", f"{root}inline/{index}", text, flags=re.IGNORECASE)
        body = page.body if page.body is not None else text.encode("utf-8", "replace")
        self._files[root] = (page.kind if page.body is not None else f"{page.kind}; charset=utf-8", body)
        return number, root

    def file(self, path: str) -> tuple[str, bytes] | None:
        """Type and bytes of what is served at a path."""
        return self._files.get(path)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may hang up at any time."""


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10
    server: Origin

    def do_GET(self) -> None:
        found = self.server.file(self.path)
        kind, body = found or ("text/plain", b"")
        self.send_response_only(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""
