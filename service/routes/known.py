"""The call that a path names."""

from typing import Annotated

from fastapi import Depends, Path

from callscribe.domain.errors import CallNotFound
from callscribe.ports import StoredCall
from service.edge import AtEdge

CallId = Annotated[
    str,
    Path(
        alias="id",
        description="Our call id or ACS's `callConnectionId`.",
        examples=["call_0195f3c2a7b07c3e8f1d2a4b6c8e0f13"],
    ),
]


async def _call(call_id: CallId, edge: AtEdge) -> StoredCall:
    stored = await edge.ports.store.call(call_id)
    if stored is None:
        raise CallNotFound("no call has this id")
    return stored


KnownCall = Annotated[StoredCall, Depends(_call)]
