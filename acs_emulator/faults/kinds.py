"""Every fault there is: what goes wrong, where, and how often."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from acs_emulator.signing import BadToken
from acs_emulator.wire import StrictBody

Stage = Literal["setup", "start", "update", "stop", "streaming"]
Delivery = Literal["callbacks", "eventgrid", "packets"]
Hook = Literal["callbacks", "eventgrid"]
Socket = Literal["transcription", "mediaStreaming"]
Operation = Literal[
    "play",
    "recognize",
    "startContinuousDtmfRecognition",
    "sendDtmfTones",
    "hold",
    "startMediaStreaming",
    "transferToParticipant",
    "addParticipant",
    "removeParticipant",
    "moveParticipants",
    "cancelAddParticipant",
]
EmulatedSeconds = Annotated[float, Field(ge=0, le=86_400)]
Types = tuple[str, ...]


class Fault(StrictBody):
    """What every fault says about when it strikes."""

    times: Annotated[int, Field(ge=1)] | None = 1
    """How often it strikes; null: until it is deleted. Once by default, and with a `rate` until it is deleted."""
    rate: Annotated[float, Field(gt=0, le=1)] | None = None
    """With which probability it strikes where it could; drawn from the seeded generator."""
    call_connection_id: str | None = None
    """Strikes this call connection only."""

    @model_validator(mode="before")
    @classmethod
    def _by_rate_for_ever(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("rate") is not None and "times" not in given:
            return {**given, "times": None}
        return given


class TranscriptionFailed(Fault):
    """A `TranscriptionFailed` event instead of success; `streaming` strikes the next packet of a running stream."""

    kind: Literal["transcriptionFailed"]
    name: str | None = None
    """A documented row by its name in the catalogue, instead of code, subCode, message and details."""
    code: int = 0
    sub_code: int = 0
    message: str | None = None
    """By default the first documented message of the pair."""
    details: str | None = None
    """`transcriptionStatusDetails`; by default the one that goes with the pair."""
    on: Stage = "start"

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.name is None and not {"code", "sub_code"} <= self.model_fields_set:
            raise ValueError("give a name of the catalogue, or code and subCode")
        return self


class RefuseSocket(Fault):
    """A dial of the application's socket fails before it reaches the application, redials included."""

    kind: Literal["refuseSocket"]
    what: Socket | Literal["any"] = "any"


class DropSocket(Fault):
    """The socket breaks without a closing handshake after so many TranscriptionData (or AudioData) packets."""

    kind: Literal["dropSocket"]
    what: Socket = "transcription"
    after_packets: Annotated[int, Field(ge=0)] = 0
    reconnect: bool = True
    redeliver: bool = False
    """Send what was said while the socket was down once it is up again; by default it is lost."""
    offsets: Literal["restart", "continue"] = "restart"
    """Whether offsets count from the new metadata packet or go on."""


class SlowSocket(Fault):
    """A packet, and what comes behind it on the same socket, is late."""

    kind: Literal["slowSocket"]
    what: Socket = "transcription"
    seconds: EmulatedSeconds


class _DeliveryFault(Fault):
    what: Delivery
    types: Types = ()
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


class _WebhookFault(Fault):
    what: Hook = "callbacks"
    types: Types = ()
    """Strikes these event types only, named without `Microsoft.Communication.`."""


class Webhook(_WebhookFault):
    """A delivery ends as if the receiver had answered this status or nothing at all; the sender tries again, or not,
    as it would."""

    kind: Literal["webhook"]
    status: Annotated[int, Field(ge=300, le=599)] | None = 503
    """null: no answer in time."""
    received: bool = False
    """Whether the receiver got the delivery all the same, so that it gets it twice."""


class SlowWebhook(_WebhookFault):
    """A delivery waits so long before it is sent, and is overtaken by later ones."""

    kind: Literal["slowWebhook"]
    seconds: EmulatedSeconds


class Shuffle(_WebhookFault):
    """Deliveries go out in any order: each waits a random time within the window, and for no other."""

    kind: Literal["shuffle"]
    times: Annotated[int, Field(ge=1)] | None = None
    window_seconds: Annotated[float, Field(gt=0, le=3600)] = 0.5
    """Emulated."""


class Http(Fault):
    """A data-plane operation answers this status."""

    kind: Literal["http"]
    operation: str = "*"
    """An operation's name as in `rest/operations`, or `*` for every one."""
    status: Annotated[int, Field(ge=400, le=599)]
    retry_after: Annotated[int, Field(ge=0, le=86_400)] | None = None
    code: str | None = None
    message: str | None = None
    applied: bool = False
    """Whether the operation was done before the error is answered."""


class OperationFailed(Fault):
    """An operation is accepted, does nothing, and its failure event follows: PlayFailed, RecognizeFailed,
    MediaStreamingFailed …"""

    kind: Literal["operationFailed"]
    operation: Operation
    code: int = 500
    sub_code: int = 9999
    message: str = "Unknown internal server error."
    fields: dict[str, Any] = Field(default_factory=dict)
    """Further members of the event's data, such as `failedPlaySourceIndex`."""


class BadTokenFault(Fault):
    """The JWT of a callback or of a socket is wrong."""

    kind: Literal["badToken"]
    where: Literal["callback", "socket"]
    what: BadToken


class MalformedPacket(Fault):
    """A text frame that is no JSON goes before the next TranscriptionData packet."""

    kind: Literal["malformedPacket"]
    text: str = '{"kind": "TranscriptionData", "transcriptionData": {"text": '


KINDS: tuple[type[Fault], ...] = (
    TranscriptionFailed,
    RefuseSocket,
    DropSocket,
    SlowSocket,
    MalformedPacket,
    Duplicate,
    Reorder,
    Lose,
    Shuffle,
    Webhook,
    SlowWebhook,
    Http,
    OperationFailed,
    BadTokenFault,
)
AnyFault = (
    TranscriptionFailed
    | RefuseSocket
    | DropSocket
    | SlowSocket
    | MalformedPacket
    | Duplicate
    | Reorder
    | Lose
    | Shuffle
    | Webhook
    | SlowWebhook
    | Http
    | OperationFailed
    | BadTokenFault
)
FAULT: TypeAdapter[AnyFault] = TypeAdapter(Annotated[AnyFault, Field(discriminator="kind")])
