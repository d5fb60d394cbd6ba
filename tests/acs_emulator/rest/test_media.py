import asyncio
import io
import wave
from collections.abc import Callable
from typing import Any

import pytest
from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    FileSource,
    PhoneNumberIdentifier,
    SsmlSource,
    TextSource,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

pytestmark = pytest.mark.anyio


async def _connected(world: Any) -> Any:
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    return world.client.get_call_connection(connection_id)


def _names(world: Any) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]


CALLER = PhoneNumberIdentifier("+15551230001")
SECOND = 10_000_000
"""In ticks."""


def _wav(rate: int, sample: int = 0) -> bytes:
    """A second of a constant sample."""
    out = io.BytesIO()
    with wave.open(out, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(rate)
        audio.writeframes(sample.to_bytes(2, "little") * rate)
    return out.getvalue()


async def _file(content: bytes) -> tuple[asyncio.Server, str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/prompt.wav"


async def test_a_text_is_played(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """202, PlayStarted as captured, PlayCompleted."""
    connection = await _connected(world)
    await connection.play_media(TextSource(text="Welcome.", voice_name="en-US-NancyNeural"))
    started = await world.event("PlayStarted")
    captured = next(
        one["event"]["data"]
        for one in goldens("events.jsonl")
        if one["schema"] == "cloudevents" and one["event"]["type"].endswith("PlayStarted")
    )
    assert shape(started) == shape(captured)
    assert (await world.event("PlayCompleted"))["resultInformation"]["message"] == captured[
        "resultInformation"
    ]["message"]


async def test_plays_take_turns(world: Any) -> None:
    """The second begins when the first has ended."""
    connection = await _connected(world)
    await connection.play_media(TextSource(text="One."), operation_context="1")
    await connection.play_media(SsmlSource(ssml_text="<speak>Two.</speak>"), operation_context="2")
    await world.journal(
        "callback",
        lambda e: e.data["type"] == "PlayCompleted" and e.data["event"]["data"]["operationContext"] == "2",
    )
    order = [
        (event["type"].rpartition(".")[2], event["data"]["operationContext"])
        for event in world.receiver.callbacks
        if "Play" in event["type"]
    ]
    assert order == [
        ("PlayStarted", "1"),
        ("PlayCompleted", "1"),
        ("PlayStarted", "2"),
        ("PlayCompleted", "2"),
    ]


async def test_a_loop_is_canceled(world: Any) -> None:
    """PlayCanceled, and no PlayCompleted."""
    connection = await _connected(world)
    await connection.play_media(TextSource(text="Please hold."), loop=True)
    await world.event("PlayStarted")
    await connection.cancel_all_media_operations()
    assert (await world.event("PlayCanceled"))["resultInformation"]["subCode"] == 8508
    assert "PlayCompleted" not in _names(world)


async def test_a_play_interrupts(world: Any) -> None:
    """What plays is canceled, the new one is played."""
    connection = await _connected(world)
    await connection.play_media(TextSource(text="Please hold."), loop=True)
    await world.event("PlayStarted")
    await connection.play_media(TextSource(text="Hello."), interrupt_call_media_operation=True)
    await world.event("PlayCanceled")
    await world.event("PlayCompleted")


async def test_text_without_a_cognitive_services_endpoint(world: Any) -> None:
    """PlayFailed 405/8522."""
    properties = await world.client.answer_call(await world.dial_in(), world.callback_url)
    await world.event("CallConnected")
    await world.client.get_call_connection(properties.call_connection_id).play_media(TextSource(text="Hi."))
    failed = await world.event("PlayFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (405, 8522)


@pytest.mark.parametrize(
    ("content", "outcome"),
    [(_wav(16_000), "PlayCompleted"), (_wav(8_000), "PlayFailed"), (b"ID3", "PlayFailed")],
)
async def test_a_file_is_fetched_and_checked(world: Any, content: bytes, outcome: str) -> None:
    """Only WAV, mono, 16 bit, 16 kHz plays; a wrong file is named by its index."""
    connection = await _connected(world)
    server, url = await _file(content)
    async with server:
        await connection.play_media([TextSource(text="First."), FileSource(url=url)])
        data = await world.event(outcome)
    if outcome == "PlayFailed":
        assert data["failedPlaySourceIndex"] == 1
        assert data["resultInformation"]["subCode"] == 8535


async def test_a_file_that_is_not_there(world: Any) -> None:
    """PlayFailed 400/8536; a file off the machine is not fetched, and taken to play."""
    connection = await _connected(world)
    await connection.play_media(FileSource(url="http://127.0.0.1:9/missing.wav"))
    assert (await world.event("PlayFailed"))["resultInformation"]["subCode"] == 8536
    await connection.play_media(FileSource(url="https://files.example/prompt.wav"))
    await world.event("PlayCompleted")


@pytest.mark.parametrize(
    ("url", "sub_code"),
    [("https://files.invalid/prompt.wav", 8536), ("https://files.example/prompt.MP3?sas=1", 8535)],
)
async def test_a_file_elsewhere_that_cannot_be_played(world: Any, url: str, sub_code: int) -> None:
    """The domain `invalid` is never there, and what is named as no WAV is none."""
    connection = await _connected(world)
    await connection.play_media(FileSource(url=url))
    failed = await world.event("PlayFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (400, sub_code)
    assert failed["failedPlaySourceIndex"] == 0


async def test_playing_before_the_call_is_connected(world: Any) -> None:
    """400 with the code 8501."""
    world.emulator.clock.set_speed(0.01)
    connection_id = await world.answer(await world.dial_in())
    with pytest.raises(HttpResponseError) as refused:
        await world.client.get_call_connection(connection_id).play_media(TextSource(text="Hi."))
    assert refused.value.error
    assert refused.value.error.code == "8501"


async def _finished(world: Any, context: str) -> dict[str, Any]:
    """The last event of the operation of this context."""
    entry = await world.journal(
        "callback",
        lambda e: (
            e.data["type"] in ("PlayCompleted", "PlayFailed", "PlayCanceled")
            and e.data["event"]["data"].get("operationContext") == context
        ),
    )
    event: Any = entry.data["event"]
    return {"name": event["type"].rpartition(".")[2], **event["data"]["resultInformation"]}


@pytest.mark.parametrize(
    ("source", "sub_code"),
    [
        (TextSource(text=" "), 8582),
        (TextSource(text="x" * 4001), 8565),
        (SsmlSource(ssml_text=""), 8582),
        (SsmlSource(ssml_text="<speak></speak>"), 8582),
        (SsmlSource(ssml_text="<speak>Open"), 8565),
        (SsmlSource(ssml_text="<p>No speech</p>"), 8565),
    ],
)
async def test_words_that_cannot_be_played(world: Any, source: Any, sub_code: int) -> None:
    """PlayFailed with the sub code and the index of the source."""
    connection = await _connected(world)
    await connection.play_media([FileSource(url="https://files.example/a.wav"), source])
    failed = await world.event("PlayFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (400, sub_code)
    assert failed["failedPlaySourceIndex"] == 1
    assert "PlayCompleted" not in _names(world)


async def test_a_play_is_heard(world: Any) -> None:
    """Words as a voice, a file as its samples, one after the other; canceled, it falls silent."""
    connection = await _connected(world)
    clock = world.emulator.clock
    clock.hold()
    try:
        (call,) = world.emulator.calls.all()
        app, start = call.legs[0].app, clock.ticks()
        keeper = call.sound.keep(start)
        server, url = await _file(_wav(16_000, 1234))
        async with server:
            await connection.play_media([TextSource(text="x" * 50), FileSource(url=url)], loop=True)
            await world.event("PlayStarted")
            await clock.step(3.5)
        spoken = call.sound.heard(app, start, start + 3 * SECOND)
        assert len(spoken) == 2 * 16_000 * 3
        assert len(set(spoken)) > 100
        assert call.sound.heard(app, start + 3 * SECOND, start + 35 * SECOND // 10) == (
            (1234).to_bytes(2, "little") * 8_000
        )
        await connection.cancel_all_media_operations()
        await world.event("PlayCanceled")
        await clock.step(0)
        assert call.sound.heard(app, start + 35 * SECOND // 10, start + 60 * SECOND) is None
        keeper.close()
    finally:
        clock.release()


async def test_a_loop_begins_again(world: Any) -> None:
    """PlayStarted comes once, whatever is played again and again."""
    connection = await _connected(world)
    clock = world.emulator.clock
    clock.hold()
    try:
        await connection.play_media(TextSource(text="Hold."), loop=True, operation_context="loop")
        await world.event("PlayStarted")
        await clock.step(30)
        await connection.play_media(TextSource(text="Hello."), interrupt_call_media_operation=True)
        assert (await _finished(world, "loop"))["name"] == "PlayCanceled"
        await clock.step(1)
        await world.event("PlayCompleted")
    finally:
        clock.release()
    names = [name for name in _names(world) if name.startswith("Play")]
    assert names == ["PlayStarted", "PlayCanceled", "PlayStarted", "PlayCompleted"]


async def test_a_cached_file_is_fetched_once(world: Any) -> None:
    """For an hour, whatever URL comes with the id; then anew."""
    connection = await _connected(world)
    server, url = await _file(_wav(16_000))
    async with server:
        await connection.play_media(
            FileSource(url=url, play_source_cache_id="welcome"), operation_context="1"
        )
        assert (await _finished(world, "1"))["name"] == "PlayCompleted"
    gone = FileSource(url="http://127.0.0.1:9/other.wav", play_source_cache_id="welcome")
    await connection.play_media(gone, operation_context="2")
    assert (await _finished(world, "2"))["name"] == "PlayCompleted"
    await world.emulator.clock.step(3600)
    world.emulator.clock.release()
    await connection.play_media(gone, operation_context="3")
    assert (await _finished(world, "3"))["subCode"] == 8536


async def test_playing_to_some(world: Any) -> None:
    """Whom it names; 404 with the code 8522 for somebody who is not in the call, oneself included."""
    connection = await _connected(world)
    await connection.play_media(TextSource(text="Hi."), play_to=[CALLER], operation_context="one")
    assert (await _finished(world, "one"))["name"] == "PlayCompleted"
    (call,) = world.emulator.calls.all()
    for nobody in ("8:acs:resource_nobody", call.legs[0].app):
        with pytest.raises(ResourceNotFoundError) as refused:
            await connection.play_media(
                TextSource(text="Hi."), play_to=[CALLER, CommunicationUserIdentifier(nobody)]
            )
        assert refused.value.error
        assert refused.value.error.code == "8522"


async def test_one_participant_hears_one_thing_at_a_time(world: Any) -> None:
    """412 with the code 8583 for a second play to them; to everybody it waits, or in a group call does not."""
    connection = await _connected(world)
    agent = CommunicationUserIdentifier("8:acs:resource_agent")
    await world.control(f"/calls/{connection._call_connection_id}/join", {"rawId": agent.raw_id}, 200)
    await connection.play_media(TextSource(text="Music."), play_to=[CALLER], loop=True)
    with pytest.raises(HttpResponseError) as refused:
        await connection.play_media(TextSource(text="Again."), play_to=[agent, CALLER])
    assert refused.value.status_code == 412
    assert refused.value.error
    assert refused.value.error.code == "8583"
    await connection.play_media(TextSource(text="To the agent."), play_to=[agent], operation_context="agent")
    await connection.play_media(TextSource(text="To all."), operation_context="all")
    for context in ("agent", "all"):
        assert (await _finished(world, context))["name"] == "PlayCompleted"


async def test_an_old_version_knows_no_play_started(world: Any) -> None:
    """PlayCompleted alone, in the version of its SDK."""
    credential = AzureKeyCredential(world.emulator.access_key)
    async with CallAutomationClient(world.emulator.url, credential, api_version="2023-10-15") as client:
        answered = await client.answer_call(
            await world.dial_in(), world.callback_url, cognitive_services_endpoint="https://speech.example"
        )
        await world.event("CallConnected")
        connection = client.get_call_connection(answered.call_connection_id)
        await connection.play_media(TextSource(text="Hi."))
        await world.event("PlayCompleted")
    assert "PlayStarted" not in _names(world)


async def test_what_plays_ends_with_the_leg(world: Any) -> None:
    """An application that leaves a call that goes on is told of nothing more."""
    connection = await _connected(world)
    connection_id = connection._call_connection_id
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:resource_agent"}, 200)
    await connection.play_media(TextSource(text="Music."), loop=True)
    await world.event("PlayStarted")
    (call,) = world.emulator.calls.all()
    leg = call.legs[0]
    await connection.hang_up(is_for_everyone=False)
    await world.event("CallDisconnected")
    assert leg.media._operations == []
    assert _names(world)[-1] == "CallDisconnected"
