"""How an endpoint agrees to a subscription."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from acs_emulator.clock import Clock
from acs_emulator.eventgrid.events import Event
from acs_emulator.eventgrid.subscriptions import Subscription
from acs_emulator.outgoing.posting import Answer

ORIGIN = "eventgrid.azure.net"
RATE = "120"
MANUAL_SECONDS = 600.0
"""Emulated seconds in which the validation URL has to be asked for."""


class EndpointFailed(Exception):
    """An endpoint cannot be reached, or did not agree to a subscription; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Handshakes:
    """The two ways to agree, and the two to agree later by asking for a URL."""

    clock: Clock
    base_url: str
    """The emulator's own address, without a slash at its end."""

    def validation_url(self, subscription: Subscription) -> str:
        """Where an endpoint or a person agrees later, by GET or POST."""
        code = subscription.validation_code
        return f"{self.base_url}/_emulator/event-subscriptions/{subscription.name}/validate?code={code}"

    def validation_event(self, subscription: Subscription, topic: str) -> Event:
        """https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema"""
        data = {
            "validationCode": subscription.validation_code,
            "validationUrl": self.validation_url(subscription),
        }
        return Event("Microsoft.EventGrid.SubscriptionValidationEvent", "", data, topic)

    def options_headers(self, subscription: Subscription) -> dict[str, str]:
        """https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema"""
        return {
            **subscription.headers,
            "WebHook-Request-Origin": ORIGIN,
            "WebHook-Request-Callback": self.validation_url(subscription),
            "WebHook-Request-Rate": RATE,
        }

    def echoed(self, subscription: Subscription, answer: Answer) -> None:
        """What the answer to the validation event means. Raises EndpointFailed."""
        response = _validation_response(answer)
        if response == subscription.validation_code:
            self.agree(subscription)
        elif response is None and answer.status in (200, 202):
            self._await(subscription)
        else:
            raise EndpointFailed(
                f'{subscription.url} answered {answer.status}; expected 200 with {{"validationResponse": '
                "the event's validationCode}"
            )

    def allowed(self, subscription: Subscription, answer: Answer) -> None:
        """What the answer to OPTIONS means. Raises EndpointFailed."""
        origin = answer.headers.get("WebHook-Allowed-Origin")
        if answer.status == 200 and origin in ("*", ORIGIN):
            self.agree(subscription)
        elif answer.status in (200, 202) and origin is None:
            self._await(subscription)
        else:
            raise EndpointFailed(
                f"{subscription.url} answered {answer.status} to OPTIONS; expected 200 with "
                f"WebHook-Allowed-Origin: {ORIGIN}"
            )

    def asked(self, subscription: Subscription, code: str) -> bool:
        """The validation URL was asked for: whether that was in time and with the right code."""
        if subscription.state == "AwaitingManualAction" and self.clock.now() > subscription.validate_before:
            subscription.state = "Failed"
        if code != subscription.validation_code or subscription.state == "Failed":
            return False
        self.agree(subscription)
        return True

    def agree(self, subscription: Subscription) -> None:
        subscription.validated, subscription.state = True, "Succeeded"

    def _await(self, subscription: Subscription) -> None:
        if subscription.validated:
            return
        subscription.state = "AwaitingManualAction"
        subscription.validate_before = self.clock.now() + MANUAL_SECONDS


def _validation_response(answer: Answer) -> object:
    """None where there is none; an answer that is no JSON object has none.

    Names and strings may stand in single quotes, whatever the content type says: published samples answer so, and that
    Event Grid reads it is a guess.
    """
    for quoted in (answer.content, answer.content.replace(b"'", b'"')):
        try:
            body = json.loads(quoted)
        except ValueError:
            continue
        return body.get("validationResponse") if isinstance(body, Mapping) else None
    return None
