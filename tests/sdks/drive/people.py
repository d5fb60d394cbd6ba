"""Participants: listed, added, cancelled, muted, moved, transferred, removed."""

from __future__ import annotations

from tests.sdks.drive.stage import Stage


async def see(stage: Stage) -> None:
    call = await stage.answered()
    everybody = await call.connection.list_participants()
    assert call.caller.raw_id in [one.identifier.raw_id for one in everybody]
    caller = await call.connection.get_participant(call.caller)
    assert caller.identifier.raw_id == call.caller.raw_id
    assert caller.is_muted is False


async def add_mute_and_remove(stage: Stage) -> None:
    call, agent = await stage.answered(), stage.user()
    added = await call.connection.add_participant(
        agent,
        operation_context="agent",
        operation_callback_url=f"{stage.callback_url}/elsewhere",
        voip_headers={"department": "sales"},
    )
    assert added.invitation_id
    assert added.participant.identifier.raw_id == agent.raw_id
    joined = await call.event("AddParticipantSucceeded", "agent")
    assert joined.path == "/callbacks/elsewhere", joined.path
    assert joined.model.participant.raw_id == agent.raw_id
    muted = await call.connection.mute_participant(agent, operation_context="hush")
    assert muted.operation_context == "hush"
    assert (await call.connection.get_participant(agent)).is_muted is True
    removed = await call.connection.remove_participant(agent, operation_context="bye")
    assert removed.operation_context == "bye"
    await call.event("RemoveParticipantSucceeded", "bye")


async def add_a_number_and_cancel(stage: Stage) -> None:
    call, sleeper = await stage.answered(), stage.number()
    await stage.control("/callees", {"rawId": sleeper.raw_id, "afterSeconds": 5000})
    added = await call.connection.add_participant(
        sleeper, source_caller_id_number=stage.ours, invitation_timeout=180
    )
    cancelled = await call.connection.cancel_add_participant_operation(
        added.invitation_id, operation_context="never mind"
    )
    assert cancelled.invitation_id == added.invitation_id
    told = await call.event("CancelAddParticipantSucceeded", "never mind")
    assert told.model.invitation_id == added.invitation_id


async def somebody_who_declines(stage: Stage) -> None:
    call, agent = await stage.answered(), stage.user()
    await stage.control("/callees", {"rawId": agent.raw_id, "behaviour": "decline", "afterSeconds": 0.1})
    await call.connection.add_participant(agent, operation_context="unwilling")
    failed = await call.event("AddParticipantFailed", "unwilling")
    assert failed.model.participant.raw_id == agent.raw_id


async def move(stage: Stage) -> None:
    if not stage.sdk.has("move_participants"):
        return
    here, there = await stage.answered(), await stage.answered()
    moved = await here.connection.move_participants([there.caller], there.id, operation_context="over here")
    assert moved.from_call == there.id
    told = await here.event("MoveParticipantSucceeded", "over here")
    assert told.model.participant.raw_id == there.caller.raw_id
    assert (await here.connection.get_participant(there.caller)).identifier.raw_id == there.caller.raw_id


async def transfer(stage: Stage) -> None:
    call, agent = await stage.answered(), stage.user()
    result = await call.connection.transfer_call_to_participant(
        agent, operation_context="blind", voip_headers={"department": "sales"}
    )
    assert result.operation_context == "blind"
    accepted = await call.event("CallTransferAccepted", "blind")
    assert accepted.model.transfer_target.raw_id == agent.raw_id


async def transfer_one_of_three(stage: Stage) -> None:
    call, agent = await stage.answered(), stage.user()
    target = stage.number()
    await call.connection.add_participant(agent, operation_context="agent")
    await call.event("AddParticipantSucceeded", "agent")
    await call.connection.transfer_call_to_participant(
        target, transferee=call.caller, source_caller_id_number=stage.ours, operation_context="transferee"
    )
    accepted = await call.event("CallTransferAccepted", "transferee")
    assert accepted.model.transferee.raw_id == call.caller.raw_id


SCENES = (
    see,
    add_mute_and_remove,
    add_a_number_and_cancel,
    somebody_who_declines,
    move,
    transfer,
    transfer_one_of_three,
)
