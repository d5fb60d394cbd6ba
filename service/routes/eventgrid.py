"""Where Event Grid posts: incoming calls and what else happens at the ACS resource."""

import re
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from callscribe.actions.inbox import Aside
from callscribe.domain.errors import (
    MalformedBody,
    MalformedEvent,
    SigningKeysUnavailable,
    Unauthorized,
)
from callscribe.domain.events import Envelope, SubscriptionValidation, parse_event_grid
from service import examples
from service.edge import AtEdge
from service.envelopes import opened
from service.guards import event_grid
from service.openapi import described

router = APIRouter(prefix="/azure/events", tags=["azure"])
_ORIGIN = re.compile(r"[A-Za-z0-9.:_-]{1,255}", re.ASCII)


@router.options(
    "",
    operation_id="allowEvents",
    summary="Agree to events (CloudEvents handshake)",
    response_class=Response,
    **described({200: ("The origin may send, at any rate.", None)}, MalformedBody, guarded=False),
)
async def allow_events(
    origin: Annotated[
        str | None, Header(alias="WebHook-Request-Origin", examples=["eventgrid.azure.net"])
    ] = None,
) -> Response:
    """CloudEvents' web hooks, section 4: says that this address takes events, and nothing about who may send them.

    `WebHook-Request-Callback` is not called: the answer here is the answer.
    """
    headers = {"Allow": "OPTIONS, POST"}
    if origin is not None:
        if not _ORIGIN.fullmatch(origin):
            raise MalformedBody("WebHook-Request-Origin is no host name")
        headers |= {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return Response(headers=headers)


@router.post(
    "",
    operation_id="takeEvents",
    summary="Take events (Event Grid or CloudEvents schema)",
    dependencies=[Depends(event_grid)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": {"type": ["array", "object"]}, "example": example}
                for media_type, example in (
                    ("application/json", examples.EVENT_GRID_EVENTS),
                    ("application/cloudevents+json", examples.CLOUD_EVENT),
                    ("application/cloudevents-batch+json", [examples.CLOUD_EVENT]),
                )
            },
        }
    },
    **described(
        {
            200: (
                "The events are stored or held; a subscription's validation code comes back.",
                {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"validationResponse": {"type": "string"}},
                        },
                        "example": {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"},
                    }
                },
            )
        },
        MalformedBody,
        Unauthorized,
        SigningKeysUnavailable,
        guarded=False,
    ),
)
async def take_events(edge: AtEdge, request: Request) -> Response:
    """Items that are no events are put aside; only a body that cannot be read at all is refused."""
    items = opened(await request.body(), request.headers, edge.ports.clock.now())
    codes = [_validation_code(item) for item in items]
    await edge.inbox.event_grid([item for item, code in zip(items, codes, strict=True) if code is None])
    asked = next((code for code in codes if code is not None), None)
    if asked is None:
        return Response()
    return Response(msgspec.json.encode({"validationResponse": asked}), media_type="application/json")


def _validation_code(item: Envelope | Aside) -> str | None:
    """What Event Grid wants to hear when it makes a subscription, or None where the item is anything else."""
    if isinstance(item, Aside):
        return None
    try:
        event = parse_event_grid(item)
    except MalformedEvent:
        return None  # the inbox puts it aside
    return event.validation_code if isinstance(event, SubscriptionValidation) else None
