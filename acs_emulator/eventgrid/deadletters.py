"""Events that Event Grid gives up: https://learn.microsoft.com/azure/event-grid/manage-event-delivery"""

from __future__ import annotations

import json
from dataclasses import dataclass

from acs_emulator.eventgrid.events import Event
from acs_emulator.eventgrid.subscriptions import Subscription
from acs_emulator.journal import Journal

UNDELIVERABLE = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    413: "RequestEntityTooLarge",
}
"""Answers of a webhook after which no delivery is tried again."""
_OUTCOMES = UNDELIVERABLE | {404: "NotFound", 408: "TimedOut", 429: "Busy", 503: "Busy", None: "TimedOut"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an event that was not delivered."""

    attempts: int
    status: int | None
    last_attempt: str
    expired: bool = False

    @property
    def reason(self) -> str:
        """`UndeliverableDueToHttp…` is seen for 400 alone; for the others it is a guess."""
        if self.status in UNDELIVERABLE:
            return f"UndeliverableDueToHttp{UNDELIVERABLE[self.status]}"
        return "TimeToLiveExceeded" if self.expired else "MaxDeliveryAttemptsExceeded"

    @property
    def outcome(self) -> str:
        """The names of the documentation; for statuses that it does not name, a guess."""
        return _OUTCOMES.get(self.status, "GenericError")


def bury(journal: Journal, event: Event, subscription: Subscription, fate: Fate) -> None:
    """Note the event, and append it to the subscription's file where it has one."""
    added: dict[str, object] = {
        "deadLetterReason": fate.reason,
        "deliveryAttempts": fate.attempts,
        "lastDeliveryOutcome": fate.outcome,
        **({} if fate.status is None else {"lastHttpStatusCode": fate.status}),
        "publishTime": event.time,
        "lastDeliveryAttemptTime": fate.last_attempt,
    }
    if subscription.schema == "CloudEventSchemaV1_0":
        added = {name.lower(): value for name, value in added.items()}
    letter = {**event.members(subscription.schema), **added}
    journal.add("dead-letter", type=event.event_type, url=subscription.url, event=letter)
    if subscription.dead_letter_path is None:
        return
    try:
        with subscription.dead_letter_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(letter, ensure_ascii=False) + "\n")
    except OSError as error:
        journal.add(
            "error", message=f"cannot write dead letters to {subscription.dead_letter_path}: {error.strerror}"
        )
