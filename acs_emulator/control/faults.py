"""What goes wrong."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from acs_emulator.control.answers import (
    Catalogue,
    FaultAdded,
    FaultKind,
    FaultsShown,
    Seeded,
    TranscriptionFailure,
)
from acs_emulator.control.bodies import Seed
from acs_emulator.errors import ControlRefused
from acs_emulator.faults import KINDS, ROWS, AnyFault, Fault, Http, NoSuchRow, TooManyFaults
from acs_emulator.rest import operations
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["faults"])


@router.post("/faults", status_code=201, response_model=FaultAdded, summary="Let something go wrong")
async def add_fault(
    body: Annotated[AnyFault, Body(discriminator="kind")], exchange: TheExchange
) -> dict[str, Any]:
    """The fault's id. It strikes once unless `times` says otherwise (null: until it is deleted) or it has a `rate`."""
    if isinstance(body, Http) and body.operation not in operations.NAMES | {"*"}:
        known = ", ".join(sorted(operations.NAMES))
        raise ControlRefused(422, "The request is invalid", f"no operation {body.operation}; one of: {known}")
    try:
        return {"faultId": exchange.faults.add(body)}
    except NoSuchRow as error:
        raise ControlRefused(422, "The request is invalid", str(error)) from error
    except TooManyFaults as error:
        raise ControlRefused(409, "Too many faults", str(error)) from error


@router.get("/faults", response_model=FaultsShown, summary="The faults that wait to strike")
async def list_faults(exchange: TheExchange) -> dict[str, Any]:
    """Oldest first, with how often each will still strike."""
    return {"faults": exchange.faults.to_json()}


@router.get("/faults/catalogue", response_model=Catalogue, summary="Everything that can go wrong")
async def catalogue() -> Catalogue:
    """Every kind of fault with the schema of its members, and every documented TranscriptionFailed row."""
    return Catalogue(
        kinds=[_kind(kind) for kind in KINDS],
        transcription_failures=[
            TranscriptionFailure(
                name=name,
                code=row.code,
                sub_code=row.sub_code,
                message=row.message,
                details=row.details,
            )
            for name, row in ROWS.items()
        ],
    )


@router.delete("/faults", status_code=204, summary="Nothing goes wrong any more")
async def clear_faults(exchange: TheExchange) -> Response:
    """Every fault is forgotten."""
    exchange.faults.clear()
    return Response(status_code=204)


@router.delete("/faults/{fault_id}", status_code=204, summary="One fault less")
async def remove_fault(fault_id: str, exchange: TheExchange) -> Response:
    """404 where it has struck for the last time."""
    if not exchange.faults.remove(fault_id):
        raise ControlRefused(404, "No such fault", "no fault waits under this id")
    return Response(status_code=204)


@router.post("/seed", response_model=Seeded, summary="Begin a sequence of chance")
async def seed(body: Seed, exchange: TheExchange) -> dict[str, Any]:
    """Rates and shuffling draw from this seed's sequence from now on; null: from one nobody knows."""
    exchange.faults.seed(body.seed)
    return {"seed": body.seed}


def _kind(kind: type[Fault]) -> FaultKind:
    (name,) = kind.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
    return FaultKind(
        kind=name, description=inspect.getdoc(kind) or "", members=kind.model_json_schema(by_alias=True)
    )
