"""Every operation of the control plane as a value: what to ask, and how to read the answer. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from acs_emulator.client import reading
from acs_emulator.client.reading import Turn
from acs_emulator.client.values import (
    Addresses,
    Call,
    Catalogue,
    Clock,
    Entry,
    Fault,
    Json,
    NothingHappened,
    Page,
    Recorder,
    Subscription,
    TranscriptionFailure,
)

T = TypeVar("T")
Behaviour = Literal["answer", "busy", "decline", "no-answer", "spam"]
Schema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One request. `read` takes the answer's text."""

    method: str
    path: str
    read: Callable[[str], T]
    body: Json | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    patience: float = 0.0
    """Real seconds for which the emulator itself may wait."""


def dial_in(from_: str = "+15551230001", to: str = "+15559870000", *turns: Turn, **members: Any) -> Ask[Call]:
    """Somebody dials in, and says the turns. Members are those of `POST /_emulator/calls` in snake case, such as
    `display_name`, `room_id`, `audio`; with turns, `hang_up` and `wait_for_transcription` are the dialogue's."""
    body = reading.camel({"from": from_, "to": to, **members})
    if turns:
        body["dialogue"] = reading.dialogue(turns)
    return Ask("POST", "/calls", reading.call, body)


def calls() -> Ask[tuple[Call, ...]]:
    """The calls that live."""
    return Ask("GET", "/calls", lambda text: tuple(Call.read(one) for one in json.loads(text)["calls"]))


def say(call: str, text: str, *, speaker: str = "caller", **members: Any) -> Ask[Call]:
    """Somebody says this now. `call` is any id of the call."""
    return Ask(
        "POST",
        f"/calls/{call}/say",
        reading.call,
        reading.camel({"text": text, "speaker": speaker, **members}),
    )


def press(call: str, tones: str, *, speaker: str = "caller") -> Ask[Call]:
    """Somebody presses keys such as `12#` now."""
    return Ask("POST", f"/calls/{call}/press", reading.call, {"tones": tones, "speaker": speaker})


def silence(call: str, silent: bool = True, *, speaker: str = "caller") -> Ask[Call]:
    """Somebody goes silent, or can be heard again."""
    return Ask("POST", f"/calls/{call}/silence", reading.call, {"silent": silent, "speaker": speaker})


def join(call: str, raw_id: str) -> Ask[Call]:
    """Somebody comes into the call by themselves."""
    return Ask("POST", f"/calls/{call}/join", reading.call, {"rawId": raw_id})


def hang_up(
    call: str,
    *,
    speaker: str = "caller",
    how: Literal["hang-up", "drop"] = "hang-up",
    everyone: bool | None = None,
) -> Ask[Call]:
    """Somebody hangs up, or loses the connection."""
    return Ask(
        "POST", f"/calls/{call}/hang-up", reading.call, {"speaker": speaker, "how": how, "everyone": everyone}
    )


def set_callee(name: str, behaviour: Behaviour = "answer", *turns: Turn, **members: Any) -> Ask[None]:
    """How somebody (a number or raw id) behaves from now on when the application calls or adds them; who answers says
    the turns."""
    body = reading.camel({"rawId": name, "behaviour": behaviour, **members})
    if turns:
        body["dialogue"] = reading.dialogue(turns)
    return Ask("POST", "/callees", reading.nothing, body)


def add_fault(kind: str, **members: Any) -> Ask[str]:
    """Let something go wrong; the fault's id. Members in snake case, such as `add_fault("http", status=429, rate=0.5)`;
    `catalogue` lists kinds and members."""
    return Ask(
        "POST",
        "/faults",
        lambda text: str(json.loads(text)["faultId"]),
        reading.camel({"kind": kind, **members}),
    )


def faults() -> Ask[tuple[Fault, ...]]:
    """The faults that wait to strike, oldest first."""

    def read(text: str) -> tuple[Fault, ...]:
        own = {"faultId", "kind", "times"}
        return tuple(
            Fault(
                one["faultId"],
                one["kind"],
                one["times"],
                {name: value for name, value in one.items() if name not in own},
            )
            for one in json.loads(text)["faults"]
        )

    return Ask("GET", "/faults", read)


def remove_fault(fault_id: str) -> Ask[None]:
    """One fault less."""
    return Ask("DELETE", f"/faults/{fault_id}", reading.nothing)


def clear_faults() -> Ask[None]:
    """Nothing goes wrong any more."""
    return Ask("DELETE", "/faults", reading.nothing)


def catalogue() -> Ask[Catalogue]:
    """Everything that can go wrong."""

    def read(text: str) -> Catalogue:
        shown = json.loads(text)
        return Catalogue(
            {one["kind"]: one["members"] for one in shown["kinds"]},
            tuple(
                TranscriptionFailure(one["name"], one["code"], one["subCode"], one["message"], one["details"])
                for one in shown["transcriptionFailures"]
            ),
        )

    return Ask("GET", "/faults/catalogue", read)


def seed(seed: int | None) -> Ask[None]:
    """Rates and shuffling draw from this seed's sequence from now on."""
    return Ask("POST", "/seed", reading.nothing, {"seed": seed})


def clock() -> Ask[Clock]:
    """What time it is."""
    return Ask("GET", "/clock", reading.clock)


def set_speed(speed: float) -> Ask[Clock]:
    """Emulated seconds per real second."""
    return Ask("POST", "/clock", reading.clock, {"speed": speed})


def hold_clock() -> Ask[Clock]:
    """Time stands still."""
    return Ask("POST", "/clock", reading.clock, {"held": True})


def release_clock() -> Ask[Clock]:
    """Time goes on."""
    return Ask("POST", "/clock", reading.clock, {"held": False})


def step_clock(seconds: float) -> Ask[Clock]:
    """Move on exactly so many emulated seconds and stand still; what became due has run."""
    return Ask("POST", "/clock", reading.clock, {"step": seconds}, patience=600.0)


def reset(*, subscriptions: bool = False) -> Ask[None]:
    """As new; the subscriptions go only where that is asked for."""
    params = {"subscriptions": "true"} if subscriptions else {}
    return Ask("POST", "/reset", reading.nothing, params=params)


def journal(
    *kinds: str,
    type: str | None = None,
    call_connection_id: str | None = None,
    where: Mapping[str, object] | None = None,
    after: int = 0,
    wait: float = 0.0,
) -> Ask[Page]:
    """What happened, oldest first; with `wait`, as soon as something matches, and after so many real seconds nothing.
    `where` says what members have to be, by JSON pointer: `{"/event/data/operationContext": "greeting"}`."""
    params: dict[str, Any] = {"kind": ",".join(kinds), "after": after, "wait": wait}
    if type is not None:
        params["type"] = type
    if call_connection_id is not None:
        params["callConnectionId"] = call_connection_id
    if where:
        params["where"] = [f"{pointer}={reading.text(value)}" for pointer, value in where.items()]
    return Ask("GET", "/journal", reading.page, params=params, patience=wait)


def wait_for(
    *kinds: str,
    type: str | None = None,
    call_connection_id: str | None = None,
    where: Mapping[str, object] | None = None,
    after: int = 0,
    within: float = 5.0,
) -> Ask[Entry]:
    """The first matching entry of the journal, waited for at most so many real seconds (60 are the most). Raises
    NothingHappened."""
    ask = journal(
        *kinds, type=type, call_connection_id=call_connection_id, where=where, after=after, wait=within
    )

    def read(text: str) -> Entry:
        entries = reading.page(text).entries
        if not entries:
            raise NothingHappened(f"within {within} s nothing matched {dict(ask.params)}")
        return entries[0]

    return Ask(ask.method, ask.path, read, params=ask.params, patience=within)


def addresses() -> Ask[Addresses]:
    """How a client reaches the emulator."""

    def read(text: str) -> Addresses:
        shown = json.loads(text)
        return Addresses(
            shown["endpoint"], shown["accessKey"], shown["resourceId"], shown["connectionString"]
        )

    return Ask("GET", "/connection-string", read)


def subscribe(url: str, *, schema: Schema = "EventGridSchema", **members: Any) -> Ask[Subscription]:
    """Subscribe a webhook, handshake included. Members in snake case, such as `event_types`, `dead_letter_path`."""
    body = reading.camel({"url": url, "schema": schema, **members})
    return Ask("POST", "/event-subscriptions", lambda text: reading.subscription(json.loads(text)), body)


def subscriptions() -> Ask[tuple[Subscription, ...]]:
    """Those that await their validation included."""
    return Ask(
        "GET",
        "/event-subscriptions",
        lambda text: tuple(reading.subscription(one) for one in json.loads(text)["subscriptions"]),
    )


def unsubscribe(name: str) -> Ask[None]:
    """No events go there any more."""
    return Ask("DELETE", f"/event-subscriptions/{name}", reading.nothing)


def start_recorder() -> Ask[Recorder]:
    """Begin a new recording of all that the emulator sends out."""
    return Ask("POST", "/recorder", reading.recorder, {"on": True})


def stop_recorder() -> Ask[Recorder]:
    """The recording stays until the next start or reset."""
    return Ask("POST", "/recorder", reading.recorder, {"on": False})


def recording() -> Ask[str]:
    """JSON lines, ready for a file and for `replay`."""
    return Ask("GET", "/recording", lambda text: text)


def replay(recording: str, urls: Mapping[str, str] | None = None) -> Ask[str]:
    """Send a recording again, to where `urls` leads the beginnings of its URLs; the id that its entries in the journal
    (kind `replay`) have."""
    lines: Sequence[Json] = [json.loads(line) for line in recording.splitlines() if line]
    body = {"lines": lines, "urls": dict(urls or {})}
    return Ask("POST", "/replay", lambda text: str(json.loads(text)["replayId"]), body)
