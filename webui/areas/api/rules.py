"""What is known of tracking services, for programs that judge by themselves."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from flask import Response, jsonify

from blocker.detect.knowledge import default_rules
from blocker.output.safe import as_json
from webui.access import Scope
from webui.areas.api.answers import RULES
from webui.areas.api.door import Answer, endpoint


@endpoint(
    "GET", "/rules/compact", Scope.READ, Answer("The rules, in the order in which they are asked", RULES)
)
def rules() -> Response:
    """Known hosts and paths.

    A URL is a vendor's where its host is one of `hosts` or stands below one, and `path` is found in its path and query. In
    a host `#` stands for a number, and `*` alone for any host. `path` is an RE2 pattern that takes letters in both cases;
    an empty one takes the whole host. `version` changes when a rule does, and so does the ETag.
    """
    return jsonify(_compact())


@cache
def _compact() -> dict[str, Any]:
    found = [
        {
            "id": rule.id,
            "vendor": vendor.name,
            "kind": rule.kind,
            "hosts": list(rule.hosts),
            "path": rule.path,
        }
        for vendor in default_rules().vendors
        for rule in vendor.rules
    ]
    return {"version": hashlib.sha256(as_json(found).encode()).hexdigest()[:16], "rules": found}
