"""Media: recognize."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from acs_emulator.media.tones import Tone
from acs_emulator.recognition.request import Choice, Dtmf, InputType, Request
from acs_emulator.rest.bodies.identifiers import Identifier, Operation
from acs_emulator.rest.bodies.media import PlaySource
from acs_emulator.wire import Body

_INPUT_TYPES = {name.lower(): name for name in ("dtmf", "speech", "speechOrDtmf", "choices")}
LONGEST_SILENCE = 300
LONGEST_SILENCE_OF_SPEECH = 20
"""Seconds: the limits of the how-to on the recognize action. It names none for speech or tones together, which are
taken to have the longer one."""

_AnyInputType = BeforeValidator(
    lambda value: _INPUT_TYPES.get(value.lower(), value) if isinstance(value, str) else value
)


class _Choice(Body):
    label: Annotated[str, Field(min_length=1)]
    phrases: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    tone: Tone | None = None


class _DtmfOptions(Body):
    inter_tone_timeout_in_seconds: Annotated[int, Field(ge=1, le=60)] = 2
    max_tones_to_collect: Annotated[int, Field(ge=1, le=256)] | None = None
    stop_tones: Annotated[tuple[Tone, ...], Field(max_length=16)] = ()


class _SpeechOptions(Body):
    end_silence_timeout_in_ms: Annotated[int, Field(ge=0, le=60_000)] | None = None


class _RecognizeOptions(Body):
    target_participant: Identifier
    interrupt_prompt: bool | None = None
    initial_silence_timeout_in_seconds: Annotated[int, Field(ge=0, le=LONGEST_SILENCE)] | None = None
    dtmf_options: _DtmfOptions | None = None
    choices: Annotated[tuple[_Choice, ...], Field(max_length=100)] | None = None
    speech_options: _SpeechOptions | None = None
    speech_languages: Annotated[tuple[str, ...], Field(max_length=10)] | None = None
    enable_sentiment_analysis: bool | None = None


class Recognize(Operation):
    recognize_input_type: Annotated[InputType, _AnyInputType]
    play_prompt: PlaySource | None = None
    play_prompts: Annotated[tuple[PlaySource, ...], Field(max_length=100)] | None = None
    interrupt_call_media_operation: bool | None = None
    recognize_options: _RecognizeOptions

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        options = self.recognize_options
        if self.recognize_input_type == "choices" and not options.choices:
            raise ValueError("choices are needed to recognize choices")
        silence = options.initial_silence_timeout_in_seconds or 0
        if self.recognize_input_type in ("choices", "speech") and silence > LONGEST_SILENCE_OF_SPEECH:
            raise ValueError(
                f"initialSilenceTimeoutInSeconds is at most {LONGEST_SILENCE_OF_SPEECH} for "
                f"{self.recognize_input_type}"
            )
        return self

    def to_request(self, *, preview: bool) -> Request:
        """`preview`: whether the api-version identifies languages and analyses sentiment.

        A prompt may be interrupted unless the request says otherwise, as the how-to has it. By the same page a
        recognition interrupts what plays unless told not to; it is taken to wait, because a play does.
        """
        options = self.recognize_options
        dtmf = options.dtmf_options or _DtmfOptions()
        silence = options.initial_silence_timeout_in_seconds
        speech = options.speech_options.end_silence_timeout_in_ms if options.speech_options else None
        prompts = self.play_prompts or ((self.play_prompt,) if self.play_prompt else ())
        return Request(
            input_type=self.recognize_input_type,
            target=options.target_participant.name,
            prompts=[one.source for one in prompts],
            interrupt_prompt=options.interrupt_prompt is not False,
            initial_silence=5.0 if silence is None else float(silence),
            dtmf=Dtmf(
                float(dtmf.inter_tone_timeout_in_seconds),
                dtmf.max_tones_to_collect,
                frozenset(dtmf.stop_tones),
            ),
            choices=[Choice(one.label, one.phrases, one.tone) for one in options.choices or ()],
            end_silence=0.5 if speech is None else speech / 1000,
            languages=options.speech_languages or () if preview else (),
            sentiment=bool(options.enable_sentiment_analysis) and preview,
            told=self.told,
        )
