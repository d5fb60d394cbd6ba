"""Calls: answered, placed, joined, turned away, ended."""

from __future__ import annotations

from typing import Any

from tests.sdks.drive.stage import COGNITIVE, OnCall, Stage, refused


async def _gone(call: OnCall) -> None:
    """The call ends, and asking for it is 404 with the string code 8522."""
    await call.event("CallDisconnected")
    missing: Any = await refused("a call that has ended", call.connection.get_call_properties())
    assert (missing.status_code, missing.error.code) == (404, "8522"), missing


async def answer(stage: Stage) -> None:
    caller = stage.number()
    properties = await stage.client.answer_call(
        await stage.dial_in(caller, displayName="Alex"),
        stage.callback_url,
        operation_context="greeting",
        cognitive_services_endpoint=COGNITIVE,
    )
    assert properties.call_connection_state == "unknown", properties.call_connection_state
    assert properties.server_call_id
    call = await stage.on_call(properties, caller)
    connected = await call.event("CallConnected", "greeting")
    assert connected.model.server_call_id == properties.server_call_id
    updated = await call.event("ParticipantsUpdated")
    assert caller.raw_id in [one.identifier.raw_id for one in updated.model.participants]
    alone = stage.sdk.open_connection(call.id)
    now = await alone.get_call_properties()
    assert now.call_connection_state == "connected", now.call_connection_state
    if stage.sdk.has("close"):
        await alone.close()
    await call.connection.hang_up(is_for_everyone=True)
    await _gone(call)


async def reject(stage: Stage) -> None:
    context = await stage.dial_in(stage.number())
    await stage.client.reject_call(context, call_reject_reason="busy")
    again = stage.client.answer_call(context, stage.callback_url)
    assert (await refused("a rejected call", again)).status_code == 404


async def redirect(stage: Stage) -> None:
    await stage.client.redirect_call(await stage.dial_in(stage.number()), stage.user())


async def create(stage: Stage) -> None:
    callee = stage.number()
    properties = await stage.client.create_call(
        callee, stage.callback_url, source_caller_id_number=stage.ours, operation_context="sale"
    )
    assert properties.call_connection_state == "connecting", properties.call_connection_state
    call = await stage.on_call(properties, callee)
    await call.event("CallConnected", "sale")
    await call.connection.hang_up(is_for_everyone=False)
    await _gone(call)


async def create_for_a_user_of_this_resource(stage: Stage) -> None:
    user = stage.user()
    await stage.control("/callees", {"rawId": user.raw_id, "raisesIncomingCall": True})
    placed = await stage.client.create_call(user, stage.callback_url)
    offer = await stage.event("IncomingCall", lambda data: bool(data["to"]["rawId"] == user.raw_id))
    answered = await stage.client.answer_call(offer["incomingCallContext"], stage.callback_url)
    outer, inner = await stage.on_call(placed, user), await stage.on_call(answered, user)
    ends = [(await end.event("CallConnected")).data for end in (outer, inner)]
    assert ends[0]["serverCallId"] == ends[1]["serverCallId"]
    assert ends[0]["correlationId"] == ends[1]["correlationId"]
    await outer.connection.hang_up(is_for_everyone=True)
    await inner.event("CallDisconnected")


async def create_for_several(stage: Stage) -> None:
    targets: list[Any] = [stage.number(), stage.user()]
    placed = await stage.client.create_call(targets, stage.callback_url, source_caller_id_number=stage.ours)
    assert len(placed.targets) == 2
    await (await stage.on_call(placed, targets[0])).event("CallConnected")
    older = await stage.client.create_group_call(
        [stage.number(), stage.user()], stage.callback_url, source_caller_id_number=stage.ours
    )
    await (await stage.on_call(older, None)).event("CallConnected")


async def a_declined_call(stage: Stage) -> None:
    callee = stage.number()
    await stage.control("/callees", {"rawId": callee.raw_id, "behaviour": "decline", "afterSeconds": 0.1})
    placed = await stage.client.create_call(callee, stage.callback_url, source_caller_id_number=stage.ours)
    failed = await (await stage.on_call(placed, callee)).event("CreateCallFailed")
    assert failed.model.result_information.code == 603, failed.data


async def connect(stage: Stage) -> None:
    first = await stage.answered()
    by_id = await stage.client.connect_call(
        stage.callback_url, server_call_id=first.properties.server_call_id, operation_context="joined"
    )
    await (await stage.on_call(by_id, None)).event("CallConnected", "joined")
    room = await stage.client.connect_call(stage.callback_url, room_id="99100000000001")
    await (await stage.on_call(room, None)).event("CallConnected")
    group = await stage.client.connect_call(
        stage.callback_url, group_call_id="29228d3e-040e-4656-a70e-890ab4e173e5"
    )
    await (await stage.on_call(group, None)).event("CallConnected")


SCENES = (
    answer,
    reject,
    redirect,
    create,
    create_for_a_user_of_this_resource,
    create_for_several,
    a_declined_call,
    connect,
)
