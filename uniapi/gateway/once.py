"""One call to one target without plan or client: what `check --live` needs."""

from __future__ import annotations

import asyncio

from uniapi.canonical import Call, Failure, FailureKind, RequestRefused
from uniapi.clock import Clock
from uniapi.dialects import ReplyContext
from uniapi.engines import Engine, Target
from uniapi.errors import WireError

from .credentials import CredentialStore
from .fetch import FetchFailed, fetch
from .route import Decoded, find_ways, prepare
from .upstream import Transport


async def ask_once(
    call: Call,
    target: Target,
    engine: Engine,
    context: ReplyContext,
    transport: Transport,
    credentials: CredentialStore,
    clock: Clock,
    *,
    timeout_s: float,
) -> Failure | None:
    """Send `call` to `target`; None when it was answered, else what went wrong. Whole answers only; an answer that is cut short by its limit is one."""
    proxy = target.credential.proxy or target.provider.proxy
    ways = find_ways(call, target, engine)
    if not ways:
        return Failure(kind=FailureKind.UNSUPPORTED, message="the provider does not offer this operation")
    try:
        prepared = prepare(call, ways[0], None if ways[0].relays else Decoded(call).get(), context, "0")
        token = await credentials.token(engine, target, transport, proxy)
        request = engine.authorize(target, prepared.request, token, clock.now_s())
        head, body = await fetch(transport, request, proxy=proxy, timeout_s=timeout_s)
    except FetchFailed as error:
        return error.failure
    except WireError as error:
        return Failure(kind=FailureKind.CREDENTIAL_REFUSED, message=str(error))
    except RequestRefused as refused:
        return Failure(kind=FailureKind.UNSUPPORTED, message=str(refused))
    except asyncio.TimeoutError:
        return Failure(kind=FailureKind.TIMEOUT, message=f"no answer within {timeout_s:g} s")
    if head.status >= 400:
        return engine.classify(head.status, head.headers, body, prepared.dialect)
    pipe = prepared.make_pipe(head)
    pipe.feed(body)
    pipe.eof()
    failure = pipe.report.failure
    return None if failure is None or failure.kind is FailureKind.EMPTY else failure
