"""Posts to the application's webhooks: what callbacks and Event Grid have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from acs_emulator.clock import Clock
from acs_emulator.faults import Faults, Hook, Webhook
from acs_emulator.recorder.tape import Recorder, Signed
from acs_emulator.signing import Keys

MAX_ANSWER_BYTES = 65_536
NO_ANSWER = "no answer in time (a fault of the emulator)"


@dataclass(frozen=True, slots=True)
class Letter:
    """One HTTP request to an application."""

    what: Hook
    name: str
    """The event's type without `Microsoft.Communication.`."""
    url: str
    headers: Mapping[str, str]
    content: bytes = b""
    method: str = "POST"
    connection_id: str | None = None
    signed: Signed = field(default_factory=Signed)
    fallible: bool = True
    """Whether `webhook` faults strike it; not handshakes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: a status, or the error that kept it from coming."""

    status: int | None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    unanswered: bool = False
    """The receiver took the request and never answered."""


class Post:
    """Sends letters, records them, and lets them fail on demand."""

    def __init__(
        self, *, client: httpx.AsyncClient, keys: Keys, faults: Faults, clock: Clock, recorder: Recorder
    ) -> None:
        self._client = client
        self._keys = keys
        self._faults = faults
        self._clock = clock
        self._recorder = recorder

    async def send(self, letter: Letter) -> Answer:
        """The answer, or what a fault makes of it."""
        fault = (
            self._faults.take_delivery(Webhook, letter.what, letter.name, letter.connection_id)
            if letter.fallible
            else None
        )
        answer = Answer(None)
        if fault is None or fault.received:
            with self._clock.working():
                answer = await self._send(letter)
        if fault is not None:
            return Answer(fault.status, NO_ANSWER if fault.status is None else None)
        return answer

    async def _send(self, letter: Letter) -> Answer:
        signed = letter.signed
        headers = dict(letter.headers)
        if signed.seconds is not None:
            headers = {**self._keys.authorization(signed.seconds, signed.bad), **headers}
        self._recorder.request(letter.method, letter.url, letter.headers, letter.content, signed)
        content = b""
        try:
            async with self._client.stream(
                letter.method, letter.url, content=letter.content or None, headers=headers
            ) as response:
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        break
        except httpx.ReadTimeout:
            return Answer(None, "ReadTimeout: no answer in time", unanswered=True)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failed:
            # A ValueError: a host or a header that cannot be written down in ASCII.
            return Answer(None, f"{type(failed).__name__}: {failed}")
        return Answer(response.status_code, None, response.headers, content)
