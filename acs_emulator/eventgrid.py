"""Event Grid: subscriptions, their handshake, and delivery at least once."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import httpx

from acs_emulator.clock import Clock, timestamp
from acs_emulator.faults import Duplicate, Faults, Lose, Reorder
from acs_emulator.journal import Journal
from acs_emulator.tasks import Tasks

logger = logging.getLogger(__name__)

SCOPE = "eventgrid"
Schema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]
RETRY_DELAYS = (10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0)
"""Emulated seconds; hourly after the last. Source: azure-docs event-grid/delivery-and-retry."""
LONGER_FOR = {400: 300.0, 401: 300.0, 403: 120.0, 404: 120.0, 408: 120.0, 503: 30.0}
"""The least delay after these answers, same source."""
DEAD_LETTERED_AT_ONCE = frozenset({413})
TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/emulator"
    "/providers/microsoft.communication/communicationservices/{resource_id}"
)
ORIGIN = "eventgrid.azure.net"
HANDSHAKE_PATIENCE = 60.0
"""Real seconds for which the handshake of a subscription made at start is tried again."""


class EndpointFailed(Exception):
    """An endpoint cannot be reached, or did not agree to a subscription; the message says what was expected."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One webhook that wants events."""

    url: str
    schema: Schema = "EventGridSchema"
    headers: Mapping[str, str] = field(default_factory=dict)
    event_types: tuple[str, ...] = ()
    time_to_live: float = 1440 * 60.0
    max_attempts: int = 30
    name: str = field(default_factory=lambda: f"emulator-{uuid.uuid4().hex[:8]}")
    validated: bool = False

    def wants(self, event_type: str) -> bool:
        return self.validated and (not self.event_types or event_type in self.event_types)

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "url": self.url,
            "schema": self.schema,
            "eventTypes": list(self.event_types),
            "validated": self.validated,
        }


@dataclass(frozen=True, slots=True)
class Event:
    """One event before it takes the shape of a schema."""

    event_type: str
    subject: str
    data: Mapping[str, object]
    topic: str
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: str = field(default_factory=lambda: timestamp(time.time_ns()).replace("+00:00", "Z"))

    def shaped(self, schema: Schema) -> object:
        """An array of one in Event Grid's own schema, a single object as a CloudEvent."""
        if schema == "CloudEventSchemaV1_0":
            return {
                "id": self.event_id,
                "source": self.topic,
                "subject": self.subject,
                "data": self.data,
                "type": self.event_type,
                "specversion": "1.0",
                "time": self.time,
            }
        return [
            {
                "id": self.event_id,
                "topic": self.topic,
                "subject": self.subject,
                "data": self.data,
                "eventType": self.event_type,
                "dataVersion": "1.0",
                "metadataVersion": "1",
                "eventTime": self.time,
            }
        ]


class EventGrid:
    """Publishes the resource's events to every validated subscription."""

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        faults: Faults,
        journal: Journal,
        clock: Clock,
        tasks: Tasks,
        resource_id: str,
    ) -> None:
        self._client = client
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._tasks = tasks
        self._topic = TOPIC.format(resource_id=resource_id)
        self.subscriptions: list[Subscription] = []

    async def subscribe(self, subscription: Subscription) -> Subscription:
        """The subscription once its endpoint has agreed. Raises EndpointFailed."""
        await self._handshake(subscription)
        subscription.validated = True
        self.subscriptions.append(subscription)
        return subscription

    def subscribe_later(self, subscription: Subscription) -> None:
        """Keep trying the handshake: the receiver may start after the emulator."""
        self._tasks.start(self._subscribe_patiently(subscription), scope="handshakes")

    def publish(self, event_type: str, subject: str, data: Mapping[str, object]) -> int:
        """How many subscriptions the event goes to."""
        event = Event(event_type, subject, data, self._topic)
        wanting = [one for one in self.subscriptions if one.wants(event_type)]
        for subscription in wanting:
            self._tasks.start(self._deliver(event, subscription), scope=SCOPE)
        return len(wanting)

    async def _subscribe_patiently(self, subscription: Subscription) -> None:
        started = time.monotonic()
        while True:
            try:
                await self.subscribe(subscription)
                return
            except EndpointFailed as failed:
                if time.monotonic() - started > HANDSHAKE_PATIENCE:
                    logger.error("Event Grid subscription given up: %s", failed)
                    self._journal.add("error", message=str(failed))
                    return
            await asyncio.sleep(0.25)

    async def _handshake(self, subscription: Subscription) -> None:
        if subscription.schema == "CloudEventSchemaV1_0":
            await self._ask_by_options(subscription)
        else:
            await self._ask_by_validation_event(subscription)

    async def _ask_by_validation_event(self, subscription: Subscription) -> None:
        """https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema"""
        code = str(uuid.uuid4())
        event = Event(
            "Microsoft.EventGrid.SubscriptionValidationEvent", "", {"validationCode": code}, self._topic
        )
        response = await self._post(event, subscription, 0, notification="SubscriptionValidation")
        try:
            echoed = response.json()["validationResponse"] if response.status_code == 200 else None
        except (ValueError, KeyError, TypeError):
            echoed = None
        if echoed != code:
            raise EndpointFailed(
                f'{subscription.url} answered {response.status_code}; expected 200 with {{"validationResponse": '
                "the event's validationCode}"
            )

    async def _ask_by_options(self, subscription: Subscription) -> None:
        """https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema"""
        headers = {**subscription.headers, "WebHook-Request-Origin": ORIGIN, "WebHook-Request-Rate": "120"}
        try:
            response = await self._client.options(subscription.url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise EndpointFailed(f"{subscription.url} cannot be reached: {failed}") from failed
        self._note(subscription, "WebHookValidation", 0, response.status_code, None)
        allowed = response.headers.get("WebHook-Allowed-Origin")
        if response.status_code != 200 or allowed not in ("*", ORIGIN):
            raise EndpointFailed(
                f"{subscription.url} answered {response.status_code} to OPTIONS; expected 200 with "
                f"WebHook-Allowed-Origin: {ORIGIN}"
            )

    async def _deliver(self, event: Event, subscription: Subscription) -> None:
        name = event.event_type.removeprefix("Microsoft.Communication.")
        if self._faults.take_delivery(Lose, "eventgrid", name, None):
            return
        if self._faults.take_delivery(Reorder, "eventgrid", name, None):
            await asyncio.sleep(0.5)
        if self._faults.take_delivery(Duplicate, "eventgrid", name, None):
            self._tasks.start(self._attempt_until_taken(event, subscription), scope=SCOPE)
        await self._attempt_until_taken(event, subscription)

    async def _attempt_until_taken(self, event: Event, subscription: Subscription) -> None:
        expires = self._clock.now() + subscription.time_to_live
        for attempt in range(subscription.max_attempts):
            try:
                status = (await self._post(event, subscription, attempt)).status_code
            except EndpointFailed:
                status = 0
            if 200 <= status <= 204 or status in DEAD_LETTERED_AT_ONCE:
                return
            delay = max(RETRY_DELAYS[min(attempt, len(RETRY_DELAYS) - 1)], LONGER_FOR.get(status, 0.0))
            if self._clock.now() + delay > expires:
                return
            await self._clock.sleep(delay)

    async def _post(
        self, event: Event, subscription: Subscription, attempt: int, notification: str = "Notification"
    ) -> httpx.Response:
        cloud = subscription.schema == "CloudEventSchemaV1_0"
        headers = {
            **subscription.headers,
            "aeg-event-type": notification,
            "aeg-subscription-name": subscription.name.upper(),
            "aeg-delivery-count": str(attempt),
            "aeg-data-version": "1.0",
            "aeg-metadata-version": "1",
            "Content-Type": f"application/{'cloudevents+' if cloud else ''}json; charset=utf-8",
        }
        body = json.dumps(event.shaped(subscription.schema), separators=(",", ":"))
        try:
            response = await self._client.post(subscription.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            self._note(subscription, event.event_type, attempt, None, event)
            raise EndpointFailed(f"{subscription.url} cannot be reached: {failed}") from failed
        self._note(subscription, event.event_type, attempt, response.status_code, event)
        return response

    def _note(
        self,
        subscription: Subscription,
        event_type: str,
        attempt: int,
        status: int | None,
        event: Event | None,
    ) -> None:
        self._journal.add(
            "eventgrid",
            type=event_type,
            url=subscription.url,
            attempt=attempt + 1,
            status=status,
            event=event.shaped(subscription.schema) if event else None,
        )
