"""Webhooks out: every change to one HTTPS endpoint, signed after Standard Webhooks 1.0.0."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook

from callscribe.adapters.retry_after import retry_after
from callscribe.domain.changes import Change
from callscribe.domain.hooks import PushRefused, message_id, payload, refusal
from callscribe.ports import Clock

ANSWER_WITHIN_S = 20.0
SEND_FOR_S = 30.0
"""After this long no further change is begun, so that the caller's lease outlives the last one."""
_READ_AT_MOST = 64 * 1024

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class WebhookSink:
    """`ports.Sink` over HTTPS: one POST for each change, in order; no redirects, no proxies.

    Outside development the endpoint is https, and its name must resolve to public addresses alone: the connection
    goes to the very address that was checked.
    """

    def __init__(
        self,
        name: str,
        url: str,
        secret: str,
        clock: Clock,
        *,
        development: bool = False,
        resolve: Resolve | None = None,
    ) -> None:
        """`secret` is `whsec_` and 24 to 64 bytes in base64."""
        self.name = name
        self._url = httpx.URL(url)
        self._signer = Webhook(secret)
        self._clock = clock
        self._development = development
        self._resolve = resolve or _resolve
        self._http = httpx.AsyncClient(
            verify=ssl.create_default_context(),
            timeout=ANSWER_WITHIN_S,
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, changes: Sequence[Change]) -> int:
        """Gives the number of the last change accepted, which may not be the last one given. Raises PushRefused."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SEND_FOR_S
        accepted: int | None = None
        for change in changes:
            await self._push(change, accepted)
            accepted = change.number
            if loop.time() > until:
                break
        if accepted is None:
            raise ValueError("there is nothing to send")
        return accepted

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _push(self, change: Change, accepted: int | None) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                status, wait = await self._post(change)
        except TimeoutError as fault:
            raise PushRefused("it did not answer in time", accepted=accepted) from fault
        except httpx.HTTPError as fault:
            raise PushRefused(f"no answer: {type(fault).__name__}", accepted=accepted) from fault
        except socket.gaierror as fault:
            raise PushRefused("its host name cannot be resolved", accepted=accepted) from fault
        except _NotPublic as fault:
            raise PushRefused("its host name resolves to a private address", accepted=accepted) from fault
        if refused := refusal(status, accepted=accepted, retry_after=wait):
            raise refused

    async def _post(self, change: Change) -> tuple[int, float | None]:
        body = payload(change)
        url, host = await self._target()
        request = self._http.build_request("POST", url, content=body, headers=self._headers(change, body))
        if host is not None:
            request.headers["Host"] = self._url.netloc.decode()
            request.extensions["sni_hostname"] = host
        response = await self._http.send(request, stream=True)
        try:
            # A short answer is read so that the connection can be used again; of a long one nothing is wanted.
            if int(response.headers.get("Content-Length", _READ_AT_MOST)) < _READ_AT_MOST:
                await response.aread()
            return response.status_code, retry_after(response.headers.get("Retry-After"))
        finally:
            await response.aclose()

    def _headers(self, change: Change, body: bytes) -> dict[str, str]:
        at, key = datetime.fromtimestamp(self._clock.now() // 1000, UTC), message_id(change)
        return {
            "Content-Type": "application/json",
            "User-Agent": "callscribe",
            "webhook-id": key,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(key, at, body.decode()),
        }

    async def _target(self) -> tuple[httpx.URL, str | None]:
        """Where to connect, and the host name that the certificate must carry where that is an address."""
        if self._development:
            return self._url, None
        host = self._url.host
        addresses = await self._resolve(host, self._url.port or 443)
        if not addresses or not all(is_public(address) for address in addresses):
            raise _NotPublic
        return self._url.copy_with(host=addresses[0]), host


class _NotPublic(Exception):
    """A name leads into a private network."""


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is reachable from everywhere, also where it carries an IPv4 address inside."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]
