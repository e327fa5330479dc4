"""Who handed a message over, by what the reader's own server wrote of it."""

from __future__ import annotations

import time

import pytest

from blocker.detect.relay import handed_over_by

OUTLOOK = [
    "from AA1PR01MB0001.namprd01.prod.outlook.com (::1) by AA2PR01MB0002.namprd01.prod.outlook.com with HTTPS; Mon, 16 Nov 2026",
    "from AA3EUR01CA0003.eurprd01.prod.exchangelabs.com (2001:db8::17) by AA1PR01MB0001.namprd01.prod.outlook.com"
    " (2001:db8::11) with Microsoft SMTP Server (version=TLS1_2); Mon, 16 Nov 2026",
    "from AA4EUR01FT004.eop-eur01.prod.protection.outlook.com (2001:db8:cafe::d) by AA3EUR01CA0003.outlook.office365.com"
    " (2001:db8::41) with Microsoft SMTP Server; Mon, 16 Nov 2026",
]
GMAIL = ["by 2002:a05:612c:2fc4:b0:1:2:3 with SMTP id a1csp1; Mon, 16 Nov 2026"]


@pytest.mark.parametrize(
    ("fields", "host"),
    [
        ([], ""),
        ([""], ""),
        (
            ["from mta.news.example (mta.news.example [192.0.2.1]) by mx.reader.test with ESMTPS id 1"],
            "mta.news.example",
        ),
        (
            ["from told.example (Found.News.Example [192.0.2.1]) by mx.reader.test (Postfix)"],
            "found.news.example",
        ),
        (["from mta.news.example (unknown [192.0.2.1]) by mx.reader.test (Postfix) with ESMTP"], ""),
        (
            ["from mta.news.example (mta.news.example. [192.0.2.1]) by mx.google.com with ESMTPS"],
            "mta.news.example",
        ),
        (["from mta.news.example (192.0.2.1) by mx.reader.test with ESMTPS"], "mta.news.example"),
        (
            ["from mta.news.example ([192.0.2.1] helo=told.example) by mx.reader.test with esmtp"],
            "mta.news.example",
        ),
        (
            ["from mta.news.example (HELO told.example) (192.0.2.1) by mx.reader.test with SMTP"],
            "mta.news.example",
        ),
        (["from unknown (HELO mta.news.example) (192.0.2.1) by mx.reader.test with SMTP"], ""),
        (["from 127.0.0.1 (EHLO mta.news.example) by 10.1.2.3 with SMTPs"], ""),
        (["from [192.0.2.1] (helo=mta.news.example) by mx.reader.test with esmtp"], ""),
        (
            [
                *OUTLOOK,
                "from mta.news.example (192.0.2.1) by AA4.mail.protection.outlook.com (10.1.2.3) with SMTP",
            ],
            "mta.news.example",
        ),
        (
            [*GMAIL, "from mta.news.example (mta.news.example. [192.0.2.1]) by mx.google.com with ESMTPS"],
            "mta.news.example",
        ),
        (
            [
                "from localhost (localhost [127.0.0.1]) by mail.reader.test (Postfix) with ESMTP",
                "from filter.lan (filter.lan [192.168.1.7]) by mail.reader.test with LMTP",
                "from mx2.reader.test (mx2.reader.test [192.0.2.9]) by mail.reader.test with ESMTP",
                "from mta.news.example (mta.news.example [192.0.2.1]) by mx2.reader.test with ESMTP",
            ],
            "mta.news.example",
        ),
        (
            [
                *GMAIL,
                "from mx08.pphosted.com (mx08.pphosted.com. [192.0.2.5]) by mx.google.com with ESMTPS",
                "from pps.filterd (m024.ppops.net [127.0.0.1]) by mx08.pphosted.com with ESMTP",
                "from mta.news.example (mta.news.example [192.0.2.1]) by mx08.pphosted.com (PPS) with ESMTPS",
            ],
            "mta.news.example",
        ),
        (
            [
                "from mx.stranger.test (mx.stranger.test [192.0.2.5]) by mx.reader.test with ESMTP",
                "from mta.news.example (mta.news.example [192.0.2.1]) by mx.stranger.test with ESMTP",
            ],
            "mx.stranger.test",
        ),
    ],
)
def test_the_host_that_handed_over(fields: list[str], host: str) -> None:
    """The newest hop from outside counts, by the name that the server found; what stands below is the sender's to write."""
    assert handed_over_by(lambda name: fields if name == "received" else []) == host


@pytest.mark.parametrize(
    "value",
    [
        "from " * 200_000,
        "from a (" + "x " * 500_000,
        "from a.b (" * 100_000,
        "from a.example " + "by " * 300_000,
        "(" * 1_000_000,
    ],
    ids=["from", "comment", "open", "by", "brackets"],
)
def test_hostile_fields_are_cheap(value: str) -> None:
    """A megabyte in each of a thousand fields takes no time."""
    started = time.process_time()
    handed_over_by(lambda _: [value] * 1000)
    assert time.process_time() - started < 0.25
