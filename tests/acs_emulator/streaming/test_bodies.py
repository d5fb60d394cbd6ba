import pytest
from pydantic import ValidationError

from acs_emulator.rest.bodies.setup import AnswerCall
from acs_emulator.rest.bodies.streaming import MediaStreamingOptions

OPTIONS = {
    "transportUrl": "wss://media.example/x?y=%2F",
    "transportType": "websocket",
    "audioChannelType": "mixed",
}


def test_all_options_in_any_case() -> None:
    """As clients of several generations write them."""
    options = {
        "transportUrl": "wss://media.example/",
        "transportType": "WebSocket",
        "contentType": "Audio",
        "audioChannelType": "Unmixed",
        "startMediaStreaming": True,
        "enableBidirectional": True,
        "audioFormat": "Pcm24KMono",
        "enableDtmfTones": True,
    }
    streaming = MediaStreamingOptions.model_validate(options).to_streaming(loopback=False)
    assert (streaming.channel, streaming.rate, streaming.start_at_setup) == ("unmixed", 24_000, True)
    assert (streaming.bidirectional, streaming.dtmf, streaming.loopback) == (True, True, False)


def test_the_defaults() -> None:
    """16 kHz, one way, not started, no keys; the URL verbatim."""
    streaming = MediaStreamingOptions.model_validate(OPTIONS).to_streaming(loopback=False)
    assert (streaming.rate, streaming.start_at_setup) == (16_000, False)
    assert (streaming.bidirectional, streaming.dtmf) == (False, False)
    assert streaming.transport_url == OPTIONS["transportUrl"]
    assert streaming.to_json() == {
        "id": streaming.subscription_id,
        "state": "inactive",
        "subscribedContentTypes": ["audio"],
    }


@pytest.mark.parametrize(("api_version", "loopback"), [("2025-08-15-preview", True), ("2026-03-12", False)])
def test_loopback_audio(api_version: str, loopback: bool) -> None:
    """Is of the preview; releases ignore it."""
    body = AnswerCall.model_validate(
        {
            "incomingCallContext": "context",
            "callbackUri": "https://callbacks.example/",
            "mediaStreamingOptions": OPTIONS,
            "enableLoopbackAudio": True,
        }
    )
    streaming = body.to_setup(api_version).media_streaming
    assert streaming is not None
    assert streaming.loopback is loopback


@pytest.mark.parametrize(
    "change",
    [
        {"transportUrl": "https://media.example/"},
        {"transportType": "carrier pigeon"},
        {"audioChannelType": "stereo"},
        {"audioChannelType": None},
        {"audioFormat": "pcm8KMono"},
        {"contentType": "video"},
    ],
)
def test_options_that_make_no_sense(change: dict[str, str | None]) -> None:
    """Are refused."""
    with pytest.raises(ValidationError):
        MediaStreamingOptions.model_validate({**OPTIONS, **change})
