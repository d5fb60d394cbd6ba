import asyncio
import io
import wave
from typing import Any

import pytest
from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    FileSource,
    PhoneNumberIdentifier,
    TextSource,
)
from azure.core.exceptions import ResourceNotFoundError

pytestmark = pytest.mark.anyio

CALLER = PhoneNumberIdentifier("+15551230001")


async def _connected(world: Any, **options: Any) -> Any:
    connection_id = await world.answer(await world.dial_in(), **options)
    await world.event("CallConnected")
    return world.client.get_call_connection(connection_id)


async def _said(world: Any, connection: Any, text: str) -> None:
    await world.control(f"/calls/{connection._call_connection_id}/say", {"text": text}, 202)
    await world.journal("speech", lambda e: e.data["what"] == "ended")


async def test_a_caller_is_put_on_hold_and_taken_back(world: Any) -> None:
    """200 each; ParticipantsUpdated says so; who is on hold hears music and is heard by nobody."""
    connection = await _connected(world, transcription=world.transcription())
    await world.event("TranscriptionStarted")
    await connection.hold(CALLER, play_source=TextSource(text="One moment.", voice_name="en-US-NancyNeural"))
    await world.journal("callback", lambda e: _on_hold(e) == [False, True])
    held = await connection.get_participant(CALLER)
    assert held.is_on_hold
    person = world.emulator.calls.all()[0].people[CALLER.raw_id]
    assert person.hold_music.value == "One moment."
    await _said(world, connection, "Nobody hears me.")
    await connection.unhold(CALLER, operation_context="back")
    assert not (await connection.get_participant(CALLER)).is_on_hold
    assert person.hold_music is None
    await world.control(f"/calls/{connection._call_connection_id}/say", {"text": "Hello again."}, 202)
    await world.listener.until(lambda: world.listener.finals != [])
    assert world.listener.finals == ["Hello again."]
    await world.journal("callback", lambda e: e.data["event"]["data"].get("sequenceNumber") == 3)


async def test_hold_without_music(world: Any) -> None:
    """Held all the same; holding again changes nothing, taking back twice neither."""
    connection = await _connected(world)
    await connection.hold(CALLER)
    await world.journal("callback", lambda e: _on_hold(e) == [False, True])
    await connection.unhold(CALLER)
    await connection.unhold(CALLER)
    assert not (await connection.get_participant(CALLER)).is_on_hold


async def test_somebody_is_taken_back_while_the_music_is_fetched(world: Any) -> None:
    """They are not put on hold by music that comes too late."""
    connection = await _connected(world)
    fetched, go_on = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fetched.set()
        await go_on.wait()
        music = _wave()
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(music)}\r\n\r\n".encode() + music)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await connection.hold(CALLER, play_source=FileSource(url=f"http://127.0.0.1:{port}/music.wav"))
        await fetched.wait()
        await connection.unhold(CALLER)
        go_on.set()
        await connection.hold(CALLER, play_source=FileSource(url=f"http://127.0.0.1:{port}/other.wav"))
        await world.journal("callback", lambda e: _on_hold(e) == [False, True])
    updates = [e for e in world.receiver.callbacks if e["type"].endswith("ParticipantsUpdated")]
    assert len(updates) == 2


async def test_music_that_cannot_be_played(world: Any) -> None:
    """HoldFailed with the code of a play, to the operation's own address; nobody is held."""
    connection = await _connected(world)
    await connection.hold(
        CALLER,
        play_source=FileSource(url=f"{world.receiver.url}/no-wave"),
        operation_context="music",
        operation_callback_url=f"{world.receiver.url}/callbacks/own",
    )
    failed = await world.event("HoldFailed")
    assert failed["resultInformation"]["subCode"] in (8535, 8536)
    assert failed["operationContext"] == "music"
    assert world.receiver.requests[-1].path == "/callbacks/own"
    assert not (await connection.get_participant(CALLER)).is_on_hold


async def test_somebody_who_is_not_there_is_not_held(world: Any) -> None:
    """HoldFailed 8558; taking them back is refused with 404."""
    connection = await _connected(world)
    absent = CommunicationUserIdentifier("8:acs:resource_absent")
    await connection.hold(absent)
    assert (await world.event("HoldFailed"))["resultInformation"]["subCode"] == 8558
    with pytest.raises(ResourceNotFoundError):
        await connection.unhold(absent)


async def test_the_far_end_of_a_line_is_held(world: Any) -> None:
    """As the end that holds them sees it."""
    ours, callee = PhoneNumberIdentifier("+15559870000"), PhoneNumberIdentifier("+15550001111")
    await world.control("/callees", {"phoneNumber": "+15550001111", "raisesIncomingCall": True})
    placed = await world.client.create_call(callee, world.callback_url, source_caller_id_number=ours)
    answered = await world.answer((await world.offered(callee.raw_id))["incomingCallContext"])
    await world.event("CallConnected", placed.call_connection_id)
    await world.event("CallConnected", answered)
    inner = world.client.get_call_connection(answered)
    await inner.hold(ours)
    assert (await inner.get_participant(ours)).is_on_hold
    outer = world.client.get_call_connection(placed.call_connection_id)
    assert not (await outer.get_participant(callee)).is_on_hold


def _wave() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(bytes(3200))
    return content.getvalue()


def _on_hold(entry: Any) -> list[bool]:
    return [one["isOnHold"] for one in entry.data["event"]["data"].get("participants", [])]
