"""What callers press and say: recognition, continuous tones, tones sent, hold."""

from __future__ import annotations

from azure.communication.callautomation import DtmfTone, RecognitionChoice, RecognizeInputType, TextSource

from tests.sdks.drive.stage import Stage


async def recognize_tones(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.start_recognizing_media(
        RecognizeInputType.DTMF,
        call.caller,
        dtmf_max_tones_to_collect=3,
        dtmf_inter_tone_timeout=60,
        initial_silence_timeout=300,
        operation_context="pin",
    )
    await call.outside("press", tones="123")
    completed = await call.event("RecognizeCompleted", "pin")
    assert completed.model.recognition_type == "dtmf", completed.data
    assert completed.model.dtmf_result.tones == ["one", "two", "three"], completed.data


async def recognize_until_a_stop_tone(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.start_recognizing_media(
        RecognizeInputType.DTMF,
        call.caller,
        dtmf_max_tones_to_collect=10,
        dtmf_inter_tone_timeout=60,
        dtmf_stop_tones=[DtmfTone.POUND],
        initial_silence_timeout=300,
        play_prompt=TextSource(text="Your number, then hash."),
        interrupt_prompt=True,
        operation_context="number",
    )
    await call.outside("press", tones="42#")
    completed = await call.event("RecognizeCompleted", "number")
    assert completed.model.dtmf_result.tones[:2] == ["four", "two"], completed.data


async def recognize_choices(stage: Stage) -> None:
    call = await stage.answered()
    choices = [
        RecognitionChoice(label="Yes", phrases=["yes", "sure"], tone=DtmfTone.ONE),
        RecognitionChoice(label="No", phrases=["no", "never"], tone=DtmfTone.TWO),
    ]
    for context, what, body in (
        ("said", "say", {"speaker": "caller", "text": "Sure."}),
        ("pressed", "press", {"tones": "2"}),
    ):
        await call.connection.start_recognizing_media(
            RecognizeInputType.CHOICES,
            call.caller,
            choices=choices,
            speech_language="en-US",
            initial_silence_timeout=20,
            operation_context=context,
        )
        await call.outside(what, **body)
        completed = await call.event("RecognizeCompleted", context)
        assert completed.model.recognition_type == "choices", completed.data
        assert completed.model.choice_result.label == {"said": "Yes", "pressed": "No"}[context]


async def recognize_speech(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.start_recognizing_media(
        RecognizeInputType.SPEECH,
        call.caller,
        end_silence_timeout=1,
        initial_silence_timeout=20,
        operation_context="speech",
    )
    await call.outside("say", speaker="caller", text="My order is late.")
    completed = await call.event("RecognizeCompleted", "speech")
    assert completed.model.recognition_type == "speech", completed.data
    assert completed.model.speech_result.speech.rstrip(".").lower() == "my order is late", completed.data


async def recognize_speech_or_tones(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.start_recognizing_media(
        RecognizeInputType.SPEECH_OR_DTMF,
        call.caller,
        dtmf_max_tones_to_collect=1,
        end_silence_timeout=1,
        initial_silence_timeout=20,
        operation_context="either",
    )
    await call.outside("press", tones="9")
    completed = await call.event("RecognizeCompleted", "either")
    assert completed.model.dtmf_result.tones == ["nine"], completed.data


async def recognize_silence_and_cancel(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.start_recognizing_media(
        RecognizeInputType.DTMF,
        call.caller,
        dtmf_max_tones_to_collect=1,
        initial_silence_timeout=1,
        operation_context="silence",
    )
    failed = await call.event("RecognizeFailed", "silence")
    assert failed.model.result_information.sub_code == 8510, failed.data
    await call.connection.start_recognizing_media(
        RecognizeInputType.DTMF,
        call.caller,
        dtmf_max_tones_to_collect=1,
        initial_silence_timeout=300,
        operation_context="cancelled",
    )
    await call.connection.cancel_all_media_operations()
    await call.event("RecognizeCanceled", "cancelled")


async def continuous_tones(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.start_continuous_dtmf_recognition(call.caller, operation_context="tones")
    await call.outside("press", tones="5*")
    five = await call.event("ContinuousDtmfRecognitionToneReceived", "tones", tone="five")
    star = await call.event("ContinuousDtmfRecognitionToneReceived", "tones", tone="asterisk")
    assert five.model.sequence_id < star.model.sequence_id
    await call.connection.stop_continuous_dtmf_recognition(call.caller, operation_context="enough")
    await call.event("ContinuousDtmfRecognitionStopped", "enough")


async def send_tones(stage: Stage) -> None:
    call = await stage.answered()
    sent = await call.connection.send_dtmf_tones(
        [DtmfTone.ONE, DtmfTone.POUND], call.caller, operation_context="menu"
    )
    assert sent.operation_context == "menu"
    await call.event("SendDtmfTonesCompleted", "menu")


async def hold(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.hold(
        call.caller, play_source=TextSource(text="One moment."), operation_context="held"
    )
    assert (await call.connection.get_participant(call.caller)).is_on_hold is True
    await call.connection.unhold(call.caller, operation_context="back")
    assert (await call.connection.get_participant(call.caller)).is_on_hold is False


SCENES = (
    recognize_tones,
    recognize_until_a_stop_tone,
    recognize_choices,
    recognize_speech,
    recognize_speech_or_tones,
    recognize_silence_and_cancel,
    continuous_tones,
    send_tones,
    hold,
)
