from collections.abc import Callable
from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier, FileSource, TextSource
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

pytestmark = pytest.mark.anyio

PROMPT = TextSource(text="Say it.", voice_name="en-US-NancyNeural")


async def test_a_prompt_is_played_first(talk: Any) -> None:
    """PlayStarted with the recognition's context as captured, no PlayCompleted; silence counts from its end."""
    await talk.recognize("dtmf", play_prompt=PROMPT, initial_silence_timeout=3)
    started = await talk.world.event("PlayStarted")
    assert started["operationContext"] == "asked"
    assert started["resultInformation"]["message"] == "Success Result"
    await talk.step(0.5 + 2.9)
    assert talk.events == ["PlayStarted"]
    await talk.step(0.2)
    await talk.ended("RecognizeFailed", 400, 8510)
    assert talk.events == ["PlayStarted", "RecognizeFailed"]


async def test_a_key_interrupts_the_prompt(talk: Any) -> None:
    """It counts, and the prompt is heard no more."""
    call = talk.call
    keeper = call.sound.keep(talk.world.emulator.clock.ticks())
    start = talk.world.emulator.clock.ticks()
    await talk.recognize("dtmf", play_prompt=TextSource(text="x" * 1000), interrupt_prompt=True)
    await talk.world.event("PlayStarted")
    await talk.step(1)
    await talk.press("12")
    data = await talk.ended("RecognizeCompleted", 200, 8531)
    assert data["dtmfResult"]["tones"] == ["one", "two"]
    app = call.legs[0].app
    assert call.sound.heard(app, start, start + 10_000_000)
    assert call.sound.heard(app, start + 10_000_000, start + 600_000_000) is None
    keeper.close()


async def test_a_word_interrupts_the_prompt(talk: Any) -> None:
    """Speech does as a key does."""
    await talk.recognize("speech", play_prompt=TextSource(text="x" * 1000), interrupt_prompt=True)
    await talk.world.event("PlayStarted")
    await talk.step(1)
    await talk.say("Stop talking.", seconds=1)
    await talk.step(1.6)
    data = await talk.ended("RecognizeCompleted", 200, 8569)
    assert data["speechResult"]["speech"] == "Stop talking."


async def test_a_prompt_that_is_not_to_be_interrupted(talk: Any) -> None:
    """What is pressed meanwhile is lost."""
    await talk.recognize("dtmf", play_prompt=TextSource(text="x" * 100), interrupt_prompt=False)
    await talk.world.event("PlayStarted")
    await talk.press("12")
    await talk.step(6 + 5.1)
    await talk.ended("RecognizeFailed", 400, 8510)


async def test_a_prompt_that_cannot_be_played(talk: Any) -> None:
    """RecognizeFailed 500/8511 with the index of the source; nothing is listened for."""
    await talk.recognize("dtmf", play_prompt=[PROMPT, FileSource(url="http://127.0.0.1:9/no.wav")])
    await talk.world.event("PlayStarted")
    await talk.step(0.6)
    data = await talk.ended("RecognizeFailed", 500, 8511)
    assert list(data)[:2] == ["failedPlaySourceIndex", "version"]
    assert data["failedPlaySourceIndex"] == 1
    assert talk.call.listeners == []


async def test_without_a_cognitive_services_endpoint(world: Any, talks: Callable[[str], Any]) -> None:
    """Speech fails with 405/8522, a prompt of words with its index too; tones alone work."""
    properties = await world.client.answer_call(await world.dial_in(), world.callback_url)
    await world.event("CallConnected")
    talk = talks(properties.call_connection_id)
    await talk.recognize("speech")
    assert "failedPlaySourceIndex" not in await talk.ended("RecognizeFailed", 405, 8522)
    await talk.recognize("dtmf", play_prompt=PROMPT, operation_context="words")
    words = await world.journal(
        "callback", lambda e: e.data["event"]["data"].get("operationContext") == "words"
    )
    assert words.data["event"]["data"]["failedPlaySourceIndex"] == 0
    world.emulator.clock.set_speed(1)
    await talk.recognize("dtmf")
    await talk.press("12")
    await talk.ended("RecognizeCompleted", 200, 8531)


async def test_a_recognition_is_canceled(talk: Any) -> None:
    """By a cancellation of all, and by what interrupts it: RecognizeCanceled 8508; it hears nothing more."""
    await talk.recognize("dtmf")
    await talk.connection.cancel_all_media_operations()
    await talk.ended("RecognizeCanceled", 400, 8508)
    await talk.recognize("speech", operation_context="second")
    await talk.recognize("dtmf", interrupt_call_media_operation=True)
    await talk.press("11")
    await talk.ended("RecognizeCompleted", 200, 8531)
    assert talk.events == ["RecognizeCanceled", "RecognizeCanceled", "RecognizeCompleted"]
    assert talk.call.listeners == []


async def test_plays_and_recognitions_take_turns(talk: Any) -> None:
    """In the order in which they were asked for."""
    await talk.connection.play_media(TextSource(text="One moment."))
    await talk.recognize("dtmf")
    await talk.connection.play_media(TextSource(text="Thank you."))
    await talk.press("9")
    await talk.step(0.7)
    await talk.world.event("PlayCompleted")
    await talk.press("12")
    await talk.ended("RecognizeCompleted", 200, 8531)
    await talk.step(0.7)
    await talk.world.journal("callback", lambda e: len(talk.events) == 5)
    assert talk.events == [
        "PlayStarted",
        "PlayCompleted",
        "RecognizeCompleted",
        "PlayStarted",
        "PlayCompleted",
    ]


async def test_somebody_answers_each_prompt(world: Any, talks: Callable[[str], Any]) -> None:
    """A dialogue may wait for the questions, with words and with keys, whatever the clock's speed."""
    world.emulator.clock.set_speed(5)
    connection_id = await world.answer(
        await world.dial_in(
            {"text": "Cancel", "after": "prompt"},
            {"press": "12", "after": "prompt"},
            waitForTranscription=False,
        )
    )
    await world.event("CallConnected")
    talk = talks(connection_id)
    await talk.recognize("choices", play_prompt=PROMPT, initial_silence_timeout=20)
    data = await talk.ended("RecognizeCompleted", 200, 8545)
    assert data["choiceResult"]["label"] == "Cancel"
    await talk.recognize("dtmf", dtmf_inter_tone_timeout=60, initial_silence_timeout=300)
    await world.journal("callback", lambda e: talk.events.count("RecognizeCompleted") == 2)
    await world.event("CallDisconnected")


async def test_somebody_who_is_not_there(talk: Any) -> None:
    """404 with the code 8522."""
    with pytest.raises(ResourceNotFoundError) as refused:
        await talk.recognize("dtmf", target=CommunicationUserIdentifier("8:acs:resource_nobody"))
    assert refused.value.error
    assert refused.value.error.code == "8522"


async def test_in_a_group_call(talk: Any) -> None:
    """Each participant is asked by themselves, one thing at a time: a second is refused with 412/8583."""
    agent = CommunicationUserIdentifier("8:acs:resource_agent")
    await talk.world.control(f"/calls/{talk.id}/join", {"rawId": agent.raw_id}, 200)
    await talk.recognize("dtmf")
    await talk.recognize("dtmf", target=agent, operation_context="agent")
    with pytest.raises(HttpResponseError) as refused:
        await talk.recognize("dtmf")
    assert refused.value.status_code == 412
    assert refused.value.error
    assert refused.value.error.code == "8583"
    await talk.press("12")
    await talk.ended("RecognizeCompleted", 200, 8531)


async def test_another_receiver(talk: Any) -> None:
    """`operationCallbackUri` is where the events of this operation go."""
    url = f"{talk.world.receiver.url}/callbacks/elsewhere"
    await talk.recognize("dtmf", operation_callback_url=url)
    await talk.press("12")
    await talk.ended("RecognizeCompleted", 200, 8531)
    assert talk.world.receiver.requests[-1].path == "/callbacks/elsewhere"
