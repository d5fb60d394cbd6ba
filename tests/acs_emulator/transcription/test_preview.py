from collections.abc import Callable
from typing import Any

import pytest
from azure.core.rest import HttpRequest

pytestmark = pytest.mark.anyio

PREVIEW = "2025-08-15-preview"
RELEASE = "2026-03-12"
REDACT = {"piiRedactionOptions": {"enable": True, "redactionType": "maskWithCharacter"}}
SUMMARIZE = {"summarizationOptions": {"enableEndCallSummary": True, "locale": "en-US"}}


async def _post(world: Any, path: str, body: dict[str, Any], version: str = PREVIEW) -> Any:
    """As the SDK's preview sends it: the newest release has no parameters for these members."""
    request = HttpRequest(
        "POST",
        f"{world.emulator.url}/calling/callConnections{path}",
        params={"api-version": version},
        json=body,
    )
    return await world.client._client.send_request(request)


async def _answer(world: Any, *turns: Any, version: str = PREVIEW, **options: Any) -> str:
    """A call that is answered with these transcription options."""
    call = {} if turns else {"hangUp": False}
    context = await world.dial_in(*turns, **call)
    answered = await _post(
        world,
        ":answer",
        {
            "incomingCallContext": context,
            "callbackUri": world.callback_url,
            "callIntelligenceOptions": {"cognitiveServicesEndpoint": "https://speech.example"},
            "transcriptionOptions": {
                "transportType": "websocket",
                "transportUrl": world.listener.url,
                "startTranscription": True,
                **options,
            },
        },
        version,
    )
    assert answered.status_code == 200, answered.text()
    return str(answered.json()["callConnectionId"])


async def test_redaction_and_sentiment(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """Metadata and results have the members of the captures; only masked text leaves, in parts as well."""
    await _answer(
        world,
        "My account is 1234 5678, thank you.",
        locale="en-US",
        enableIntermediateResults=True,
        enableSentimentAnalysis=True,
        **REDACT,
    )
    await world.event("CallDisconnected")
    captured = {
        one["packet"]["kind"]: one["packet"] for one in goldens("packets.jsonl") if "PII" in one["note"]
    }
    metadata = next(one["packet"] for one in goldens("packets.jsonl") if "preview fields" in one["note"])
    assert shape(world.listener.packets[0]) == shape(metadata)
    assert world.listener.packets[0]["transcriptionMetadata"]["piiRedactionOptions"] == {
        "enable": True,
        "redactionType": "MaskWithCharacter",
    }
    assert shape(world.listener.packets[-1]) == shape(captured["TranscriptionData"])
    *partials, final = world.listener.results
    assert (final["text"], final["words"]) == ("My account is *********, thank you.", [])
    assert final["sentimentAnalysisResult"] == {"sentiment": "positive"}
    assert partials
    assert not any(character.isdecimal() for one in partials for character in one["text"])
    assert all(one["words"] == [] for one in partials)


async def test_languages_are_identified_until_one_is_set(world: Any) -> None:
    """Every result names the language; an update to one locale ends it."""
    turns = [
        {"text": "Buenos días.", "locale": "es-ES"},
        {"text": "Good morning.", "locale": "en-US"},
        {"text": "Bonjour.", "locale": "fr-FR", "at": 6000},
    ]
    connection_id = await _answer(world, *turns, locales=["en-US", "es-ES"])
    await world.listener.until(lambda: len(world.listener.finals) == 2)
    assert [one["languageIdentified"] for one in world.listener.results] == ["es-ES", "en-US"]
    await _post(world, f"/{connection_id}:updateTranscription", {"locale": "fr-FR"})
    await world.event("TranscriptionUpdated")
    world.emulator.clock.set_speed(20_000)
    await world.listener.until(lambda: len(world.listener.finals) == 3)
    assert "languageIdentified" not in world.listener.results[-1]
    first, second = world.listener.metadata
    assert (first["locale"], first["locales"]) == ("", ["en-US", "es-ES"])
    assert (second["locale"], "locales" in second) == ("fr-FR", False)


async def test_asked_for_at_start_and_changed_by_update(world: Any) -> None:
    """What an update does not mention stays as it was."""
    connection_id = await _answer(world, locale="en-US", startTranscription=False)
    await world.event("CallConnected")
    await _post(world, f"/{connection_id}:startTranscription", {"enableSentimentAnalysis": True, **REDACT})
    await world.event("TranscriptionStarted")
    say = f"/calls/{connection_id}/say"
    await world.control(say, {"text": "Bad: 42.", "seconds": 1}, 202)
    await world.listener.until(lambda: world.listener.finals == ["Bad: **."])
    off = {"locale": "en-GB", "piiRedactionOptions": {"enable": False}}
    await _post(world, f"/{connection_id}:updateTranscription", off)
    await world.event("TranscriptionUpdated")
    await world.control(say, {"text": "Good: 42.", "seconds": 1}, 202)
    await world.listener.until(lambda: len(world.listener.finals) == 2)
    moods = [one["sentimentAnalysisResult"]["sentiment"] for one in world.listener.results]
    assert (moods, world.listener.finals[1]) == (["negative", "positive"], "Good: 42.")
    assert world.listener.metadata[-1]["piiRedactionOptions"]["enable"] is False


async def test_a_summary_after_the_call(world: Any) -> None:
    """Behind CallDisconnected, with what was said; from redacted text where that was asked for."""
    await _answer(world, "I am 42.", "Goodbye.", locale="en-US", **REDACT, **SUMMARIZE)
    update = (await world.event("TranscriptionCallSummaryUpdated"))["transcriptionUpdate"]
    assert update == {
        "transcriptionStatus": "callSummaryUpdated",
        "transcriptionStatusDetails": "callSummarySuccess",
        "transcriptionMessage": "1 person spoke 2 times. First: I am **. Last: Goodbye.",
    }
    names = [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]
    assert names[-2:] == ["CallDisconnected", "TranscriptionCallSummaryUpdated"]


async def test_a_summary_on_demand(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """202; of nothing it fails as captured, of words it succeeds."""
    connection_id = await _answer(world, locale="en-US")
    await world.event("TranscriptionStarted")
    await world.event("CallConnected")
    assert (await _post(world, f"/{connection_id}:summarizeCall", {})).status_code == 202
    failed = await world.event("TranscriptionCallSummaryUpdated")
    captured = next(
        one["event"]["data"]
        for one in goldens("events.jsonl")
        if one["schema"] == "cloudevents" and one["event"]["type"].endswith("TranscriptionCallSummaryUpdated")
    )
    assert shape(failed) == shape(captured)
    for member in ("transcriptionUpdate", "resultInformation"):
        assert failed[member] == captured[member]
    await world.control(f"/calls/{connection_id}/say", {"text": "Hello.", "seconds": 1}, 202)
    await world.listener.until(lambda: world.listener.finals)
    body = {"operationContext": "again", **SUMMARIZE}
    assert (await _post(world, f"/{connection_id}:summarizeCall", body)).status_code == 202
    entry = await world.journal("callback", lambda e: "'again'" in str(e.data["event"]["data"]))
    assert "callSummarySuccess" in str(entry.data["event"]["data"])


async def test_a_release_ignores_the_members_of_the_preview(world: Any) -> None:
    """At set-up, start and update: plain metadata, plain results, no summary."""
    connection_id = await _answer(
        world, version=RELEASE, locale="en-US", locales=["en-US", "es-ES"], enableSentimentAnalysis=True,
        **REDACT, **SUMMARIZE,
    )  # fmt: skip
    await world.event("TranscriptionStarted")
    await world.event("CallConnected")
    body = {"locale": "en-GB", "enableSentimentAnalysis": True, **REDACT}
    await _post(world, f"/{connection_id}:updateTranscription", body, RELEASE)
    await world.event("TranscriptionUpdated")
    await world.control(f"/calls/{connection_id}/say", {"text": "Thanks, 42.", "seconds": 1}, 202)
    await world.listener.until(lambda: world.listener.finals == ["Thanks, 42."])
    assert [list(one) for one in world.listener.metadata] == [
        ["subscriptionId", "locale", "callConnectionId", "correlationId"]
    ] * 2
    assert not {"sentimentAnalysisResult", "languageIdentified"} & set(world.listener.results[-1])
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected")
    assert "TranscriptionCallSummaryUpdated" not in str(world.receiver.callbacks)


async def test_a_release_has_no_summaries(world: Any) -> None:
    """There is no such operation."""
    connection_id = await _answer(world, locale="en-US")
    await world.event("CallConnected")
    assert (await _post(world, f"/{connection_id}:summarizeCall", {}, RELEASE)).status_code == 404
