"""A page is read from outside and from nowhere else, and no page costs more than its share."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from kit.outside import REDIRECTS, Outside, Page
from kit.public import Address
from kit.unread import Reason, Unread
from tests.kit.shop import HTML, Shop, answer, at_home, certificate, redirect, shop


@pytest.fixture
async def teapots() -> AsyncIterator[Shop]:
    async with shop() as made:
        yield made


async def why(outside: Outside, url: str) -> Reason:
    with pytest.raises(Unread) as told:
        await outside.read(url)
    return told.value.reason


async def test_a_page_is_read_under_its_name_at_the_address_that_was_checked(teapots: Shop) -> None:
    assert await at_home().read(teapots.url) == Page(teapots.url, HTML, "utf-8")
    (head,) = teapots.asked
    assert f"host: shop.example:{teapots.port}" in head.lower().splitlines()
    assert "cookie" not in head.lower()


INSIDE = [
    *("http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://0.0.0.0/"),
    *("https://192.168.0.1/", "http://100.64.0.1/", "http://[::1]/", "http://[::]/", "http://[fd00:ec2::254]/"),
    *(
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://127。0。0。1/",
    ),
]
ODD = [
    *("http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.1/", "http://127.1/", "http://0/"),
    *("http://127.0.0.1./", "http://127.0.0.01/", "http://1%327.0.0.1/", "http://①②⑦.0.0.1/"),
    *("http://[fe80::1%25eth0]/", "http://[::1%25lo]/", "http://localhost%2e/", "http://[::1/", "http://a..b/"),
    *(
        "http://shop.example@127.0.0.1/",
        "http://shop.example\\@127.0.0.1/",
        "http://u:p@shop.example/",
        "http://@a.b:c/",
    ),
    *("http://shop.example:22/", "http://shop.example:8080/", "http://shop.example:0/", "http://shop.example:99999/"),
    *("ftp://shop.example/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "//shop.example/", "shop.example", ""),
    *("http:///x", "http://", "http://shop.example/\r\nhost: a", "http://sh op.example/", f"http://a.b/{'x' * 3000}"),
]


@pytest.mark.parametrize("url", INSIDE)
async def test_an_address_inside_is_forbidden_before_anybody_is_asked(url: str) -> None:
    assert await why(Outside(resolve=nobody), url) == Reason.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("url", ODD)
async def test_no_other_way_of_writing_one_and_no_other_place_is_an_address(url: str) -> None:
    assert await why(Outside(resolve=nobody), url) == Reason.BAD_ADDRESS


async def nobody(host: str, port: int) -> list[Address]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "100.64.0.1"]
)
async def test_a_name_that_leads_inside_is_told_as_one_that_leads_nowhere(address: str) -> None:
    async def inside(host: str, port: int) -> list[Address]:
        return [ip_address("93.184.216.34"), ip_address(address)]  # one of several is enough

    async def nowhere(host: str, port: int) -> list[Address]:
        raise OSError("Name or service not known")

    assert await why(Outside(resolve=inside), "http://shop.example/") == Reason.UNREACHABLE
    assert await why(Outside(resolve=nowhere), "http://shop.example/") == Reason.UNREACHABLE


async def test_a_name_that_leads_outside_and_inside_is_not_followed(teapots: Shop) -> None:
    async def both(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.1"), ip_address("10.0.0.1")]

    outside = Outside(allowed=lambda address: address.is_loopback, ports=range(65_536), resolve=both)
    assert await why(outside, teapots.url) == Reason.UNREACHABLE
    assert teapots.asked == []


async def test_the_machines_own_names_lead_inside() -> None:
    outside = Outside()
    try:
        assert await why(outside, "http://localhost/") == Reason.UNREACHABLE
        assert await why(outside, "http://localhost./") == Reason.UNREACHABLE
    finally:
        outside.close()


async def test_a_name_that_leads_elsewhere_the_second_time_is_not_followed_there(teapots: Shop) -> None:
    """Looked up once for each request: what was checked is what is connected to."""
    teapots.says = redirect("/next")
    assert await why(at_home("127.0.0.1", "10.0.0.1"), teapots.url) == Reason.UNREACHABLE
    assert len(teapots.asked) == 1


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("http://169.254.169.254/", Reason.FORBIDDEN_ADDRESS),
        ("http://10.0.0.1/", Reason.FORBIDDEN_ADDRESS),
        ("//[::ffff:10.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
        ("http://0xa9fea9fe/", Reason.BAD_ADDRESS),
        ("http://2852039166/", Reason.BAD_ADDRESS),
        ("file:///etc/passwd", Reason.BAD_ADDRESS),
        ("ftp://shop.example/", Reason.BAD_ADDRESS),
        ("data:text/html,<title>Teapot</title>", Reason.REFUSED),
        ("http://[fe80::1%25eth0]/", Reason.BAD_ADDRESS),
        ("http://[::1%25lo]/", Reason.BAD_ADDRESS),
        ("http://u:p@shop.example/", Reason.BAD_ADDRESS),
        ("http://[", Reason.BAD_ADDRESS),
        ("/" + "x" * 3000, Reason.BAD_ADDRESS),
    ],
)
async def test_a_redirect_is_checked_as_an_address_is(teapots: Shop, to: str, reason: Reason) -> None:
    for status in (301, 302, 303, 307, 308):
        teapots.says = redirect(to, status)
        assert await why(at_home(), teapots.url) == reason
    assert len(teapots.asked) == 5


async def test_redirects_are_followed_but_not_for_ever(teapots: Shop) -> None:
    teapots.says = redirect("/again")
    assert await why(at_home(), teapots.url) == Reason.TOO_MANY_REDIRECTS
    assert len(teapots.asked) == REDIRECTS + 1

    async def twice(writer: asyncio.StreamWriter) -> None:
        writer.write(answer() if len(teapots.asked) == 3 else redirect(f"http://other.example:{teapots.port}/there"))

    teapots.says, teapots.asked = twice, []
    assert (await at_home().read(teapots.url)).url == f"http://other.example:{teapots.port}/there"


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (answer(status="404 Not Found"), Reason.REFUSED),
        (answer(status="403 Forbidden"), Reason.REFUSED),
        (answer(status="204 No Content"), Reason.REFUSED),
        (answer(status="500 Oops"), Reason.BUSY),
        (answer(status="429 Slow down"), Reason.BUSY),
        (answer(kind="application/pdf"), Reason.NOT_A_PAGE),
        (answer(kind="application/json"), Reason.NOT_A_PAGE),
        (answer(kind=""), Reason.NOT_A_PAGE),
        (answer(HTML, "200 OK", "text/html", "content-encoding: br"), Reason.NOT_A_PAGE),
        (answer(HTML, "200 OK", "text/html", "content-encoding: gzip, gzip"), Reason.NOT_A_PAGE),
        (answer(HTML, "200 OK", "text/html", "content-encoding: gzip"), Reason.NOT_A_PAGE),
        (answer(HTML, "200 OK", "text/html", "content-encoding: gzip", "content-encoding: gzip"), Reason.NOT_A_PAGE),
        (answer(HTML, "200 OK", "text/html", "content-length: 9"), Reason.UNREACHABLE),
        (answer(b"x" * 2_100_000), Reason.TOO_LARGE),
        (
            answer(gzip.compress(b"\0" * 100_000_000, 9), "200 OK", "text/html", "content-encoding: gzip"),
            Reason.TOO_LARGE,
        ),
        (
            answer(zlib.compress(b"\0" * 100_000_000, 9), "200 OK", "text/html", "content-encoding: deflate"),
            Reason.TOO_LARGE,
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Reason.UNREACHABLE),
        (b"\x00" * 100, Reason.UNREACHABLE),
        (b"", Reason.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, Reason.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000, Reason.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 900\r\n\r\nshort", Reason.UNREACHABLE),
    ],
    ids=lambda value: value if isinstance(value, Reason) else value[:24],
)
async def test_what_is_no_page_is_told_by_its_reason(teapots: Shop, says: bytes, reason: Reason) -> None:
    teapots.says = says
    assert await why(at_home(), teapots.url) == reason


async def test_a_packed_page_is_unpacked(teapots: Shop) -> None:
    teapots.says = answer(gzip.compress(HTML), "200 OK", "application/xhtml+xml", "content-encoding: gzip")
    assert (await at_home().read(teapots.url)).body == HTML


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n"


async def never(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    await asyncio.Event().wait()


async def slow_head(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD[:20])
    await never(writer)


async def slow_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"<p>")
    await never(writer)


async def hints(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"<p>" * 10_000)
        await writer.drain()


@pytest.mark.parametrize("says", [never, slow_head, slow_body, hints])
async def test_who_takes_too_long_is_left(says: object) -> None:
    async with shop() as made:
        made.says = says  # type: ignore[assignment]
        reading = asyncio.create_task(why(at_home(seconds=0.3), made.url))
        assert await asyncio.wait_for(reading, 5) == Reason.TOO_SLOW


async def test_a_body_without_an_end_is_cut(teapots: Shop) -> None:
    teapots.says = endless
    assert await why(at_home(), teapots.url) == Reason.TOO_LARGE


async def test_a_resolver_that_does_not_answer_is_left() -> None:
    async def silent(host: str, port: int) -> list[Address]:
        await asyncio.Event().wait()
        return []

    assert await why(Outside(resolve=silent, seconds=0.1), "http://shop.example/") == Reason.TOO_SLOW


async def test_nobody_at_home_is_unreachable(teapots: Shop) -> None:
    async with shop() as gone:
        port = gone.port
    assert await why(at_home(), f"http://shop.example:{port}/") == Reason.UNREACHABLE


async def test_of_several_addresses_the_first_that_answers_is_taken(teapots: Shop) -> None:
    async def two(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.2"), ip_address("127.0.0.1")]

    outside = Outside(allowed=lambda address: address.is_loopback, ports=range(65_536), resolve=two)
    assert (await outside.read(teapots.url)).body == HTML


async def test_a_certificate_must_be_of_the_name_and_not_of_the_address(tmp_path: Path) -> None:
    serving, trust = certificate(tmp_path, "shop.example")
    async with shop(serving) as secure:
        url = f"https://shop.example:{secure.port}/"
        assert (await at_home(trust=trust).read(url)).body == HTML
        assert (await at_home(trust=trust).read(url.replace("example", "example."))).body == HTML
        assert await why(at_home(trust=trust), f"https://other.example:{secure.port}/") == Reason.UNREACHABLE
        assert await why(at_home(trust=trust), f"https://127.0.0.1:{secure.port}/") == Reason.UNREACHABLE
        assert await why(at_home(), url) == Reason.UNREACHABLE  # nobody knows who signed it
        assert await why(at_home(trust=trust), url.replace("https", "http")) == Reason.UNREACHABLE
        secure.says = redirect(f"http://shop.example:{secure.port}/")
        assert await why(at_home(trust=trust), url) == Reason.BAD_ADDRESS  # it gives up TLS
