"""Reasons are kept as data, so that a page may tell them in any language; those kept as text before stay readable."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blocker.catalogue import Catalogue, rows
from blocker.catalogue.model import ReferenceRow
from blocker.catalogue.packing import unpacked
from blocker.detect.reasons import Reason, reason, text
from tests.catalogue.samples import judged, seen

LAYERED = reason("identity.digest", ("layer", ("base64",), ("digest", "MD5", ("address",))))
EVERY = (
    LAYERED,
    reason("geometry.visible", 600.0, 200.5, said="both"),
    reason("recurrence.repeated", 3),
    reason("shape.alt"),
    Reason("rule.of-another-version", 0.5, "said", ("so",)),
)


def row(reasons: list[Any]) -> ReferenceRow:
    """A reference's row with these reasons."""
    place = {"position": 0, "span_start": 1, "span_end": 2, "part": "1"}
    texts = {"url": None, "raw": "", "vector": "img[src]", "element": "img", "verdict": "pixel"}
    return ReferenceRow(message=1, confidence=0.9, vendor_id=None, reasons=reasons, **place, **texts)


def test_reasons_come_back_as_they_went(store: Catalogue) -> None:
    """Rule, weight, text and values of any depth are what they were, and so are their words in each language."""
    number = store.record(seen(1, judged("https://t.example.com/o", "pixel", None, EVERY)))
    found = store.message(number)
    assert found is not None
    assert found.report.references[0].verdict.reasons == EVERY
    assert text(found.report.references[0].verdict.reasons[0], "fr") == (
        "l’adresse du destinataire figure dans l’URL, en base64, et dedans MD5 calculé sur l’adresse"
    )


@pytest.mark.parametrize("weight", [2.5, -4, 0])
def test_reasons_that_were_kept_as_text_are_told(weight: float) -> None:
    """A row from before holds rule, text and weight: each stays as it was, in the JSON too."""
    kept = row([["geometry.tiny", "1 × 1 pixels", weight], ["shape.edge", "first of all", 0.5]])
    assert rows.judged_value(kept, None).as_dict()["reasons"] == [
        {"rule": "geometry.tiny", "detail": "1 × 1 pixels", "weight": weight},
        {"rule": "shape.edge", "detail": "first of all", "weight": 0.5},
    ]


def test_hostile_values_are_cut_and_cleaned() -> None:
    """However long a value is and whatever is in it, it fits the column, and comes back as text that can be written."""
    hostile = reason("visibility.hidden", ("moved", "left:\ud800\0" + "9" * 5000))
    (values,) = rows.reference_values(seen(1, judged(None, "pixel", None, (hostile,))), 1, {}, {})
    kept = unpacked(values["reasons"])
    assert len(json.dumps(kept)) < 2 * rows.SHORT
    (back,) = rows.judged_value(row(kept), None).verdict.reasons
    back.detail.encode("utf-8")
    assert "\0" not in back.detail
    assert back.detail.startswith("moved out of sight (left:?\N{REPLACEMENT CHARACTER}999")
