"""Carries out commands at ACS."""

import uuid
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from azure.communication.callautomation import (
    FileSource,
    PhoneNumberIdentifier,
    TextSource,
    VoiceKind,
)

# Public in the other ACS packages; this one only forgets to export it.
from azure.communication.callautomation._shared.models import identifier_from_raw_id
from azure.communication.callautomation.aio import CallAutomationClient, CallConnectionClient

from callscribe.adapters.acs.answers import acs_call, answer_within
from callscribe.adapters.acs.speech_model import TranscriptionOptionsWithModel, model_id
from callscribe.domain import commands
from callscribe.domain.call import Call, Direction
from callscribe.domain.errors import AcsPreconditionFailed
from callscribe.domain.participants import phone_number
from callscribe.ports import AcsCall

ANSWER_WITHIN_S = 8.0
"""How long ACS may take for one command, retries included: a phone rings for 30 s."""

_JOBS = uuid.UUID("8f1d3ad1-6a3f-4d5e-9a53-8d6ab1f2c9e7")


class AcsCallControl:
    """`ports.CallControl` over the SDK; closing the client is up to whoever opened it."""

    def __init__(
        self,
        client: CallAutomationClient,
        *,
        callback_uri: Callable[[Call], str],
        transport_url: Callable[[Call], str],
        cognitive_services_endpoint: str | None,
    ) -> None:
        self._client = client
        self._callback_uri = callback_uri
        self._transport_url = transport_url
        self._ai_endpoint = cognitive_services_endpoint

    async def carry_out(self, command: commands.AnyCommand, call: Call, job_id: str) -> AcsCall | None:
        async with answer_within(ANSWER_WITHIN_S):
            match command:
                case commands.Answer() | commands.CreateCall() | commands.Connect():
                    return await self._set_up(command, call, job_id)
                case commands.Reject() | commands.Redirect():
                    await self._turn_away(command, job_id)
                case commands.AddParticipant() | commands.RemoveParticipant() | commands.HangUp():
                    await self._change_parties(command, call, job_id)
                case commands.LookUp():
                    return acs_call(await self._connection(call).get_call_properties())
                case _:
                    await self._use_media(command, call)
        return None

    async def look_up(self, call_connection_id: str) -> AcsCall:
        async with answer_within(ANSWER_WITHIN_S):
            return acs_call(await self._client.get_call_connection(call_connection_id).get_call_properties())

    async def _set_up(
        self, command: commands.Answer | commands.CreateCall | commands.Connect, call: Call, job_id: str
    ) -> AcsCall:
        options: dict[str, Any] = {
            "callback_url": self._callback_uri(call),
            "cognitive_services_endpoint": command.setup.ai_endpoint or self._ai_endpoint,
            "transcription": TranscriptionOptionsWithModel(command.setup, self._transport_url(call)),
            **_once(job_id),
        }
        match command:
            case commands.Answer():
                answer = self._client.answer_call(command.incoming_call_context, **options)
            case commands.CreateCall():
                answer = self._client.create_call(
                    [identifier_from_raw_id(target) for target in command.targets],
                    source_caller_id_number=_caller_id(command.source_caller_id),
                    source_display_name=command.source_display_name,
                    **options,
                )
            case commands.Connect():
                answer = self._client.connect_call(**_locator(command), **options)
        return acs_call(await answer)

    async def _turn_away(self, command: commands.Reject | commands.Redirect, job_id: str) -> None:
        context = command.incoming_call_context
        if isinstance(command, commands.Reject):
            await self._client.reject_call(context, call_reject_reason=command.reason, **_once(job_id))
        else:
            await self._client.redirect_call(context, identifier_from_raw_id(command.target), **_once(job_id))

    async def _change_parties(
        self,
        command: commands.AddParticipant | commands.RemoveParticipant | commands.HangUp,
        call: Call,
        job_id: str,
    ) -> None:
        connection = self._connection(call)
        match command:
            case commands.AddParticipant():
                await connection.add_participant(
                    identifier_from_raw_id(command.target),
                    source_caller_id_number=_caller_id(command.source_caller_id),
                    operation_context=command.operation_context,
                    operation_callback_url=self._operation_callback(call),
                    **_once(job_id),
                )
            case commands.RemoveParticipant():
                await connection.remove_participant(
                    identifier_from_raw_id(command.target),
                    operation_context=command.operation_context,
                    operation_callback_url=self._operation_callback(call),
                    **_once(job_id),
                )
            case commands.HangUp(for_everyone=True):
                await connection.hang_up(is_for_everyone=True, **_once(job_id))
            case commands.HangUp():
                await connection.hang_up(is_for_everyone=False)

    async def _use_media(
        self,
        command: commands.Play
        | commands.StartTranscription
        | commands.UpdateTranscription
        | commands.StopTranscription,
        call: Call,
    ) -> None:
        """ACS honours no Repeatability-Request-ID here; a second start or stop finds the state as it is."""
        connection, callback = self._connection(call), self._operation_callback(call)
        match command:
            case commands.Play():
                await connection.play_media(_play_source(command), operation_callback_url=callback)
            case commands.StartTranscription():
                await connection.start_transcription(
                    locale=command.locale,
                    operation_context=command.operation_context,
                    operation_callback_url=callback,
                    **model_id(command.model),
                )
            case commands.UpdateTranscription():
                await connection.update_transcription(
                    locale=command.locale,
                    operation_context=command.operation_context,
                    operation_callback_url=callback,
                    **model_id(command.model),
                )
            case commands.StopTranscription():
                await connection.stop_transcription(
                    operation_context=command.operation_context, operation_callback_url=callback
                )

    def _connection(self, call: Call) -> CallConnectionClient:
        if call.call_connection_id is None:
            raise AcsPreconditionFailed(None, None, "the call has no callConnectionId yet")
        return self._client.get_call_connection(call.call_connection_id)

    def _operation_callback(self, call: Call) -> str | None:
        """Calls that others set up send their events to them, unless an operation says otherwise."""
        return self._callback_uri(call) if call.direction is Direction.FOREIGN else None


def _once(job_id: str) -> dict[str, Any]:
    """Keyword arguments that let ACS see the same command in a repeated request, so that it is safe to repeat.

    Azure API guidelines, "Repeatability of requests": ACS remembers a request for five minutes.
    """
    headers = {
        "Repeatability-Request-ID": str(uuid.uuid5(_JOBS, job_id)),
        "Repeatability-First-Sent": formatdate(usegmt=True),
    }
    return {"headers": headers, "retry_on_methods": frozenset({"POST"})}


def _locator(command: commands.Connect) -> dict[str, Any]:
    locators = {
        "room_id": command.room_id,
        "group_call_id": command.group_call_id,
        "server_call_id": command.server_call_id,
    }
    return {name: value for name, value in locators.items() if value is not None}


def _caller_id(number: str | None) -> PhoneNumberIdentifier | None:
    """A caller id is a phone number, written as such or as a raw id."""
    return None if number is None else PhoneNumberIdentifier(phone_number(number) or number)


def _play_source(command: commands.Play) -> TextSource | FileSource:
    """ACS needs a voice's name, or else a locale and a kind of voice."""
    if command.text is None:
        return FileSource(url=command.file_url or "")
    if command.voice:
        return TextSource(text=command.text, voice_name=command.voice, source_locale=command.locale)
    return TextSource(text=command.text, source_locale=command.locale, voice_kind=VoiceKind.FEMALE)
