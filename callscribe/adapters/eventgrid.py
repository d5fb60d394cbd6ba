"""CloudEvents out: every change to one Event Grid topic."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import msgspec
from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.core.messaging import CloudEvent
from azure.eventgrid.aio import EventGridPublisherClient

from callscribe.adapters.retry_after import retry_after
from callscribe.domain.changes import Change
from callscribe.domain.hooks import CLOUD_EVENT_TYPES, PushRefused, data, message_id, refusal, subject

ANSWER_WITHIN_S = 20.0
MAX_BATCH_BYTES = 512 * 1024
"""Event Grid takes 1 MB in one request; half of it leaves room for the envelopes."""


def open_publisher(*, endpoint: str, credential: str | AsyncTokenCredential) -> EventGridPublisherClient:
    """A client of a topic that takes CloudEvents, with its key or an Azure identity; nothing is sent yet."""
    signing = AzureKeyCredential(credential) if isinstance(credential, str) else credential
    # Tries are ours to schedule, so that the order within a call is kept.
    return EventGridPublisherClient(endpoint, signing, retry_total=0)


class EventGridSink:
    """`ports.Sink` over a topic; closing the client is up to whoever opened it."""

    def __init__(self, name: str, client: EventGridPublisherClient, source: str) -> None:
        """`source` is the CloudEvents source of every event, such as our public URL."""
        self.name = name
        self._client = client
        self._source = source

    async def send(self, changes: Sequence[Change]) -> int:
        """Sends one batch and gives the number of its last change. Raises PushRefused, then of all of it."""
        batch = _batch(changes)
        events = [self._event(change) for change in batch]
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._client.send(events)
        except TimeoutError as fault:
            raise PushRefused("it did not answer in time") from fault
        except HttpResponseError as fault:
            raise _refused(fault) from fault
        except AzureError as fault:
            raise PushRefused(f"no answer: {type(fault).__name__}") from fault
        return batch[-1].number

    def _event(self, change: Change) -> CloudEvent[dict[str, Any]]:
        return CloudEvent(
            source=self._source,
            type=CLOUD_EVENT_TYPES[change.kind],
            subject=subject(change),
            id=message_id(change),
            time=datetime.fromtimestamp(change.at / 1000, UTC),
            data=msgspec.json.decode(msgspec.json.encode(data(change))),
        )


def _batch(changes: Sequence[Change]) -> Sequence[Change]:
    """As many of the first changes as one request may carry, and at least one."""
    sizes = accumulate(len(bytes(change.body)) for change in changes)
    fitting = sum(1 for size in sizes if size <= MAX_BATCH_BYTES)
    return changes[: max(1, fitting)]


def _refused(fault: HttpResponseError) -> PushRefused:
    headers: Any = getattr(fault.response, "headers", {})
    wait = retry_after(headers.get("Retry-After"))
    # The SDK gives a 404 on without the answer itself.
    status = 404 if isinstance(fault, ResourceNotFoundError) else fault.status_code
    refused = None if status is None else refusal(status, retry_after=wait)
    return refused or PushRefused("its answer cannot be read")
