from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.people.scene import Utterance, Word
from acs_emulator.transcription.insights import Insights
from acs_emulator.transcription.packets import Recognition, data, heard_since, metadata


def _utterance(text: str = "It's working but.", offset: int = 1_000, locale: str | None = None) -> Utterance:
    words = (
        Word("it's", offset, 100),
        Word("working", offset + 100, 200),
        Word("but", offset + 300, 300),
    )
    return Utterance("4:+1", True, text, offset, 600, 0.5, words, locale)


def test_legacy_offsets() -> None:
    """No durations anywhere; values above 1e17 whose differences are the elapsed ticks."""
    recognition = Recognition.beginning(400, legacy=True)
    result = data(_utterance(), recognition)["transcriptionData"]
    assert isinstance(result, dict)
    assert "duration" not in result
    assert result["offset"] > 2**53
    offsets = [word["offset"] - result["offset"] for word in result["words"]]
    assert offsets == [0, 100, 300]
    assert all("duration" not in word for word in result["words"])


def test_metadata_of_a_release_and_of_the_preview() -> None:
    """The model's id has a name of its own in each; the preview's members are there where they were asked for."""
    facts = {"subscription_id": "s", "locale": "en-US", "connection_id": "c", "correlation_id": "k"}
    release = metadata(**facts, model_endpoint_id="m")["transcriptionMetadata"]
    assert isinstance(release, dict)
    assert list(release)[4:] == ["speechRecognitionModelEndpointId"]
    preview = metadata(**facts, locales=("en-US", "es-ES"))["transcriptionMetadata"]
    assert isinstance(preview, dict)
    assert list(preview)[4:] == ["speechModelEndpointId", "locales", "enableSentimentAnalysis"]
    redacts = metadata(**facts, insights=Insights(redact=False))["transcriptionMetadata"]
    assert isinstance(redacts, dict)
    assert redacts["piiRedactionOptions"] == {"enable": False, "redactionType": "MaskWithCharacter"}


def test_what_was_said_before_the_stream_is_cut_off() -> None:
    """The words that began after it remain, in display form where that is known."""
    assert heard_since(_utterance(), 1_000) == _utterance()
    rest = heard_since(_utterance(), 1_050)
    assert rest is not None
    assert (rest.text, rest.offset, rest.duration) == ("working but.", 1_100, 500)
    lexical = heard_since(_utterance(text="It is working, but."), 1_050)
    assert lexical is not None
    assert lexical.text == "working but"
    assert heard_since(_utterance(), 1_301) is None


@given(st.integers(min_value=0, max_value=2_000))
def test_no_word_is_heard_from_before_the_stream(origin: int) -> None:
    """Offsets are never negative."""
    rest = heard_since(_utterance(), origin)
    if rest is not None:
        packet = data(rest, Recognition(origin))["transcriptionData"]
        assert isinstance(packet, dict)
        assert packet["offset"] >= 0
        assert [word["offset"] >= 0 for word in packet["words"]].count(False) == 0
