"""Faults on demand: what goes wrong, where, and how often."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter

from acs_emulator.journal import Journal
from acs_emulator.signing import BadToken
from acs_emulator.wire import StrictBody

Stage = Literal["setup", "start", "update", "stop", "streaming"]
Delivery = Literal["callbacks", "eventgrid", "packets"]


class _Fault(StrictBody):
    times: Annotated[int, Field(ge=1)] | None = 1
    """How often it strikes; null: until it is deleted."""
    call_connection_id: str | None = None
    """Strikes this call connection only."""


class TranscriptionFailed(_Fault):
    """A `TranscriptionFailed` event instead of success; `streaming` strikes the next packet of a running stream."""

    kind: Literal["transcriptionFailed"]
    code: int
    sub_code: int
    message: str | None = None
    """By default the first documented message of the pair."""
    details: str | None = None
    """`transcriptionStatusDetails`; by default the one that goes with the pair."""
    on: Stage = "start"


class DropSocket(_Fault):
    """The transcription socket breaks without a closing handshake after so many TranscriptionData packets."""

    kind: Literal["dropSocket"]
    after_packets: Annotated[int, Field(ge=0)] = 0
    reconnect: bool = True
    redeliver: bool = False
    """Send what was said while the socket was down once it is up again; by default it is lost."""
    offsets: Literal["restart", "continue"] = "restart"
    """Whether offsets count from the new metadata packet or go on."""


class _DeliveryFault(_Fault):
    what: Delivery
    types: tuple[str, ...] = ()
    """Strikes these only: event types without `Microsoft.Communication.`, or `Intermediate` and `Final`."""


class Duplicate(_DeliveryFault):
    """Sent twice."""

    kind: Literal["duplicate"]


class Reorder(_DeliveryFault):
    """Overtaken by the next one, or late by half a second where none follows."""

    kind: Literal["reorder"]


class Lose(_DeliveryFault):
    """Never sent."""

    kind: Literal["lose"]


class Http(_Fault):
    """A data-plane operation answers this status."""

    kind: Literal["http"]
    operation: str = "*"
    """An operation's name as in `rest/operations`, or `*` for every one."""
    status: Annotated[int, Field(ge=400, le=599)]
    retry_after: int | None = None
    code: str | None = None
    message: str | None = None
    applied: bool = False
    """Whether the operation was done before the error is answered."""


class BadTokenFault(_Fault):
    """The JWT of a callback or of the socket is wrong."""

    kind: Literal["badToken"]
    where: Literal["callback", "socket"]
    what: BadToken


class MalformedPacket(_Fault):
    """A text frame that is no JSON goes before the next TranscriptionData packet."""

    kind: Literal["malformedPacket"]
    text: str = '{"kind": "TranscriptionData", "transcriptionData": {"text": '


AnyFault = (
    TranscriptionFailed | DropSocket | Duplicate | Reorder | Lose | Http | BadTokenFault | MalformedPacket
)
FAULT: TypeAdapter[AnyFault] = TypeAdapter(Annotated[AnyFault, Field(discriminator="kind")])

F = TypeVar("F", bound=_Fault)


@dataclass(slots=True)
class _Held:
    fault: AnyFault
    left: int | None
    fault_id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])


class Faults:
    """The faults that wait to strike, oldest first."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._held: list[_Held] = []

    def add(self, fault: AnyFault | Mapping[str, object]) -> str:
        """The fault's id. A mapping is read as the control plane reads it; raises pydantic's ValidationError."""
        known = FAULT.validate_python(fault) if isinstance(fault, Mapping) else fault
        held = _Held(known, known.times)
        self._held.append(held)
        return held.fault_id

    def take(
        self,
        kind: type[F],
        connection_id: str | None,
        strikes: Callable[[F], bool] = lambda _: True,
    ) -> F | None:
        """The oldest fault of the kind that strikes here, used up once more."""
        for held in self._held:
            fault = held.fault
            if not isinstance(fault, kind) or not _concerns(fault, connection_id) or not strikes(fault):
                continue
            if held.left is not None:
                held.left -= 1
                if held.left == 0:
                    self._held.remove(held)
            self._journal.add(
                "fault", fault=fault.model_dump(by_alias=True, mode="json"), callConnectionId=connection_id
            )
            return fault
        return None

    def take_delivery(
        self,
        kind: type[Duplicate] | type[Reorder] | type[Lose],
        what: Delivery,
        name: str,
        connection_id: str | None,
    ) -> bool:
        """Whether this callback, event or packet is to be duplicated, reordered or lost."""

        def strikes(fault: _DeliveryFault) -> bool:
            return fault.what == what and (not fault.types or name in fault.types)

        return self.take(kind, connection_id, strikes) is not None

    def to_json(self) -> list[dict[str, object]]:
        return [
            {
                "faultId": held.fault_id,
                **held.fault.model_dump(by_alias=True, mode="json"),
                "times": held.left,
            }
            for held in self._held
        ]

    def remove(self, fault_id: str) -> bool:
        found = [held for held in self._held if held.fault_id == fault_id]
        for held in found:
            self._held.remove(held)
        return bool(found)

    def clear(self) -> None:
        self._held.clear()


def _concerns(fault: _Fault, connection_id: str | None) -> bool:
    return fault.call_connection_id is None or fault.call_connection_id == connection_id
