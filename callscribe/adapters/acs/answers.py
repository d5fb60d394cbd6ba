"""What ACS answers, in our own words: calls as values, refusals as errors of our tree."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from azure.communication.callautomation import CallConnectionProperties
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DeserializationError,
    HttpResponseError,
)

from callscribe.adapters.retry_after import retry_after
from callscribe.domain.errors import AcsError, AcsUnavailable, acs_http_error
from callscribe.ports import AcsCall

_UNREADABLE = "the answer is not one of Call Automation"


@asynccontextmanager
async def answer_within(seconds: float) -> AsyncIterator[None]:
    """Turns every way in which the SDK fails into an AcsError, no answer in time included."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as fault:
        raise acs_http_error(None, None, f"no answer within {seconds:g} s") from fault
    except HttpResponseError as fault:
        raise _refusal(fault) from fault
    except (DeserializationError, AttributeError, TypeError, KeyError, ValueError) as fault:
        # The SDK meets an answer that lacks what it takes for granted; UnicodeDecodeError is a ValueError.
        raise AcsUnavailable(None, None, _UNREADABLE) from fault
    except AzureError as fault:
        raise acs_http_error(None, None, fault.message) from fault


def _refusal(fault: HttpResponseError) -> AcsError:
    code = fault.error.code if fault.error else None
    message = fault.error.message if fault.error else fault.reason
    if fault.response is not None:
        headers: Mapping[str, str] = getattr(fault.response, "headers", {})
        wait = retry_after(headers.get("Retry-After"))
        return acs_http_error(fault.status_code, code, message or "", wait)
    if isinstance(fault, ClientAuthenticationError):
        # Without a response it is the identity that could not get a token.
        return acs_http_error(401, None, fault.message)
    return AcsUnavailable(None, None, _UNREADABLE)


def acs_call(properties: CallConnectionProperties) -> AcsCall:
    """The call that an answer describes. Raises AcsUnavailable where the answer names none."""
    if not properties.call_connection_id:
        raise AcsUnavailable(None, None, "the answer names no callConnectionId")
    source, transcription = properties.source, properties.transcription_subscription
    return AcsCall(
        call_connection_id=properties.call_connection_id,
        server_call_id=properties.server_call_id,
        correlation_id=properties.correlation_id,
        state=_text(properties.call_connection_state) or "unknown",
        from_id=source.raw_id if source else None,
        targets=tuple(target.raw_id for target in properties.targets or ()),
        transcription=_text(transcription.state) if transcription else None,
    )


def _text(value: str | None) -> str | None:
    """The SDK gives a str, or an enum that is a str."""
    return None if value is None else str(getattr(value, "value", value))
