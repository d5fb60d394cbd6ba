import json
from collections.abc import Callable
from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier

pytestmark = pytest.mark.anyio


async def _answered(world: Any, **options: Any) -> str:
    """A call that is connected and not streamed."""
    connection_id: str = await world.answer(await world.dial_in(), **options)
    await world.event("CallConnected", connection_id)
    return connection_id


async def _update(world: Any, name: str, context: str | None) -> dict[str, Any]:
    entry = await world.journal(
        "callback",
        lambda e: e.data["type"] == name and e.data["event"]["data"].get("operationContext") == context,
    )
    data: dict[str, Any] = entry.data["event"]["data"]
    return data


async def test_start_and_stop(world: Any, application: Any) -> None:
    """Started once the socket is open, Stopped once it is closed, both with their context; the second start is a
    subscription of its own."""
    connection_id = await _answered(world, media_streaming=application.options(start_media_streaming=False))
    connection = world.client.get_call_connection(connection_id)
    assert application.sockets == []
    assert (await connection.get_call_properties()).media_streaming_subscription.state == "inactive"
    await connection.start_media_streaming(operation_context="start")
    started = await _update(world, "MediaStreamingStarted", "start")
    assert started["mediaStreamingUpdate"] == {
        "contentType": "audio",
        "mediaStreamingStatus": "mediaStreamingStarted",
        "mediaStreamingStatusDetails": "subscriptionStarted",
    }
    assert started["resultInformation"] == {
        "code": 200,
        "subCode": 0,
        "message": "Action completed successfully.",
    }
    await application.until(lambda: application.of("AudioData"))
    await connection.stop_media_streaming(operation_context="stop")
    stopped = await _update(world, "MediaStreamingStopped", "stop")
    assert stopped["mediaStreamingUpdate"] == {
        "contentType": "audio",
        "mediaStreamingStatus": "mediaStreamingStopped",
        "mediaStreamingStatusDetails": "subscriptionStopped",
    }
    await application.sockets[0].wait_closed()
    await connection.start_media_streaming(operation_context="again")
    await _update(world, "MediaStreamingStarted", "again")
    await application.until(lambda: len(application.metadata) == 2)
    assert application.metadata[0]["subscriptionId"] != application.metadata[1]["subscriptionId"]


async def test_start_at_setup(world: Any, application: Any) -> None:
    """Told with the context of the setup."""
    await world.answer(
        await world.dial_in(), media_streaming=application.options(), operation_context="setup"
    )
    await _update(world, "MediaStreamingStarted", "setup")


async def test_an_address_for_one_operation(world: Any, application: Any) -> None:
    """Its event goes there."""
    connection_id = await _answered(world, media_streaming=application.options(start_media_streaming=False))
    url = f"{world.receiver.url}/callbacks/elsewhere"
    await world.client.get_call_connection(connection_id).start_media_streaming(operation_callback_url=url)
    entry = await world.journal("callback", lambda e: e.data["type"] == "MediaStreamingStarted")
    assert entry.data["url"] == url


async def test_twice_the_same(world: Any, application: Any) -> None:
    """Is confirmed twice, over one socket."""
    connection_id = await _answered(world, media_streaming=application.options(start_media_streaming=False))
    connection = world.client.get_call_connection(connection_id)
    for context in ("one", "two"):
        await connection.start_media_streaming(operation_context=context)
        await _update(world, "MediaStreamingStarted", context)
    for context in ("three", "four"):
        await connection.stop_media_streaming(operation_context=context)
        await _update(world, "MediaStreamingStopped", context)
    assert len(application.sockets) == 1


async def test_a_socket_that_cannot_be_dialled(
    world: Any, application: Any, free_tcp_port: int, goldens: Callable[[str], list[Any]]
) -> None:
    """MediaStreamingFailed with the pair and message of the log, the call goes on."""
    options = application.options(transport_url=f"ws://127.0.0.1:{free_tcp_port}/")
    connection_id = await _answered(world, media_streaming=options)
    failed = await world.event("MediaStreamingFailed", connection_id)
    logged = next(
        line["event"]["data"]
        for line in goldens("events.jsonl")
        if "8581" in json.dumps(line["event"]) and "MediaStreamingFailed" in json.dumps(line["event"])
    )
    assert failed["resultInformation"] == logged["resultInformation"]
    assert failed["mediaStreamingUpdate"] == {
        "contentType": "audio",
        "mediaStreamingStatus": "mediaStreamingFailed",
        "mediaStreamingStatusDetails": "initialWebSocketConnectionFailed",
    }


@pytest.mark.parametrize("operation", ["start_media_streaming", "stop_media_streaming"])
async def test_a_call_without_options(world: Any, operation: str) -> None:
    """405/8522, told by event after a 202."""
    connection_id = await _answered(world)
    await getattr(world.client.get_call_connection(connection_id), operation)()
    failed = await world.event("MediaStreamingFailed", connection_id)
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (405, 8522)


async def test_options_without_an_address(world: Any, application: Any) -> None:
    """400/8581 `streamUrlMissing`."""
    connection_id = await _answered(world, media_streaming=application.options(transport_url=None))
    failed = await world.event("MediaStreamingFailed", connection_id)
    assert failed["resultInformation"]["subCode"] == 8581
    assert failed["mediaStreamingUpdate"]["mediaStreamingStatusDetails"] == "streamUrlMissing"


async def test_a_call_that_rings(world: Any, application: Any) -> None:
    """400/8501: not established."""
    world.emulator.clock.hold()
    properties = await world.client.create_call(
        CommunicationUserIdentifier("8:acs:somebody"),
        world.callback_url,
        media_streaming=application.options(start_media_streaming=False),
    )
    assert properties.media_streaming_subscription.state == "inactive"
    await world.client.get_call_connection(properties.call_connection_id).start_media_streaming()
    failed = await world.event("MediaStreamingFailed", properties.call_connection_id)
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (400, 8501)
    world.emulator.clock.release()


async def test_connect(world: Any, application: Any) -> None:
    """A room can be streamed as well."""
    await world.client.connect_call(
        room_id="room-1", callback_url=world.callback_url, media_streaming=application.options()
    )
    await world.event("MediaStreamingStarted")
    await application.until(lambda: application.of("AudioData"))


async def test_the_start_at_setup_is_told_once_it_can_be_acted_on(world: Any, application: Any) -> None:
    """The socket is dialled while the call connects; MediaStreamingStarted comes when it is connected."""
    context = await world.dial_in()
    world.emulator.clock.hold()
    connection_id = await world.answer(context, media_streaming=application.options())
    await application.until(lambda: application.metadata)
    await world.emulator.clock.step(0)
    assert world.receiver.callbacks == []
    world.emulator.clock.release()
    await world.event("MediaStreamingStarted")
    await world.client.get_call_connection(connection_id).stop_media_streaming()
    await world.event("MediaStreamingStopped")
