from typing import Any

import pytest
from azure.communication.callautomation import DtmfTone
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

pytestmark = pytest.mark.anyio

COMMON = [
    "version",
    "operationContext",
    "resultInformation",
    "callConnectionId",
    "serverCallId",
    "correlationId",
    "publicEventType",
]


async def test_tones_are_collected(talk: Any) -> None:
    """As many as were asked for: RecognizeCompleted 8531 with the members of the wire in their order."""
    await talk.recognize("dtmf")
    await talk.press("1")
    await talk.press("*")
    data = await talk.ended("RecognizeCompleted", 200, 8531)
    assert list(data) == ["recognitionType", "dtmfResult", *COMMON]
    assert (data["recognitionType"], data["dtmfResult"]) == ("dtmf", {"tones": ["one", "asterisk"]})


async def test_a_stop_tone(talk: Any) -> None:
    """RecognizeCompleted 8514."""
    await talk.recognize("dtmf", dtmf_max_tones_to_collect=10, dtmf_stop_tones=[DtmfTone.POUND])
    await talk.press("42#")
    data = await talk.ended("RecognizeCompleted", 200, 8514)
    assert data["dtmfResult"] == {"tones": ["four", "two"]}


async def test_the_pause_between_tones_is_too_long(talk: Any) -> None:
    """RecognizeFailed 8532 after the time asked for, counted from the last tone."""
    await talk.recognize("dtmf", dtmf_inter_tone_timeout=5)
    await talk.step(3)
    await talk.press("4")
    await talk.step(4.9)
    assert talk.events == []
    await talk.step(0.2)
    data = await talk.ended("RecognizeFailed", 400, 8532)
    assert list(data) == COMMON


async def test_tones_without_a_number(talk: Any) -> None:
    """They are complete when nothing more comes: RecognizeCompleted 400/8532."""
    await talk.recognize("dtmf", dtmf_max_tones_to_collect=None)
    await talk.press("4711")
    await talk.step(2.1)
    data = await talk.ended("RecognizeCompleted", 400, 8532)
    assert data["dtmfResult"]["tones"] == ["four", "seven", "one", "one"]


@pytest.mark.parametrize("mode", ["dtmf", "speech", "speechOrDtmf", "choices"])
async def test_silence(talk: Any, mode: str) -> None:
    """RecognizeFailed 8510 after five seconds, or as many as were asked for, in every mode."""
    await talk.recognize(mode)
    await talk.step(4.9)
    assert talk.events == []
    await talk.step(0.2)
    data = await talk.ended("RecognizeFailed", 400, 8510)
    assert data["resultInformation"]["message"] == "Action failed, initial silence timeout reached."
    await talk.recognize(mode, initial_silence_timeout=9)
    await talk.step(8.9)
    assert talk.events == ["RecognizeFailed"]
    await talk.step(0.2)
    await talk.world.journal("callback", lambda e: talk.events == ["RecognizeFailed", "RecognizeFailed"])


async def test_a_silent_caller_says_nothing(talk: Any) -> None:
    """Who is silent is not heard: 8510; their keys are."""
    await talk.world.control(f"/calls/{talk.id}/silence", {}, 200)
    await talk.recognize("speech")
    await talk.say("Can you hear me?", seconds=2)
    await talk.step(5.1)
    await talk.ended("RecognizeFailed", 400, 8510)
    await talk.recognize("dtmf")
    await talk.press("11")
    await talk.ended("RecognizeCompleted", 200, 8531)


async def test_speech(talk: Any) -> None:
    """RecognizeCompleted 8569 with the words and the confidence, after the end silence asked for."""
    await talk.recognize("speech", end_silence_timeout=2, initial_silence_timeout=1)
    await talk.say("I would like to know my balance.", seconds=3, confidence=0.75)
    await talk.step(4.9)
    assert talk.events == []
    await talk.step(0.2)
    data = await talk.ended("RecognizeCompleted", 200, 8569)
    assert list(data) == ["recognitionType", "speechResult", *COMMON]
    assert data["recognitionType"] == "speech"
    assert list(data["speechResult"].items()) == [
        ("speech", "I would like to know my balance."),
        ("confidence", 0.75),
    ]


async def test_speech_that_cannot_be_recognized(talk: Any) -> None:
    """RecognizeFailed 8563."""
    await talk.recognize("speech")
    await talk.say("Mumble", seconds=1, confidence=0)
    await talk.step(1.6)
    await talk.ended("RecognizeFailed", 400, 8563)


async def test_speech_that_comes_to_no_end(talk: Any) -> None:
    """Who goes silent in the middle of a sentence leaves it without a result: RecognizeFailed 408/8570."""
    await talk.recognize("speech")
    await talk.say("What I always wanted to say", seconds=4)
    await talk.step(2)
    await talk.world.control(f"/calls/{talk.id}/silence", {"silent": True}, 200)
    await talk.step(21)
    await talk.ended("RecognizeFailed", 408, 8570)


async def test_a_choice_by_its_phrase(talk: Any) -> None:
    """RecognizeCompleted 8545 with label, phrase and confidence."""
    await talk.recognize("choices")
    await talk.say("Cancel!", seconds=1)
    await talk.step(1.1)
    data = await talk.ended("RecognizeCompleted", 200, 8545)
    assert list(data) == ["recognitionType", "choiceResult", *COMMON]
    assert data["recognitionType"] == "choices"
    assert data["choiceResult"] == {"label": "Cancel", "recognizedPhrase": "Cancel", "confidence": 0.9}


async def test_a_choice_by_its_tone(talk: Any) -> None:
    """RecognizeCompleted 8533 with the label alone."""
    await talk.recognize("choices")
    await talk.press("1")
    data = await talk.ended("RecognizeCompleted", 200, 8533)
    assert (data["recognitionType"], data["choiceResult"]) == ("choices", {"label": "Confirm"})


async def test_no_such_choice(talk: Any) -> None:
    """RecognizeFailed 8547 for a phrase, 500/8534 for a tone."""
    await talk.recognize("choices")
    await talk.say("Perhaps.", seconds=1)
    await talk.step(1.1)
    await talk.ended("RecognizeFailed", 400, 8547)
    await talk.recognize("choices", operation_context="again")
    await talk.press("9")
    wrong = await talk.world.journal(
        "callback",
        lambda e: e.data["event"]["data"].get("operationContext") == "again",
    )
    assert wrong.data["event"]["data"]["resultInformation"]["subCode"] == 8534


async def test_speech_or_tones(talk: Any) -> None:
    """Whatever comes first."""
    await talk.recognize("speechOrDtmf")
    await talk.press("7")
    await talk.press("8")
    data = await talk.ended("RecognizeCompleted", 200, 8531)
    assert data["recognitionType"] == "dtmf"
    await talk.recognize("speechOrDtmf", operation_context="again")
    await talk.say("An agent, please.", seconds=1)
    await talk.step(1.6)
    spoken = await talk.world.journal(
        "callback", lambda e: e.data["event"]["data"].get("operationContext") == "again"
    )
    assert spoken.data["event"]["data"]["recognitionType"] == "speech"


@pytest.mark.parametrize(
    ("mode", "wrong"),
    [
        ("choices", {"choices": None}),
        ("choices", {"initial_silence_timeout": 21}),
        ("speech", {"initial_silence_timeout": 21}),
        ("dtmf", {"initial_silence_timeout": 301}),
        ("dtmf", {"dtmf_inter_tone_timeout": 61}),
        ("dtmf", {"dtmf_max_tones_to_collect": 0}),
        ("dtmf", {"dtmf_stop_tones": ["#"]}),
    ],
)
async def test_a_request_that_is_wrong(talk: Any, mode: str, wrong: dict[str, Any]) -> None:
    """400, within the documented limits."""
    with pytest.raises(HttpResponseError) as refused:
        await talk.recognize(mode, **wrong)
    assert refused.value.status_code == 400


@pytest.mark.parametrize(("version", "added"), [("2025-08-15-preview", True), ("2026-03-12", False)])
async def test_the_preview(talk: Any, version: str, added: bool) -> None:
    """Language identification and sentiment, in the version that has them."""
    request = HttpRequest(
        "POST",
        f"{talk.world.emulator.url}/calling/callConnections/{talk.id}:recognize",
        params={"api-version": version},
        json={
            "recognizeInputType": "Speech",
            "recognizeOptions": {
                "targetParticipant": {"rawId": "4:+15551230001"},
                "speechLanguages": ["en-US", "de-DE"],
                "enableSentimentAnalysis": True,
            },
        },
    )
    assert (await talk.world.client._client.send_request(request)).status_code == 202
    await talk.say("Thank you.", seconds=1, locale="de-DE")
    await talk.step(1.6)
    result = (await talk.world.event("RecognizeCompleted"))["speechResult"]
    expected = {"languageIdentified": "de-DE", "sentimentAnalysisResult": {"sentiment": "positive"}}
    assert result == {"speech": "Thank you.", "confidence": 0.9, **(expected if added else {})}
