"""A call in which the application asks and somebody answers, on a clock that the test steps."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from azure.communication.callautomation import (
    DtmfTone,
    PhoneNumberIdentifier,
    RecognitionChoice,
    RecognizeInputType,
)

CALLER = PhoneNumberIdentifier("+15551230001")
CHOICES = [
    RecognitionChoice(label="Confirm", phrases=["Confirm", "First"], tone=DtmfTone.ONE),
    RecognitionChoice(label="Cancel", phrases=["Cancel", "Second"], tone=DtmfTone.TWO),
]
MODES: dict[str, dict[str, Any]] = {
    RecognizeInputType.DTMF: {"dtmf_max_tones_to_collect": 2},
    RecognizeInputType.SPEECH: {},
    RecognizeInputType.SPEECH_OR_DTMF: {"dtmf_max_tones_to_collect": 2},
    RecognizeInputType.CHOICES: {"choices": CHOICES},
}


@dataclass
class Talk:
    """A connected call."""

    world: Any
    id: str

    @property
    def connection(self) -> Any:
        return self.world.client.get_call_connection(self.id)

    @property
    def call(self) -> Any:
        return self.world.emulator.calls.find(self.id)

    async def recognize(self, mode: str, **options: Any) -> None:
        options = {"operation_context": "asked", **MODES[mode], **options}
        await self.connection.start_recognizing_media(mode, options.pop("target", CALLER), **options)

    async def press(self, tones: str) -> None:
        await self.world.control(f"/calls/{self.id}/press", {"tones": tones}, 200)

    async def say(self, text: str, **options: Any) -> None:
        """Returns when it has begun."""
        after = self.world.emulator.journal.entries()[-1].number
        await self.world.control(f"/calls/{self.id}/say", {"text": text, **options}, 202)
        await self.world.journal("speech", lambda e: e.number > after and e.data["what"] == "began")

    async def step(self, seconds: float) -> None:
        await self.world.emulator.clock.step(seconds)

    async def ended(self, name: str, code: int, sub_code: int) -> dict[str, Any]:
        data: dict[str, Any] = await self.world.event(name)
        told = data["resultInformation"]
        assert (told["code"], told["subCode"]) == (code, sub_code)
        assert data["operationContext"] == "asked"
        return data

    @property
    def events(self) -> list[str]:
        """What has been sent so far, without the call's own events."""
        sent = [one.data["type"] for one in self.world.emulator.journal.entries(["callback"])]
        return [str(name) for name in sent if name not in ("CallConnected", "ParticipantsUpdated")]


@pytest.fixture
def talks(world: Any) -> Callable[[str], Talk]:
    """Whatever the clock does."""
    return lambda connection_id: Talk(world, connection_id)


@pytest.fixture
async def talk(world: Any) -> AsyncIterator[Talk]:
    """On a clock that stands still."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    world.emulator.clock.hold()
    yield Talk(world, connection_id)
    world.emulator.clock.release()
