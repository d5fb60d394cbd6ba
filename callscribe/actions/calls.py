"""Places, joins and announces calls, and acts on those that are there."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from callscribe.actions.jobs import perform
from callscribe.actions.steps import Kept, fresh, keep, tell
from callscribe.domain import call as life
from callscribe.domain.call import ENDED, Announce, Call, CallState, Direction, StartMode, Step, Transcription
from callscribe.domain.call.starting import admitted, begun, starts_at_setup
from callscribe.domain.commands import (
    AddParticipant,
    AnyCommand,
    Connect,
    CreateCall,
    RemoveParticipant,
    TranscriptionSetup,
)
from callscribe.domain.errors import (
    CallEnded,
    CallNotConnected,
    CallNotFound,
    CallSetUpElsewhere,
    FieldError,
    InvalidRequest,
    ParticipantInvalid,
)
from callscribe.domain.locale import checked_locale
from callscribe.domain.participants import InvalidIdentifier, phone_number, raw_id
from callscribe.ports import Config, Ports, Transaction

_MOST_PARTIES = 350
"""ACS's limit for one call."""


class CallOrder(msgspec.Struct, frozen=True):
    """A call that somebody wants: exactly one of `targets`, a room, a group, a server call, or `expect`."""

    targets: tuple[str, ...] = ()
    room_id: str | None = None
    group_call_id: str | None = None
    server_call_id: str | None = None
    expect: bool = False
    call_connection_id: str | None = None
    correlation_id: str | None = None
    locale: str | None = None
    model: str | None = None
    mode: StartMode | None = None
    announce: Announce | None = None
    agents: tuple[str, ...] = ()
    source_caller_id: str | None = None
    source_display_name: str | None = None
    external_id: str | None = None
    metadata: dict[str, str] = {}

    @property
    def direction(self) -> Direction:
        if self.expect:
            return Direction.EXPECTED
        return Direction.OUTGOING if self.targets else Direction.JOINED


async def place(ports: Ports, order: CallOrder, once: str | None = None) -> Call:
    """Create, join or announce a call; ACS has accepted it when this returns.

    `once` names the order: whoever orders again under the same name gets the same call as it is by then, also
    where the first attempt ended in a crash or without an answer.

    Raises InvalidRequest, ParticipantInvalid or a locale error for an order that cannot be meant, and AcsError
    where ACS refuses: the call is then kept as failed, or as connecting where it is not known what ACS did.
    """
    _one_way(order)
    call = _ordered(ports, order, ports.ids.new("call") if once is None else _named(once))
    commands = () if order.expect else (_setup_command(ports.config, order, call),)
    async with ports.store.transaction() as tx:
        if once is not None and (placed := await tx.call(call.id)) is not None:
            return placed
        kept = await keep(tx, ports, None, Step(call, commands), leased=True)
    return await _carried_out(ports, kept)


async def hang_up(ports: Ports, call_id: str, for_everyone: bool) -> Call:
    """End a call, by default for everyone. A call that has ended is left as it is."""
    async with ports.store.transaction() as tx:
        call = _ours(await known(tx, call_id))
        step = life.request_hang_up(call, for_everyone, ports.clock.now())
        kept = await keep(tx, ports, call, step, leased=True)
    return await _carried_out(ports, kept)


async def add_participant(
    ports: Ports, call_id: str, target: str, source_caller_id: str | None, operation_context: str | None
) -> Call:
    """Invite somebody; whether they come is told by ACS's events on the timeline."""
    identifier = _identifier(target, "/target")
    caller_id = _identifier(source_caller_id, "/sourceCallerId") if source_caller_id else None

    def invite(call: Call) -> Step:
        shown = caller_id or call.source_caller_id
        _needs_caller_id((identifier,), shown)
        command = AddParticipant(
            target=identifier, source_caller_id=shown, operation_context=operation_context
        )
        return Step(replace(call, agents=_invited(call, identifier)), (command,))

    return await _on_connected(ports, call_id, invite)


async def remove_participant(ports: Ports, call_id: str, target: str, operation_context: str | None) -> Call:
    identifier = _identifier(target, "/rawId")
    command = RemoveParticipant(target=identifier, operation_context=operation_context)
    return await _on_connected(ports, call_id, lambda call: Step(call, (command,)))


async def known(tx: Transaction, call_id: str) -> Call:
    """The call by our id or ACS's. Raises CallNotFound."""
    call = await tx.call(call_id)
    if call is None:
        raise CallNotFound("no call has this id")
    return call


async def _on_connected(ports: Ports, call_id: str, ask: Callable[[Call], Step]) -> Call:
    async with ports.store.transaction() as tx:
        call = _ours(await known(tx, call_id))
        if call.state in ENDED or call.state is CallState.DISCONNECTING:
            raise CallEnded(f"the call is {call.state}")
        if call.state is not CallState.CONNECTED:
            raise CallNotConnected(f"the call is {call.state}")
        kept = await keep(tx, ports, call, ask(call), leased=True)
    return await _carried_out(ports, kept)


def _ours(call: Call) -> Call:
    """The call, where its parties and its end are our business. Raises CallSetUpElsewhere."""
    if call.direction is Direction.FOREIGN:
        raise CallSetUpElsewhere("another system set this call up; only its transcription is steered here")
    return call


async def _carried_out(ports: Ports, kept: Kept) -> Call:
    """Tell what was kept, and do its commands here and now; raises what ACS refused."""
    tell(ports, kept)
    call = kept.call
    for job in kept.jobs:
        call = await perform(ports, job, again=False) or call
    return call


def _one_way(order: CallOrder) -> None:
    ways = [bool(order.targets), order.room_id, order.group_call_id, order.server_call_id, order.expect]
    if sum(bool(way) for way in ways) != 1:
        raise InvalidRequest(
            "a call needs exactly one of targets, connect and expect",
            errors=(
                FieldError(
                    "", "exactly one of targets, connect {roomId, groupCallId or serverCallId}, expect"
                ),
            ),
        )


def _named(once: str) -> str:
    """The id of the call that an order of this name makes."""
    return f"call_{blake2b(once.encode(), digest_size=16).hexdigest()}"


def _invited(call: Call, identifier: str) -> tuple[str, ...]:
    """Everybody invited so far, as many as a call of ACS can have."""
    others = tuple(one for one in call.agents if one != identifier)
    return (*others, identifier)[-_MOST_PARTIES:]


def _needs_caller_id(parties: tuple[str, ...], caller_id: str | None) -> None:
    """ACS calls telephones only under a number of its resource. Raises InvalidRequest."""
    if caller_id is None and any(phone_number(party) for party in parties):
        what = "a phone number can be called only with a sourceCallerId: a number that the ACS resource owns"
        raise InvalidRequest(what, errors=(FieldError("/sourceCallerId", what),))


def _ordered(ports: Ports, order: CallOrder, call_id: str) -> Call:
    """The new call that an order describes, with the ids it needs."""
    targets = tuple(_identifier(one, f"/targets/{at}") for at, one in enumerate(order.targets))
    agents = tuple(_identifier(one, f"/agents/{at}") for at, one in enumerate(order.agents))
    _needs_caller_id((*targets, *agents), order.source_caller_id)
    locale = checked_locale(order.locale or ports.config.default_locale)
    expected = order.direction is Direction.EXPECTED
    mode = order.mode or (StartMode.MANUAL if expected else StartMode.AUTO)
    transcription = Transcription(locale=locale, mode=mode, model=order.model)
    endpoint = None if expected else chosen_endpoint(ports)
    now = fresh(ports, endpoint)
    if not expected and admitted(now) and starts_at_setup(mode, order.announce is not None, targets):
        transcription = begun(transcription, now)
    return Call(
        id=call_id,
        key=ports.ids.secret(),
        direction=order.direction,
        state=CallState.EXPECTED if expected else CallState.CONNECTING,
        created_at=ports.clock.now(),
        transcription=transcription,
        call_connection_id=order.call_connection_id if expected else None,
        correlation_id=order.correlation_id if expected else None,
        server_call_id=order.server_call_id,
        to=targets,
        source_caller_id=_identifier(order.source_caller_id, "/sourceCallerId")
        if order.source_caller_id
        else None,
        external_id=order.external_id,
        metadata=order.metadata,
        agents=agents,
        announce=order.announce,
        ai_endpoint=endpoint,
    )


def chosen_endpoint(ports: Ports) -> str | None:
    """The AI resource for a call that is set up now: one that bears one more transcription, if any does."""
    return ports.quota.choose(ports.config.ai_endpoints, ports.clock.now())


def _setup_command(config: Config, order: CallOrder, call: Call) -> AnyCommand:
    setup = setup_of(config, call)
    if order.targets:
        return CreateCall(
            targets=call.to,
            setup=setup,
            source_caller_id=call.source_caller_id,
            source_display_name=order.source_display_name,
        )
    return Connect(
        setup=setup,
        room_id=order.room_id,
        group_call_id=order.group_call_id,
        server_call_id=order.server_call_id,
    )


def setup_of(config: Config, call: Call) -> TranscriptionSetup:
    """The transcription options for answering, creating or joining this call."""
    return TranscriptionSetup(
        locale=call.transcription.locale,
        start=call.transcription.operation is not None,
        model=call.transcription.model,
        intermediate=config.intermediate_results,
        ai_endpoint=call.ai_endpoint,
    )


def _identifier(text: str, pointer: str) -> str:
    try:
        return raw_id(text)
    except InvalidIdentifier as fault:
        raise ParticipantInvalid(str(fault), errors=(FieldError(pointer, str(fault)),)) from fault
