"""Kinds of pictures that real mail showed: what is a pixel among them, and what only looks like one."""

from __future__ import annotations

import hashlib

import pytest

from tests.detect.messages import TO, judged, rules

GUID = "2b1c7f3e-9a4d-4c8b-8e6f-1a2b3c4d5e6f"
TOKEN = "eJwVjEsOgyAUAE8jSwI8sLpgYWx7DcPnEWlQDGJse_razSQzi_FaceNUIFELJj"
TEXT = "<p>Dear reader, this is our letter.</p>"
SHOWN = f'{TEXT}<img src="https://img.sender.example/a/hero.jpg" width="600" height="300" alt="Sale">'


@pytest.mark.parametrize("attribute", ["", 'alt=""'])
@pytest.mark.parametrize(
    "target",
    [
        f"/{TOKEN}",
        f"/?{TOKEN}",
        f"/r?d={TOKEN}",
        f"/o/{GUID}",
        "/e/9F3kQ2mX7vLpZ8/Yt6Rb4Wn1Hc5",
        "/o/qfcfuxnnnjwqkzvbtrplmxzkjhgd",
        f"/a.php?{TOKEN}",
        "/3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a",
        "/t/MTIzNDU2Nzg5MDEyMzQ1Ng",
    ],
)
def test_a_long_value_in_the_middle_without_a_size(target: str, attribute: str) -> None:
    """A picture without size, name, link or text, behind a value that no picture needs, is a pixel wherever it stands."""
    found = judged(f'{TEXT}<img src="https://mailcast.example{target}" {attribute}>{TEXT}')
    assert found[0].verdict.kind == "pixel"


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://images.sender.example/1A2b3C4d5E6f7G8h/3f2a9c8b7d6e5f4a3b2c1d0e/hero.jpg">',
        '<img src="https://lh3.googleusercontent.com/a-/AOh14GgXxYzABCDEF1234567890abcdefghijKLMNOP=s80">',
        '<img src="https://crm.example/servlet/servlet.ImageServer?id=015A0000003abcD&oid=00DA0000000XyZ1">',
        f'<img src="https://www.sign.example/api/brands/{GUID}/logo" alt="Brand">',
        f'<img src="https://www.sign.example/Member/Image.aspx?i=logo&l={GUID}" alt="Email Brand Logo">',
        f'<img src="https://api.sender.example/photos/{GUID}?w=600">',
        f'<img src="https://media.sender.example/asset/{GUID}" alt="Our new autumn collection">',
        f'<a href="https://www.sender.example/"><img src="https://media.sender.example/{TOKEN}"></a>',
        f'<img src="https://media.sender.example/{TOKEN}" width="600" height="200">',
        '<img src="https://cdn.sender.example/icons/3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c.png" width="24" alt="f">',
    ],
)
def test_pictures_with_hashes_and_ids(markup: str) -> None:
    """What is called a picture, described, linked, stored or sized is a picture for all."""
    assert [one.verdict.kind for one in judged(TEXT + markup + TEXT)] == ["content"]


@pytest.mark.parametrize(
    "url",
    [
        "https://img.sender.example/a/5f0a2c9e41/clear.gif",
        "https://img.sender.example/1234567/dot.gif",
        "https://img.sender.example/cs/v2/3f9a1c/blank.gif?1612345678",
        "https://img.sender.example/assets/spacer-4f9d2b7c81e6a035.gif",
        "https://cdn.builder.example/users/6781931dbd4d0000634da106/images/spacer.gif",
        f"https://files.builder.example/public/{GUID}/spacer.gif",
        "https://cdn.builder.example/image_assets/images/6781931dbd4d0000634da106/original.gif",
        "https://img.sender.example/t/spacer.gif?sig=3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c",
        "https://d1abc.cloudfront.example/x/clear.gif?Expires=1795000000&Signature=AbCd~EfGh1234&Key-Pair-Id=APKAJ12",
        "https://acct.blob.example/mail/spacer.gif?sv=2022-11-02&se=2027-01-01&sr=b&sp=r&sig=AbC%2F123xyz%3D",
        "https://bkt.s3.example/spacer.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA123%2F20261127"
        "&X-Amz-Date=20261127T100000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c",
    ],
)
def test_fillers_of_everybody(url: str) -> None:
    """A short id, a customer's folder, a hash of the file, a signature: none is a reader's."""
    found = judged(f'{SHOWN}<img src="{url}" width="1" height="1" alt="">{TEXT}')
    assert [one.verdict.kind for one in found] == ["content", "spacer"]


@pytest.mark.parametrize(
    "url",
    [
        "https://m.mailer.example/5161dvuqhjuyepthbjshpuex/blank.gif",
        "https://sub.sender.example/o/EcdnCanyEvKlusJGahaAqykeelFUdGMKYClBAJqB/blank.gif",
        "https://m.sender.example/dvuqhjuyepthbjsh/footer.gif",
        "https://m.sender.example/dvuqhjuyepthbjshwq.gif",
        "https://m.sender.example/i/QwXzKjVbNmPl.png",
        "https://m.sender.example/open.gif?sig=3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c",
        "https://m.sender.example/spacer.gif?u=12345678",
    ],
)
def test_fillers_of_one_reader(url: str) -> None:
    """The same names behind a value that is an id, also one of letters alone."""
    assert judged(f'{SHOWN}<img src="{url}" width="1" height="1" alt="">{TEXT}')[1].verdict.blocks


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("k3b9x2pq/blank.gif", "k3b9x2pq/click.php"),
        ("wkzjxvpq/blank.gif", "wkzjxvpq/click.php"),
        ("o/abodikel.gif", "u/abodikel"),
        ("to.php?p=s0/rv/rs/dpj", "u.php?p=s0/rv/rs/dpj"),
    ],
)
def test_values_that_the_links_repeat(name: str, link: str) -> None:
    """Eight characters, or a query, that a link to the same host has too."""
    host = "https://e.mailer.example"
    markup = (
        f'{TEXT}<a href="{host}/{link}">a</a><img src="{host}/{name}" width="1" height="1" alt=".">{TEXT}'
    )
    found = judged(markup)[0]
    assert found.verdict.kind == "pixel"
    assert "token.shared" in rules(found)


def test_an_asset_beside_its_kin() -> None:
    """A dot that is stored as the pictures that the mail shows are is one of them."""
    folder = "https://pics.example/appboy/67{}4da106/original"
    shown = f'<img src="{folder.format("51c52e9daf34006")}.png?1733412141" width="34" alt="f">'
    dot = f'<img src="{folder.format("81931dbd4d00006")}.gif" width="1" height="1">'
    assert judged(TEXT + dot + TEXT)[0].verdict.blocks
    kinds = [one.verdict.kind for one in judged(TEXT + dot + shown + TEXT)]
    assert kinds == ["spacer", "content"]


@pytest.mark.parametrize(
    ("image", "verdict"),
    [
        ("http://ivw.publisher.example/cgi-bin/ivw/CP/newsletter/index.jsp_0", "beacon"),
        ("https://stats.publisher.example/count.cgi?site=news", "beacon"),
        ("https://www.publisher.example/counter/newsletter", "beacon"),
        ("https://de.audience.example/tx.io?st=news&cp=letter&sv=mo", "beacon"),
        ("https://www.sender.example/images/line.gif", "spacer"),
        ("https://cdn.sender.example/asset/divider-600", "spacer"),
        ("https://www.sender.example/image.php?w=600&h=1&c=cccccc", "spacer"),
        ("https://lh3.googleusercontent.com/d/1qhLEtqXLq47yshYi7Z7m_4FcDHvktc5a", "spacer"),
    ],
)
def test_a_line_is_a_counter_or_layout(image: str, verdict: str) -> None:
    """A line that a program counts with, and a line of the layout."""
    assert judged(f'{TEXT}<img src="{image}" width="121" height="1">{TEXT}')[0].verdict.kind == verdict


MD5 = hashlib.md5(TO.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "image",
    [
        f'src="https://www.gravatar.com/avatar/{MD5}?s=80&d=identicon" width="40" height="40"',
        f'src="https://0.gravatar.com/avatar/{MD5}.jpg"',
        f'src="https://forge.example/uploads/avatar/{MD5}/32" width="16" height="16"',
        f'src="https://forge.example/avatars/{MD5}?size=48"',
    ],
)
def test_the_readers_own_portrait(image: str) -> None:
    """It is seen, and it is his; a second one that is hidden in the preview changes nothing."""
    (found,) = judged(f"{TEXT}<img {image}> commented{TEXT}")
    assert found.verdict.kind == "personal"
    twice = judged(f'<div style="display:none"><img {image}></div>{TEXT}<img {image} width="40" height="40">')
    assert twice[1].verdict.kind == "personal"
    assert not twice[0].verdict.blocks


def test_a_digest_in_a_dot_is_no_portrait() -> None:
    """Only what is seen is one."""
    image = f'<img src="https://forge.example/avatar/{MD5}" width="1" height="1">'
    assert judged(TEXT + image + TEXT)[0].verdict.kind == "pixel"


def test_an_image_map_is_seen() -> None:
    """Where parts of a picture are links it is there to be looked at; a map without links proves nothing."""
    image = f'<img src="https://www.offer.example/i/{TOKEN}" usemap="#m">'
    area = '<map name="m"><area href="https://www.offer.example/c/9F3kQ2mX7vLpZ8Yt6Rb4Wn1Hc5" coords="0,0,9,9"></map>'
    assert judged(TEXT + image + area)[0].verdict.kind == "personal"
    assert judged(TEXT + image)[0].verdict.kind == "pixel"


@pytest.mark.parametrize(
    "source",
    [
        *("[]", "http://[placeholder1]/t", "aff_i", "{{open_pixel}}", "%%tracking%%", "*|OPEN|*"),
        *("http://{{domain}}/open", "track/open.php?id=1234567", "https://"),
    ],
)
def test_what_nothing_fetches(source: str) -> None:
    """No request, no tracking."""
    found = judged(f'{TEXT}<img src="{source}" width="1" height="1">{TEXT}')[0]
    assert found.verdict.kind == "spacer"
    assert "shape.unfetched" in rules(found)
