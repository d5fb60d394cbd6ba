"""Recordings: start."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acs_emulator.recordings.formats import MAX_CHANNELS
from acs_emulator.rest.bodies.identifiers import AnyCase, CallbackUri, Identifier, web_address
from acs_emulator.rest.bodies.setup import CallLocator
from acs_emulator.wire import Body


class ChannelAffinity(Body):
    """Without a channel, the participant has the first that is free, which is a guess."""

    channel: Annotated[int, Field(ge=0, lt=MAX_CHANNELS)] | None = None
    participant: Identifier


class ExternalStorage(Body):
    recording_storage_kind: Annotated[Literal["azurecommunicationservices", "azureblobstorage"], AnyCase]
    recording_destination_container_url: Annotated[str, web_address("https", "http")] | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.recording_storage_kind == "azureblobstorage" and not self.recording_destination_container_url:
            raise ValueError("AzureBlobStorage needs a recordingDestinationContainerUrl")
        return self

    @property
    def container_url(self) -> str | None:
        blob = self.recording_storage_kind == "azureblobstorage"
        return self.recording_destination_container_url if blob else None


class StartRecording(Body):
    call_locator: CallLocator | None = None
    call_connection_id: str | None = None
    recording_state_callback_uri: CallbackUri | None = None
    recording_content_type: Annotated[Literal["audio", "audiovideo"] | None, AnyCase] = None
    recording_channel_type: Annotated[Literal["mixed", "unmixed"] | None, AnyCase] = None
    recording_format_type: Annotated[Literal["wav", "mp3", "mp4"] | None, AnyCase] = None
    audio_channel_participant_ordering: (
        Annotated[tuple[Identifier, ...], Field(max_length=MAX_CHANNELS)] | None
    ) = None
    channel_affinity: Annotated[tuple[ChannelAffinity, ...], Field(max_length=MAX_CHANNELS)] | None = None
    pause_on_start: bool | None = None
    external_storage: ExternalStorage | None = None

    @model_validator(mode="after")
    def _names_one_call(self) -> Self:
        if (self.call_locator is None) is (self.call_connection_id is None):
            raise ValueError("needs either a callLocator or a callConnectionId")
        return self

    @model_validator(mode="after")
    def _shares_no_channel(self) -> Self:
        asked = [one.channel for one in self.channel_affinity or () if one.channel is not None]
        if len(set(asked)) < len(asked):
            raise ValueError("a channel of channelAffinity has one participant")
        return self

    @property
    def channels(self) -> dict[str, int]:
        """Raw ids by channel; where there is an affinity the order counts for nothing, which is a guess."""
        if not self.channel_affinity:
            ordered = self.audio_channel_participant_ordering or ()
            return {one.name: place for place, one in enumerate(ordered)}
        fixed = {
            one.participant.name: one.channel for one in self.channel_affinity if one.channel is not None
        }
        free = iter(sorted(set(range(MAX_CHANNELS)) - set(fixed.values())))
        others = (one.participant.name for one in self.channel_affinity if one.channel is None)
        return fixed | dict(zip((name for name in others if name not in fixed), free, strict=False))
