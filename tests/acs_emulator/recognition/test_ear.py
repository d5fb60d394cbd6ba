from typing import Any

import pytest

from acs_emulator.clock import to_ticks
from acs_emulator.people.scene import Press, Utterance
from acs_emulator.recognition.ear import SPEECH_PATIENCE, Ear
from acs_emulator.recognition.request import MAX_TONES, Choice, Dtmf, Request

WHO = "4:+15551230001"
CHOICES = (Choice("Yes", ("yes",), "one"), Choice("No", ("no",), "two"))


def _ear(input_type: Any = "dtmf", *, listens: bool = True, **changes: Any) -> Ear:
    ear = Ear(Request(input_type, WHO, **changes), lambda raw_id: raw_id == WHO)
    if listens:
        ear.listen(10.0)
    return ear


def _say(ear: Ear, text: str, at: float = 11.0, seconds: float = 1.0, **changes: Any) -> None:
    said: dict[str, Any] = {"raw_id": WHO, "final": True, "confidence": 0.9, "locale": None, **changes}
    ear.hear(Utterance(text=text, offset=to_ticks(at), duration=to_ticks(seconds), words=(), **said))


def _press(ear: Ear, *tones: str, at: float = 11.0, raw_id: str = WHO) -> None:
    for tone in tones:
        ear.hear_press(Press(raw_id, tone, to_ticks(at)))


def _ended(ear: Ear) -> tuple[bool, int, int] | None:
    outcome = ear.outcome
    return outcome and (outcome.completed, outcome.result.code, outcome.result.sub_code)


def _result(ear: Ear) -> Any:
    assert ear.outcome is not None
    return ear.outcome.fields


def test_tones_are_collected() -> None:
    """Up to as many as were asked for; the next may take two seconds."""
    ear = _ear(dtmf=Dtmf(max_tones=2))
    assert ear.deadline == 15
    _press(ear, "one")
    assert (ear.outcome, ear.deadline) == (None, 13)
    _press(ear, "two")
    assert _ended(ear) == (True, 200, 8531)
    assert _result(ear) == {"recognitionType": "dtmf", "dtmfResult": {"tones": ["one", "two"]}}
    _press(ear, "three")
    assert _result(ear)["dtmfResult"]["tones"] == ["one", "two"]


def test_a_stop_tone() -> None:
    """It ends the collection, and is not part of it."""
    ear = _ear(dtmf=Dtmf(max_tones=5, stop_tones=frozenset({"pound"})))
    _press(ear, "one", "pound")
    assert _ended(ear) == (True, 200, 8514)
    assert _result(ear)["dtmfResult"] == {"tones": ["one"]}


@pytest.mark.parametrize(("most", "ended"), [(4, (False, 400, 8532)), (None, (True, 400, 8532))])
def test_too_few_tones(most: int | None, ended: tuple[bool, int, int]) -> None:
    """They fail where a number was asked for, else they are what there is."""
    ear = _ear(dtmf=Dtmf(max_tones=most))
    _press(ear, "one")
    ear.fall_silent(ear.deadline)
    assert _ended(ear) == ended
    assert bool(_result(ear)) == ended[0]


def test_tones_are_bounded() -> None:
    """Also where no number was asked for."""
    ear = _ear()
    _press(ear, *["one"] * (MAX_TONES + 1))
    assert _ended(ear) == (True, 200, 8531)


def test_silence_ends_it_at_its_deadline_alone() -> None:
    """A deadline that was put off means nothing when it comes."""
    ear = _ear(initial_silence=1.0)
    _press(ear, "one")
    ear.fall_silent(11.0)
    assert ear.outcome is None
    silent = _ear(initial_silence=1.0)
    silent.fall_silent(11.0)
    assert _ended(silent) == (False, 400, 8510)
    silent.fall_silent(11.0)
    assert _ended(silent) == (False, 400, 8510)


def test_words_are_speech_when_the_speaker_has_paused() -> None:
    """What follows within the end silence belongs to it; the least confidence counts."""
    ear = _ear("speech", end_silence=0.5)
    _say(ear, "I need", final=False)
    assert ear.deadline == 12 + SPEECH_PATIENCE
    _say(ear, "I need help.")
    assert ear.deadline == 12.5
    _say(ear, "With my", at=12.2, final=False)
    ear.fall_silent(12.5)
    assert ear.outcome is None
    _say(ear, "With my bill.", at=12.2, confidence=0.5)
    ear.fall_silent(ear.deadline)
    assert _ended(ear) == (True, 200, 8569)
    assert _result(ear) == {
        "recognitionType": "speech",
        "speechResult": {"speech": "I need help. With my bill.", "confidence": 0.5},
    }


def test_speech_that_is_not_recognized() -> None:
    """No words or no confidence fail as 8563; words that come to no end as 8570."""
    for text, confidence in (("…", 0.9), ("Mumble", 0.0)):
        ear = _ear("speech")
        _say(ear, text, confidence=confidence)
        ear.fall_silent(ear.deadline)
        assert _ended(ear) == (False, 400, 8563)
        chosen = _ear("choices", choices=CHOICES)
        _say(chosen, text, confidence=confidence)
        assert _ended(chosen) == (False, 400, 8563)
    endless = _ear("speech")
    _say(endless, "And then", final=False)
    endless.fall_silent(endless.deadline)
    assert _ended(endless) == (False, 408, 8570)


def test_a_choice_by_its_phrase() -> None:
    """With the phrase and the confidence, in the order of the wire."""
    ear = _ear("choices", choices=CHOICES)
    _say(ear, "Yes", final=False)
    assert ear.outcome is None
    _say(ear, "Yes.")
    assert _ended(ear) == (True, 200, 8545)
    assert list(_result(ear)) == ["recognitionType", "choiceResult"]
    assert list(_result(ear)["choiceResult"].items()) == [
        ("label", "Yes"),
        ("recognizedPhrase", "yes"),
        ("confidence", 0.9),
    ]


def test_a_choice_by_its_tone() -> None:
    """Without a phrase; a tone of no choice fails, and none is taken where no choice has one."""
    ear = _ear("choices", choices=CHOICES)
    _press(ear, "two")
    assert _ended(ear) == (True, 200, 8533)
    assert _result(ear) == {"recognitionType": "choices", "choiceResult": {"label": "No"}}
    wrong = _ear("choices", choices=CHOICES)
    _press(wrong, "nine")
    assert _ended(wrong) == (False, 500, 8534)
    voice = _ear("choices", choices=[Choice("Yes", ("yes",))])
    _press(voice, "one")
    assert voice.outcome is None


def test_words_that_are_no_choice() -> None:
    """They fail at once."""
    ear = _ear("choices", choices=CHOICES)
    _say(ear, "Perhaps.")
    assert _ended(ear) == (False, 400, 8547)


def test_the_first_input_decides() -> None:
    """Words after a tone, and tones after a word, are not heard."""
    tones = _ear("speechOrDtmf", dtmf=Dtmf(max_tones=2))
    _press(tones, "one")
    _say(tones, "Two.")
    _press(tones, "two")
    assert _ended(tones) == (True, 200, 8531)
    speech = _ear("speechOrDtmf", dtmf=Dtmf(max_tones=1))
    _say(speech, "One", final=False)
    _press(speech, "two")
    _say(speech, "One.")
    speech.fall_silent(speech.deadline)
    assert _ended(speech) == (True, 200, 8569)


def test_what_it_does_not_listen_for() -> None:
    """Others, words where tones are asked for, tones where words are, and words that began before."""
    ear = _ear()
    _press(ear, "one", raw_id="8:acs:agent")
    _say(ear, "One.")
    speech = _ear("speech")
    _press(speech, "one")
    _say(speech, "Before.", at=9.9)
    _say(speech, "Somebody else.", raw_id="8:acs:agent")
    for deaf in (ear, speech):
        deaf.fall_silent(15.0)
        assert _ended(deaf) == (False, 400, 8510)


def test_a_prompt_that_may_be_interrupted() -> None:
    """The first input interrupts it and counts; until it is over, silence does not."""
    for interrupt in (_press, _say):
        ear = _ear("speechOrDtmf", listens=False)
        ear.open(10.0)
        assert not ear.asks(WHO)
        interrupt(ear, "one")
        assert ear.interrupted
        assert ear.changed.is_set()
        ear.listen(12.0)
        assert ear.deadline < 15
    quiet = _ear(listens=False)
    quiet.open(10.0)
    quiet.listen(12.0)
    assert (quiet.interrupted, quiet.deadline, quiet.asks(WHO)) == (False, 17, True)


def test_a_prompt_that_may_not() -> None:
    """What comes meanwhile is lost."""
    ear = _ear("speechOrDtmf", listens=False)
    _press(ear, "one")
    _say(ear, "One.")
    ear.listen(20.0)
    assert (ear.interrupted, ear.deadline) == (False, 25)


def test_what_the_preview_adds() -> None:
    """The language of those asked for, and how it was said."""
    ear = _ear("speech", languages=("en-US", "de-DE"), sentiment=True)
    _say(ear, "Danke, great!", locale="de-de")
    ear.fall_silent(ear.deadline)
    assert list(_result(ear)["speechResult"].items())[2:] == [
        ("languageIdentified", "de-DE"),
        ("sentimentAnalysisResult", {"sentiment": "positive"}),
    ]
    chosen = _ear("choices", choices=CHOICES, languages=("fr-FR",))
    _say(chosen, "Yes.")
    assert _result(chosen)["choiceResult"]["languageIdentified"] == "fr-FR"
