"""How recognitions end: the codes and messages of Microsoft's how-tos on the recognize action.

The message of 8545 is that of an event in the Java SDK's tests, those of 8510 and 8511 are captured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from acs_emulator.outgoing.events import Result

MAX_TONES = Result(200, 8531, "Action completed, max digits received.")
STOP_TONE = Result(200, 8514, "Action completed as stop tone was detected.")
TONE_MATCHED = Result(200, 8533, "Action completed, DTMF option matched.")
PHRASE_MATCHED = Result(200, 8545, "Action completed, Recognized phrase matches a valid option.")
SPEECH = Result(200, 8569, "Action completed, speech was recognized.")
INITIAL_SILENCE = Result(400, 8510, "Action failed, initial silence timeout reached.")
INTER_DIGIT = Result(400, 8532, "Action failed, inter-digit silence timeout reached.")
WRONG_TONE = Result(500, 8534, "Action failed, incorrect tone entered.")
NO_MATCH = Result(400, 8547, "Action failed, recognized phrase does not match a valid option.")
NOT_RECOGNIZED = Result(400, 8563, "Action failed, speech could not be recognized.")
TIMED_OUT = Result(408, 8570, "Action failed, speech recognition timed out.")
PROMPT_FAILED = Result(500, 8511, "Action failed, encountered failure while trying to play the prompt.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`RecognizeCompleted`, or, where it is not `completed`, `RecognizeFailed`."""

    result: Result
    completed: bool = False
    fields: Mapping[str, object] = field(default_factory=dict)


def collected(result: Result, tones: Sequence[str]) -> Outcome:
    return Outcome(result, True, {"recognitionType": "dtmf", "dtmfResult": {"tones": list(tones)}})


def spoken(text: str, confidence: float, insights: Mapping[str, object]) -> Outcome:
    """`insights`: what the preview adds."""
    said = {"speech": text, "confidence": confidence, **insights}
    return Outcome(SPEECH, True, {"recognitionType": "speech", "speechResult": said})


def chosen_by_tone(label: str) -> Outcome:
    """There is no `recognizedPhrase`, as the SDK's model says."""
    return Outcome(TONE_MATCHED, True, {"recognitionType": "choices", "choiceResult": {"label": label}})


def chosen_by_phrase(label: str, phrase: str, confidence: float, insights: Mapping[str, object]) -> Outcome:
    chosen = {"label": label, "recognizedPhrase": phrase, "confidence": confidence, **insights}
    return Outcome(PHRASE_MATCHED, True, {"recognitionType": "choices", "choiceResult": chosen})
