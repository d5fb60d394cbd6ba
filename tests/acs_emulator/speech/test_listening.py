import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from acs_emulator.speech import Heard, LanguageUnsupported, Pace, listening
from acs_emulator.speech.listening import STEP, PacedRecognizer
from acs_emulator.speech.utterances import WINDOW
from acs_emulator.speech.words import DecodedWord

pytestmark = pytest.mark.anyio

FIVE_SECONDS = [0.02] * 30 + [0.95] * 156 + [0.02] * 40
"""One utterance of five seconds, after about one second of silence."""
ONSET = 30 * WINDOW


class ScriptedEngine:
    """A speech engine whose decodings wait until the gate is open."""

    def __init__(self, entered: Callable[[], object] = lambda: None) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = entered

    def language(self, locale: str) -> str:
        if locale != "en-US":
            raise LanguageUnsupported(locale)
        return "en"

    def open(self, channel: bytes, rate: int) -> "ScriptedSound":
        return ScriptedSound(self, FIVE_SECONDS if channel else [0.02] * 300)


class ScriptedSound:
    """Sound in which a word is spoken every 0.4 s of speech."""

    def __init__(self, engine: ScriptedEngine, probabilities: Sequence[float]) -> None:
        self.probabilities = probabilities
        self._engine = engine

    def decode(self, start: float, end: float, language: str) -> list[DecodedWord]:
        self._engine.entered()
        assert self._engine.gate.wait(timeout=20)
        starts = [ONSET + 0.4 * number for number in range(12)]
        return [DecodedWord(" word", start, start + 0.3, 0.9) for start in starts if start + 0.4 < end]


async def at_once(seconds: float) -> None:
    """A clock on which everything has been spoken."""


async def listen(recognizer: PacedRecognizer, pace: Pace = at_once) -> list[Heard]:
    return [heard async for heard in recognizer.listen(b"\0\0", 8000, "en-US", pace)]


async def test_line_grows_while_it_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that keeps up there is an intermediate result every step, then one Final, all with one offset."""
    monkeypatch.setattr(listening, "ON_TIME", 0.0)
    heard = await listen(PacedRecognizer(ScriptedEngine()))
    assert [result.final for result in heard] == [False, False, False, False, True]
    lengths = [len(result.words) for result in heard]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]
    assert {result.offset for result in heard} == {ONSET}


async def test_nothing_is_heard_before_it_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every result rests on sound that the clock has reached; the Final waits for the pause after it."""
    monkeypatch.setattr(listening, "ON_TIME", 0.0)
    reached = [0.0]

    async def pace(seconds: float) -> None:
        assert seconds >= reached[-1]
        reached.append(seconds)

    recognizer = PacedRecognizer(ScriptedEngine())
    async for heard in recognizer.listen(b"\0\0", 8000, "en-US", pace):
        assert heard.offset + heard.duration <= reached[-1]
    assert reached[1] == pytest.approx(ONSET + STEP)
    assert reached[-1] > ONSET + 5.0 + 0.5


async def test_clock_that_runs_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Late intermediate results are left out, but for the first of an utterance; the Final is whole."""
    monkeypatch.setattr(listening, "ON_TIME", float("inf"))
    heard = await listen(PacedRecognizer(ScriptedEngine()))
    assert [(result.final, len(result.words)) for result in heard] == [(False, 2), (True, 12)]


async def test_silence() -> None:
    """A participant who says nothing is never decoded."""
    engine = ScriptedEngine()
    engine.gate.clear()
    silent = PacedRecognizer(engine).listen(b"", 8000, "en-US", at_once)
    assert [heard async for heard in silent] == []


async def test_event_loop_is_free_while_the_engine_works() -> None:
    """The engine blocks a thread of its own: here only the loop can let it go."""
    loop, decoding = asyncio.get_running_loop(), asyncio.Event()
    engine = ScriptedEngine(lambda: loop.call_soon_threadsafe(decoding.set))
    engine.gate.clear()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen(PacedRecognizer(engine)))
        await decoding.wait()
        engine.gate.set()
    assert task.result()[-1].final


async def test_busy_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """While two others wait for the engine a third gets no intermediate results, but its Final."""
    monkeypatch.setattr(listening, "ON_TIME", 0.0)
    engine = ScriptedEngine()
    recognizer = PacedRecognizer(engine)
    speaking, others_wait = asyncio.Event(), asyncio.Event()

    async def pace(seconds: float) -> None:
        speaking.set()
        await others_wait.wait()
        if seconds > ONSET + 5.0:
            engine.gate.set()

    async with asyncio.TaskGroup() as group:
        third = group.create_task(listen(recognizer, pace))
        await speaking.wait()
        engine.gate.clear()
        others = [group.create_task(listen(recognizer)) for _ in range(2)]
        await asyncio.sleep(0)
        others_wait.set()
    assert [heard.final for heard in third.result()] == [True]
    assert all(other.result()[-1].final for other in others)


async def test_unsupported_language() -> None:
    """A locale whose language the engine does not know is an error before anything is heard."""
    with pytest.raises(LanguageUnsupported):
        await anext(PacedRecognizer(ScriptedEngine()).listen(b"\0\0", 8000, "tlh-AQ", at_once))


async def test_listener_goes_away() -> None:
    """Somebody who stops listening in the middle leaves the recogniser usable."""
    recognizer = PacedRecognizer(ScriptedEngine())
    stream = recognizer.listen(b"\0\0", 8000, "en-US", at_once)
    assert not (await anext(stream)).final
    await stream.aclose()
    assert (await listen(recognizer))[-1].final
