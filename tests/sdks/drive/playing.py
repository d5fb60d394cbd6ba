"""Playing into a call, and cancelling."""

from __future__ import annotations

from azure.communication.callautomation import FileSource, SsmlSource, TextSource

from tests.sdks.drive.stage import Stage

SSML = (
    '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">'
    '<voice name="en-US-JennyNeural">Hi.</voice></speak>'
)


async def play(stage: Stage) -> None:
    call = await stage.answered()
    sources = {
        "file": FileSource(url=f"{stage.application.url}/prompt.wav"),
        "text": TextSource(text="Hi.", voice_name="en-US-JennyNeural", play_source_cache_id="hi"),
        "ssml": SsmlSource(ssml_text=SSML),
    }
    for kind, source in sources.items():
        await call.connection.play_media(source, operation_context=kind)
        await call.event("PlayStarted", kind)
        completed = await call.event("PlayCompleted", kind)
        assert completed.model.result_information.code == 200
    await call.connection.play_media(list(sources.values()), operation_context="one after the other")
    await call.event("PlayCompleted", "one after the other")
    await call.connection.play_media(sources["text"], play_to=[call.caller], operation_context="to one")
    await call.event("PlayCompleted", "to one")
    await call.connection.play_media_to_all(
        sources["text"], operation_context="to all", interrupt_call_media_operation=True
    )
    await call.event("PlayCompleted", "to all")


async def play_in_a_loop(stage: Stage) -> None:
    call = await stage.answered()
    await call.connection.play_media(TextSource(text="Hold the line."), loop=True, operation_context="loop")
    await call.event("PlayStarted", "loop")
    await call.connection.cancel_all_media_operations()
    await call.event("PlayCanceled", "loop")


async def play_a_file_that_is_not_there(stage: Stage) -> None:
    call = await stage.answered()
    sources = [TextSource(text="Hi."), FileSource(url=f"{stage.application.url}/missing.wav")]
    await call.connection.play_media(sources, operation_context="missing")
    failed = await call.event("PlayFailed", "missing")
    assert failed.model.failed_play_source_index == 1, failed.data


SCENES = (play, play_in_a_loop, play_a_file_that_is_not_there)
