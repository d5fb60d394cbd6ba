from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_a_wss_address_without_tls_on_this_machine(world: Any) -> None:
    """It is dialled in the clear: samples write `wss` in front of whatever host they are told."""
    context = await world.dial_in("Hello.")
    url = world.listener.url.replace("ws://", "wss://")
    await world.answer(context, transcription=world.transcription(transport_url=f"{url}/ws"))
    await world.listener.until(lambda: world.listener.finals == ["Hello."])


async def test_a_wss_address_where_nobody_listens(world: Any) -> None:
    """TranscriptionFailed 400/8581."""
    context = await world.dial_in("Hello.", waitForTranscription=False)
    await world.answer(context, transcription=world.transcription(transport_url="wss://127.0.0.1:1/ws"))
    assert (await world.event("TranscriptionFailed"))["resultInformation"]["subCode"] == 8581


async def test_a_host_that_no_name_server_could_know(world: Any) -> None:
    """TranscriptionFailed 400/8581, as for any other socket that cannot be opened."""
    context = await world.dial_in("Hello.", waitForTranscription=False)
    await world.answer(context, transcription=world.transcription(transport_url="ws://a..b/ws"))
    assert (await world.event("TranscriptionFailed"))["resultInformation"]["subCode"] == 8581
    assert not world.emulator.journal.entries(["error"])
