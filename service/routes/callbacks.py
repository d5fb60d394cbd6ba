"""Where Call Automation posts what happens on a call."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from callscribe.domain.errors import (
    CallNotFound,
    MalformedBody,
    SigningKeysUnavailable,
    Unauthorized,
)
from service import examples
from service.edge import AtEdge
from service.envelopes import opened
from service.guards import acs
from service.openapi import described

router = APIRouter(prefix="/azure/callbacks", tags=["azure"])
Key = Annotated[
    str,
    Path(
        description="The call's capability, as the call's callback URI holds it.",
        examples=["Zk3vT0mS9yqGk1wq4b8uQ2nJx7cLd5eRf6hYp0aVtWs"],
    ),
]


@router.post(
    "/{key}",
    operation_id="takeCallbacks",
    summary="Take a call's events (CloudEvents)",
    response_class=Response,
    dependencies=[Depends(acs)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": ["array", "object"]},
                    "example": examples.CALLBACKS,
                }
            },
        }
    },
    **described(
        {200: ("The events are stored or held.", None)},
        MalformedBody,
        Unauthorized,
        SigningKeysUnavailable,
        CallNotFound,
        guarded=False,
    ),
)
async def take_callbacks(edge: AtEdge, key: Key, request: Request) -> Response:
    """`{key}` is the call's capability. Items that are no events are put aside."""
    items = opened(await request.body(), request.headers, edge.ports.clock.now())
    await edge.inbox.callbacks(key, items)
    return Response()
