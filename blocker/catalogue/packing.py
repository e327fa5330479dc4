"""JSON in few octets: deflated, beginning from what most rows hold.

A reference's reasons are a hundred and fifty characters, nearly all of them the names of a few rules; by itself so short a
text would not shrink.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from sqlalchemy import Dialect, LargeBinary, TypeDecorator

_VOCABULARY = b"".join(
    (
        b'"reason":"","mentions":["web beacon","tracking pixel"],"reply_to":[],"links":[]}',
        b'{"kind":"legal","text":"{"kind":"privacy","text":"Privacy policy","url":"http://www.',
        b'{"kind":"preferences","text":"Manage preferences","url":"https://{"kind":"unsubscribe","text":"Unsubscribe",',
        b'"url":"https://click.email/unsubscribe?u=",{"by":"mx.google.com","from":"mail.outbound.protection.outlook.com ',
        b'(2603:10a6:","with":"Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)","date":"',
        b'"with":"ESMTPS (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)","date":"2026-01-01T00:00:00+00:00","delay":1},',
        b'"with":"HTTPS","with":"LMTP","with":"ESMTP","delay":0}],"hops":[{"by":"","to":[["","{"from":[["","news@.com"]],',
        b'[["told",0.0,"",["address","digest",["MD5","SHA1",["identity.plain",["identity.digest",4.0,"",',
        b'["knowledge.personal",0.0,"","["knowledge.aggregate",6.0,"","["knowledge.host",["knowledge.mailer",',
        b'["memory.shared",["memory.one",["memory.individual",1.5,"",["memory.seen",-1.0,"one",1],["memory.seen",-1.0,"more",',
        b'["recurrence.repeated",-3.0,"",["shape.store",-2.0,""],["shape.logo",-1.0,""],["shape.words",-1.0,""],',
        b'["shape.page",1.5,""],["shape.endpoint",1.5,"counting"],["shape.counter",1.4,"alone"],["shape.last",1.4,""],',
        b'["token.shared",1.0,"links","["token.person",1.0,"","u"],["token.program",1.0,""],["token.long",1.0,""],',
        b'["token.macro",1.0,""],["token.directory",0.5,""],["token.file",0.3,""]]["token.numbers",0.7,""],',
        b'["token.opaque",1.5,"",["vector.sheet",-2.0,""],["vector.font",-5.0,""],["visibility.hidden",2.0,"",["within",',
        b'"visibility:hidden"],"display:none"],["geometry.line",-1.8,"",["geometry.covered",-1.5,"width",',
        b'["geometry.zero",2.0,"",0.0,0.0],["geometry.bare",-1.2,""],["geometry.relative",-2.0,"relative","width 100%"],',
        b'["geometry.visible",-4.0,"width",["geometry.visible",-4.0,"height",[["geometry.unsized",-2.0,""],',
        b'[["knowledge.open",6.0,"","Unnamed mailer ["geometry.tiny",2.5,"",1.0,1.0],["shape.script",1.0,""],',
        b'[["geometry.visible",-4.0,"both",["token.none",-2.0,""],["shape.linked",-2.0,""],["shape.picture",-1.0,""],',
        b'["shape.caption",-0.7,"called"],["shape.caption",-0.7,"words"],["shape.alt",-0.5,""],["shape.alone",0.4,""]]',
    )
)
"""The most frequent at the end. It can never change: what was written with it is read with it."""
_WINDOW = -12
"""Four kilobytes, which hold the vocabulary; no header and no checksum of its own."""
_LARGEST = 64 * 1024 * 1024
_to_json = json.JSONEncoder(separators=(",", ":")).encode


def packed(value: Any) -> bytes:
    """A JSON value in few octets."""
    made = zlib.compressobj(6, zlib.DEFLATED, _WINDOW, 5, zlib.Z_DEFAULT_STRATEGY, _VOCABULARY)
    return made.compress(_to_json(value).encode("ascii")) + made.flush()


def unpacked(octets: bytes) -> Any:
    """What `packed` was given."""
    read = zlib.decompressobj(_WINDOW, _VOCABULARY)
    return json.loads(read.decompress(octets, _LARGEST))


class Packed(TypeDecorator[Any]):
    """A column of JSON values, kept `packed`; None is NULL. What is given as octets is packed already."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """To octets."""
        return value if value is None or isinstance(value, bytes) else packed(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """A value again."""
        return None if value is None else unpacked(value)
