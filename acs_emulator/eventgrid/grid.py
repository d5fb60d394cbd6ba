"""Event Grid: subscriptions and delivery, at least once."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping

from acs_emulator.clock import Clock
from acs_emulator.eventgrid.deadletters import UNDELIVERABLE, Fate, bury
from acs_emulator.eventgrid.events import TOPIC, Event, utc_now
from acs_emulator.eventgrid.handshakes import EndpointFailed, Handshakes
from acs_emulator.eventgrid.subscriptions import Subscription
from acs_emulator.faults import Duplicate, Faults, Lose, Reorder
from acs_emulator.journal import Journal
from acs_emulator.outgoing.posting import Answer, Letter, Post
from acs_emulator.tasks import Tasks

logger = logging.getLogger(__name__)

SCOPE = "eventgrid"
RETRY_DELAYS = (10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 10_800.0, 21_600.0, 43_200.0)
"""Emulated seconds; every twelve hours after the last. Event Grid's small random additions are left out.
Source: https://learn.microsoft.com/azure/event-grid/delivery-and-retry"""
LONGER_FOR = {404: 300.0, 408: 120.0, 503: 30.0}
"""The least delay after these answers, same source."""
HANDSHAKE_PATIENCE = 60.0
"""Real seconds for which the handshake of a subscription made at start is tried again."""
LATE = 0.5
MAX_SUBSCRIPTIONS = 500
MAX_WAITING = 5_000
"""Deliveries that wait to be tried again. One more is given up at once, so that an endpoint that is gone for good does
not fill the memory in the day for which it is tried."""


class EventGrid:
    """Publishes the resource's events to every validated subscription that wants them."""

    def __init__(
        self,
        *,
        post: Post,
        faults: Faults,
        journal: Journal,
        clock: Clock,
        tasks: Tasks,
        resource_id: str,
        base_url: str,
    ) -> None:
        self._post = post
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._tasks = tasks
        self._topic = TOPIC.format(resource_id=resource_id)
        self._handshakes = Handshakes(clock, base_url)
        self._waiting = 0
        self.subscriptions: list[Subscription] = []

    async def subscribe(self, subscription: Subscription) -> Subscription:
        """The subscription once its endpoint has agreed, or has answered that it will agree later. Raises
        EndpointFailed."""
        if len(self.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise EndpointFailed(f"there are {MAX_SUBSCRIPTIONS} subscriptions already")
        self.subscriptions.append(subscription)
        try:
            await self._handshake(subscription)
        except EndpointFailed:
            self.remove(subscription.name)
            raise
        return subscription

    def subscribe_later(self, subscription: Subscription) -> None:
        """Keep trying the handshake: the receiver may start after the emulator."""
        self._tasks.start(self._subscribe_patiently(subscription), scope="handshakes")

    def validate(self, name: str, code: str) -> bool:
        """Somebody asked for a subscription's validation URL: whether it is valid now."""
        return any(self._handshakes.asked(one, code) for one in self.subscriptions if one.name == name)

    def remove(self, name: str) -> bool:
        """Whether there was such a subscription; what is under way to it is still delivered."""
        found = [one for one in self.subscriptions if one.name == name]
        for one in found:
            self.subscriptions.remove(one)
        return bool(found)

    def publish(self, event_type: str, subject: str, data: Mapping[str, object]) -> int:
        """How many subscriptions the event goes to."""
        event = Event(event_type, subject, data, self._topic)
        wanting = [one for one in self.subscriptions if one.wants(event)]
        for subscription in wanting:
            self._tasks.start(self._deliver(event, subscription), scope=SCOPE)
        return len(wanting)

    def drop_all(self) -> None:
        """Nothing that is under way is delivered; subscriptions stay."""
        self._tasks.cancel(SCOPE)

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
            headers = self._handshakes.options_headers(subscription)
            answer = await self._post.send(
                Letter(
                    what="eventgrid",
                    name="WebHookValidation",
                    url=subscription.url,
                    headers=headers,
                    method="OPTIONS",
                    fallible=False,
                )
            )
            self._note(subscription, "WebHookValidation", 0, answer, None)
            _reached(subscription, answer)
            self._handshakes.allowed(subscription, answer)
            return
        event = self._handshakes.validation_event(subscription, self._topic)
        answer = await self._attempt(event, subscription, 0, notification="SubscriptionValidation")
        _reached(subscription, answer)
        self._handshakes.echoed(subscription, answer)

    async def _deliver(self, event: Event, subscription: Subscription) -> None:
        if self._faults.take_delivery(Lose, "eventgrid", event.name, None):
            return
        late = self._faults.lateness("eventgrid", event.name, None)
        if late is not None:
            await self._clock.sleep(late)
        if self._faults.take_delivery(Reorder, "eventgrid", event.name, None):
            await asyncio.sleep(LATE)
        if self._faults.take_delivery(Duplicate, "eventgrid", event.name, None):
            self._tasks.start(self._attempt_until_taken(event, subscription), scope=SCOPE)
        await self._attempt_until_taken(event, subscription)

    async def _attempt_until_taken(self, event: Event, subscription: Subscription) -> None:
        expires = self._clock.now() + subscription.time_to_live
        for attempt in range(subscription.max_attempts):
            tried = utc_now()
            status = (await self._attempt(event, subscription, attempt)).status
            if status is not None and 200 <= status <= 204:
                return
            fate = Fate(attempt + 1, status, tried)
            full = self._waiting >= MAX_WAITING
            if status in UNDELIVERABLE or full or attempt + 1 == subscription.max_attempts:
                bury(self._journal, event, subscription, fate)
                return
            delay = max(RETRY_DELAYS[min(attempt, len(RETRY_DELAYS) - 1)], LONGER_FOR.get(status or 0, 0.0))
            if self._clock.now() + delay > expires:
                await self._wait_until(expires)
                bury(self._journal, event, subscription, Fate(attempt + 1, status, tried, expired=True))
                return
            await self._wait_until(self._clock.now() + delay)

    async def _wait_until(self, moment: float) -> None:
        self._waiting += 1
        try:
            await self._clock.sleep_until(moment)
        finally:
            self._waiting -= 1

    async def _attempt(
        self, event: Event, subscription: Subscription, attempt: int, notification: str = "Notification"
    ) -> Answer:
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
        answer = await self._post.send(
            Letter(
                what="eventgrid",
                name=event.name,
                url=subscription.url,
                headers=headers,
                content=json.dumps(event.shaped(subscription.schema), separators=(",", ":")).encode(),
                fallible=notification == "Notification",
            )
        )
        self._note(subscription, event.event_type, attempt, answer, event)
        return answer

    def _note(
        self, subscription: Subscription, event_type: str, attempt: int, answer: Answer, event: Event | None
    ) -> None:
        self._journal.add(
            "eventgrid",
            type=event_type,
            url=subscription.url,
            attempt=attempt + 1,
            status=answer.status,
            error=answer.error,
            event=event.shaped(subscription.schema) if event else None,
        )


def _reached(subscription: Subscription, answer: Answer) -> None:
    if answer.status is None:
        raise EndpointFailed(f"{subscription.url} cannot be reached: {answer.error}")
