"""Media by URL: fetched as the call leaves, guarded and bounded; what goes wrong is the client's
400.
"""

import asyncio
import base64
from types import SimpleNamespace

import pytest

from uniapi.canonical import (
    ClientError,
    Failure,
    FailureKind,
    Media,
    Message,
    Request,
    RequestRefused,
)
from uniapi.network import MediaFetcher, Passage
from uniapi.network.media_fetcher import AT_ONCE, MAX_MEDIA, MAX_TOTAL_BYTES

PNG = b"\x89PNG\r\n\x1a\n and more"
URL = "https://pictures.example/a.png"
PASSAGE = Passage(proxy="http://proxy.example:3128", ca_file="/etc/company.pem")


def asking(*urls):
    parts = tuple(Media(kind="image", url=url) for url in urls)
    return Request(model="m", messages=(Message(role="user", parts=parts),))


async def inlined(web, *urls, allow_private=False):
    fetcher = MediaFetcher(web)
    request = await fetcher.inline(
        asking(*urls), lambda media: True, PASSAGE, allow_private=allow_private
    )
    return [(part.mime, base64.b64decode(part.data)) for part in request.messages[0].parts]


async def refusal(web, *urls):
    with pytest.raises(RequestRefused) as refused:
        await inlined(web, *urls)
    return str(refused.value)


async def test_media_leave_as_the_call_does_to_public_addresses_only(web):
    """By its proxy and its certificates; the guard is the transport's."""
    web.answers[URL] = (200, {"content-type": "text/plain"}, PNG)
    assert await inlined(web, URL, URL + "#part") == [("image/png", PNG)] * 2
    (passage, _) = web.passages
    assert passage == Passage(proxy=PASSAGE.proxy, ca_file=PASSAGE.ca_file, only_public=True)


async def test_an_address_is_no_longer_than_8192_characters(web):
    """Nor one that is redirected to; caches are keyed by addresses."""
    long = "https://pictures.example/" + "a" * 8192
    assert "8192" in await refusal(web, long)
    web.answers[URL] = (302, {"location": long}, b"")
    assert "8192" in await refusal(web, URL)
    assert long not in [request.url for request in web.requests]


async def test_private_addresses_are_let_pass_on_demand(web):
    web.answers["http://192.168.0.9/a.png"] = (200, {}, PNG)
    assert await inlined(web, "http://192.168.0.9/a.png", allow_private=True)
    assert not web.passages[0].only_public


async def test_what_the_transport_refuses_is_told_to_the_client(web):
    web.answers[URL] = Failure(
        kind=FailureKind.UNREACHABLE, message="it leads to a private address"
    )
    assert "it leads to a private address" in await refusal(web, URL)


async def test_redirects_are_followed_a_few_times_and_each_is_guarded(web):
    """A target of another scheme is not fetched."""
    web.answers[URL] = (302, {"location": "/b.png"})
    web.answers["https://pictures.example/b.png"] = (301, {"location": "http://c.example/c"})
    web.answers["http://c.example/c"] = (200, {}, PNG)
    assert await inlined(web, URL) == [("image/png", PNG)]
    assert [passage.only_public for passage in web.passages] == [True] * 3
    web.answers["http://c.example/c"] = (302, {"location": "file:///etc/passwd"})
    assert "only http and https" in await refusal(web, URL)
    web.answers[URL] = (302, {"location": URL})
    assert "redirects too often" in await refusal(web, URL)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, {}, b""), "it answered 404"),
        ((200, {"content-type": "text/html"}, b"<html>"), "text/html"),
        ((200, {}, b"who knows"), "of unknown type"),
    ],
)
async def test_what_is_no_medium_is_refused(web, answer, why):
    web.answers[URL] = answer
    assert why in await refusal(web, URL)


async def test_the_media_of_a_request_are_bounded_in_number_and_together(web):
    """One budget of bytes, however many share it."""
    urls = [f"https://pictures.example/{number}.png" for number in range(MAX_MEDIA + 1)]
    assert f"at most {MAX_MEDIA}" in await refusal(web, *urls)
    large = PNG + b"." * (MAX_TOTAL_BYTES // 3)
    web.answers.update(dict.fromkeys(urls, (200, {}, large)))
    assert len(await inlined(web, *urls[:2])) == 2
    assert "together" in await refusal(web, *urls[:3])


async def test_what_is_fetched_draws_from_the_memory_that_all_bodies_share(web):
    """While it is read; when that is full the client is told to come back."""
    web.answers[URL] = (200, {}, PNG)
    held = []
    await MediaFetcher(web).inline(
        asking(URL), lambda media: True, PASSAGE, allow_private=False, hold=held.append
    )
    assert sum(held) == len(PNG)

    def full(more):
        raise RequestRefused(ClientError(status=503, message="full", code="too_many_bodies"))

    with pytest.raises(RequestRefused) as refused:
        await MediaFetcher(web).inline(
            asking(URL), lambda media: True, PASSAGE, allow_private=False, hold=full
        )
    assert refused.value.error.status == 503


async def test_where_one_cannot_be_had_the_others_are_let_go(web):
    """And no more of them is begun."""
    held = Held(web)
    urls = [f"https://pictures.example/{number}.png" for number in range(20)]
    web.answers.update(dict.fromkeys(urls, (200, {}, PNG)))
    web.answers[urls[0]] = (404, {}, b"")
    held.lets_pass = 1
    fetcher = MediaFetcher(held)
    with pytest.raises(RequestRefused):
        await fetcher.inline(asking(*urls), lambda media: True, PASSAGE, allow_private=False)
    assert len(held.begun) <= AT_ONCE + 1
    for _ in range(3):
        await asyncio.sleep(0)
    assert held.cancelled == held.begun[1:]


async def test_a_client_has_a_share_of_what_is_fetched_at_once(web):
    """Slow ones of one hold up nobody else, and nobody is remembered afterwards."""
    held = Held(web)
    slow = [f"https://slow.example/{number}.png" for number in range(20)]
    web.answers.update(dict.fromkeys((*slow, URL), (200, {}, PNG)))
    fetcher = MediaFetcher(held)
    waiting = [
        asyncio.ensure_future(
            fetcher.inline(
                asking(*slow), lambda media: True, PASSAGE, allow_private=False, client="a"
            )
        )
        for _ in range(3)
    ]
    while len(held.begun) < AT_ONCE:
        await asyncio.sleep(0)
    held.lets_pass = len(held.begun) + 1
    assert await fetcher.inline(
        asking(URL), lambda media: True, PASSAGE, allow_private=False, client="b"
    )
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(fetcher._at_once) == 0


class Held:
    """Answers the first `lets_pass` requests; the others wait until they are cancelled."""

    def __init__(self, web):
        self._web = web
        self.begun = []
        self.cancelled = []
        self.lets_pass = 0

    def send(self, request, sink, **members):
        self.begun.append(request.url)
        if len(self.begun) <= self.lets_pass:
            return self._web.send(request, sink, **members)
        return SimpleNamespace(cancel=lambda: self.cancelled.append(request.url))


async def test_data_urls_need_no_network(web):
    encoded = base64.b64encode(PNG).decode()
    assert await inlined(web, f"data:image/png;base64,{encoded}") == [("image/png", PNG)]
    assert "broken" in await refusal(web, "data:image/png;base64,***")
    assert web.requests == []


async def test_an_address_is_asked_for_in_the_form_that_travels(web):
    """Blanks and letters beyond ASCII are encoded, a user's name and password are left out."""
    web.answers["https://xn--bcher-kva.example/%C3%BC%20b.png?q=%C3%A9"] = (200, {}, PNG)
    assert await inlined(web, "https://u:p@bücher.example/ü b.png?q=é") == [("image/png", PNG)]
    assert "it is no address" in await refusal(web, "https://[broken/a.png")
