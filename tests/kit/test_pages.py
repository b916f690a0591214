"""What is understood of a page."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from kit.outside import Page
from kit.pages import Doubt, Found, found, understood

URL = "https://shop.example/things/7?ref=x"
OG = {
    "og:title": "Open &amp; graph",
    "og:description": "As others see it",
    "og:image": "/og.png",
    "og:site_name": "The Shop",
    "product:price:amount": "12.50",
    "product:price:currency": "EUR",
}
OFFER = {"@type": "Offer", "price": "12.50", "priceCurrency": "EUR"}
PRODUCT = {"@type": "Product", "name": "Teapot", "image": "/ld.png", "description": "It pours", "offers": OFFER}


def of(html: str | bytes, charset: str | None = None) -> Found:
    return found(Page(URL, html.encode() if isinstance(html, str) else html, charset))


def meta(given: dict[str, str]) -> str:
    return "".join(f'<meta property="{name}" content="{value}">' for name, value in given.items())


def ld(given: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(given)}</script>'


def without(*doubts: Doubt) -> tuple[Doubt, ...]:
    return tuple(doubt for doubt in Doubt if doubt not in doubts)


def test_json_ld_comes_before_open_graph_and_that_before_the_title() -> None:
    whole = of(f"<title>Plain</title>{meta(OG)}{ld(PRODUCT)}")
    assert whole == Found(
        "Teapot",
        Money(1250, "EUR"),
        "https://shop.example/ld.png",
        "It pours",
        "The Shop",
        URL,
        (),
    )
    second = of(f"<title>Plain</title>{meta(OG)}")
    assert (second.title, second.description) == ("Open & graph", "As others see it")
    assert (second.price, second.image, second.warnings) == ((1250, "EUR"), "https://shop.example/og.png", ())
    last = of('<title>Plain</title><meta name="description" content="Words">')
    assert (last.title, last.description, last.site) == ("Plain", "Words", "shop.example")
    assert last.warnings == (Doubt.NO_PRICE, Doubt.NO_IMAGE)


def test_twitters_cards_are_understood() -> None:
    card = {"twitter:title": "T", "twitter:image:src": "//cdn.example/t.png", "twitter:label2": "Price"}
    told = of(meta(card | {"twitter:data2": "$12.00"}))
    assert (told.title, told.image, told.price) == ("T", "https://cdn.example/t.png", (1200, "USD"))


def test_microdata_is_understood() -> None:
    told = of('<b itemprop="priceCurrency" content="EUR">€</b><span itemprop=price>1.299,00</span>')
    assert told.price == (129_900, "EUR")
    assert of('<meta itemprop="price" content="5"><meta itemprop="priceCurrency" content="GBP">').price == (500, "GBP")


@pytest.mark.parametrize(
    "given",
    [
        [PRODUCT],
        {"@graph": [{"@type": "WebPage"}, PRODUCT]},
        {"@type": "WebPage", "mainEntity": {"@type": "ItemPage", "mainEntity": [[PRODUCT]]}},
        PRODUCT | {"@type": ["Thing", "https://schema.org/Product"]},
        [{"@type": "Product", "name": "Another"}, PRODUCT],
        PRODUCT | {"name": {"@value": "Teapot"}, "image": [{"@type": "ImageObject", "url": "/ld.png"}]},
        PRODUCT | {"offers": [OFFER, OFFER]},
        PRODUCT | {"offers": {"@type": "AggregateOffer", "lowPrice": 12.5, "priceCurrency": "EUR"}},
        PRODUCT | {"offers": {"@type": "Offer", "priceSpecification": [OFFER]}},
        PRODUCT | {"offers": {"@type": "AggregateOffer", "priceCurrency": "EUR", "offers": [{"price": 12.5}]}},
    ],
)
def test_a_product_is_found_however_it_is_wrapped(given: Any) -> None:
    told = of(ld(given))
    assert (told.title, told.price, told.image) == ("Teapot", (1250, "EUR"), "https://shop.example/ld.png")
    assert told.warnings == ()


@pytest.mark.parametrize(
    ("html", "price"),
    [
        (ld(PRODUCT | {"offers": [OFFER, OFFER | {"price": 10}]}), (1000, "EUR")),
        (ld(PRODUCT | {"offers": {"lowPrice": 9, "highPrice": 12, "priceCurrency": "EUR"}}), (900, "EUR")),
        (ld(PRODUCT) + meta(OG | {"product:price:amount": "99"}), (1250, "EUR")),
        (ld(PRODUCT | {"offers": OFFER | {"priceCurrency": "??"}}) + meta(OG), (1250, "EUR")),
        (ld(PRODUCT | {"offers": OFFER | {"price": "ask us"}}), None),
        (meta(OG | {"product:price:currency": ""}), None),
    ],
)
def test_prices_that_differ_or_are_not_understood_are_a_warning(html: str, price: tuple[int, str] | None) -> None:
    told = of(html)
    assert told.price == price
    assert Doubt.PRICE_UNCLEAR in told.warnings
    assert Doubt.NO_PRICE not in told.warnings


def test_a_page_that_says_nothing_leaves_all_of_it_open() -> None:
    for html in ("", "<p>hello", "{}", "\x00\xff", "<script>", '<meta property="og:title" content="  ">'):
        assert of(html) == Found(None, None, None, None, "shop.example", URL, without(Doubt.PRICE_UNCLEAR))


@pytest.mark.parametrize(
    "image",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "https://a:b@c.example/x.png",
        "ftp://c.example/x",
        "http://[",
    ],
)
def test_an_image_is_an_http_address_or_none(image: str) -> None:
    assert of(meta({"og:image": image})).image is None
    assert of(ld(PRODUCT | {"image": {"url": image}})).image is None


def test_the_canonical_address_is_told_and_nothing_unsafe_in_its_place() -> None:
    assert of('<link rel="canonical" href="/things/7">').url == "https://shop.example/things/7"
    assert of(meta({"og:url": "https://www.shop.example/7"})).url == "https://www.shop.example/7"
    assert of('<link rel=canonical href="javascript:x">').url == URL


def test_texts_are_cut_and_have_nothing_in_them_that_cannot_be_seen() -> None:
    long = of(meta({"og:title": "x" * 500, "og:description": "y" * 5000, "og:site_name": "z" * 500}))
    assert (long.title, long.description, long.site) == ("x" * 199 + "…", "y" * 1999 + "…", "z" * 99 + "…")
    assert of(ld(PRODUCT | {"name": "a\u0000b\u202ec\n\t d\ud800\u200b"})).title == "abc d"


def test_entities_are_decoded_once() -> None:
    assert of("<title>a &amp;lt; b &eacute;</title>").title == "a &lt; b é"
    assert of(ld(PRODUCT | {"name": "Tea &amp;amp; pot"})).title == "Tea &amp; pot"


@pytest.mark.parametrize(
    ("body", "charset", "title"),
    [
        ("<title>Grün</title>".encode("latin-1"), "ISO-8859-1", "Grün"),
        ('<meta charset="windows-1252"><title>Grün €</title>'.encode("cp1252"), None, "Grün €"),
        ("<title>茶</title>".encode("shift_jis"), "Shift_JIS", "茶"),
        ("<title>Grün</title>".encode(), "punycode", "Grün"),
        ("<title>Grün</title>".encode(), "no-such", "Grün"),
        ("<title>Gr\xfcn</title>".encode("latin-1"), None, "Gr\ufffdn"),
    ],
)
def test_a_page_is_read_in_its_charset(body: bytes, charset: str | None, title: str) -> None:
    assert of(body, charset).title == title


def test_what_stands_in_comments_scripts_and_attributes_is_no_tag() -> None:
    hidden = (
        '<!-- <title>No</title> --><script>"<title>No</title>"</script><style>a{}</style><a title="<title>No">x</a>'
    )
    assert of(f"{hidden}<title>Yes</title>").title == "Yes"
    assert of('<div class="a"" b><title>Yes</title>').title == "Yes"
    assert of("<META CONTENT='Yes'\nPROPERTY=\"og:title\"/><title>No</title>").title == "Yes"


@pytest.mark.parametrize(
    "page",
    [
        "<div><p>" * 250_000,
        "".join(f"<font size={size}>" for size in range(50_000)) + "<p>" * 300_000,
        "<script type='application/ld+json'>" + "[" * 1_900_000 + "</script>",
        "<script type='application/ld+json'>[" + '{"@type":"Product"},' * 90_000 + "{}]</script>",
        "<script type='application/ld+json'>" + '{"@type":"Product","name":"' + "&amp" * 450_000 + '"}</script>',
        '<meta ="' * 240_000,
        "<!--" * 480_000,
        "<" * 1_900_000,
        "<a>" * 640_000,
        "<a " + "= " * 900_000,
        "<title>" + " " * 1_900_000 + "</title>",
    ],
    ids=lambda page: page[:12],
)
async def test_no_page_takes_long(page: str) -> None:
    began = time.process_time()
    await understood(Page(URL, page.encode(), None))
    assert time.process_time() - began < 5  # the largest shops take 0.3 s


@given(
    st.text(), st.dictionaries(st.sampled_from(sorted(OG)), st.text()), st.recursive(st.text() | st.floats(), st.lists)
)
def test_no_page_makes_it_fail(text: str, said: dict[str, str], value: Any) -> None:
    page = meta(said) + ld(PRODUCT | {"name": value, "offers": value, "image": value}) + text
    told = of(page.encode(errors="replace"))
    assert told.image is None or told.image.startswith("http")
