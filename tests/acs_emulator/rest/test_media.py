import asyncio
import io
import wave
from collections.abc import Callable
from typing import Any

import pytest
from azure.communication.callautomation import FileSource, SsmlSource, TextSource
from azure.core.exceptions import HttpResponseError

pytestmark = pytest.mark.anyio


async def _connected(world: Any) -> Any:
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    return world.client.get_call_connection(connection_id)


def _names(world: Any) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]


def _wav(rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(rate)
        audio.writeframes(bytes(2 * rate))
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


async def test_playing_before_the_call_is_connected(world: Any) -> None:
    """400 with the code 8501."""
    world.emulator.clock.set_speed(0.01)
    connection_id = await world.answer(await world.dial_in())
    with pytest.raises(HttpResponseError) as refused:
        await world.client.get_call_connection(connection_id).play_media(TextSource(text="Hi."))
    assert refused.value.error
    assert refused.value.error.code == "8501"
