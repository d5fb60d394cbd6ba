"""Media: play."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acs_emulator.media.prompts import Source
from acs_emulator.rest.bodies.identifiers import AnyCase, Identifier, Operation, web_address
from acs_emulator.wire import Body


class _Text(Body):
    text: str


class _Ssml(Body):
    ssml_text: str


class _File(Body):
    uri: Annotated[str, web_address("https", "http")]


class PlaySource(Body):
    """Exactly the member that `kind` names."""

    kind: Annotated[Literal["text", "file", "ssml"], AnyCase]
    play_source_cache_id: Annotated[str, Field(max_length=1000)] | None = None
    text: _Text | None = None
    ssml: _Ssml | None = None
    file: _File | None = None

    @model_validator(mode="after")
    def _has_what_it_names(self) -> Self:
        if getattr(self, self.kind) is None:
            raise ValueError(f"a {self.kind} source needs the member {self.kind}")
        return self

    @property
    def value(self) -> str:
        if self.text and self.kind == "text":
            return self.text.text
        if self.ssml and self.kind == "ssml":
            return self.ssml.ssml_text
        return self.file.uri if self.file else ""

    @property
    def source(self) -> Source:
        return Source(self.kind, self.value, self.play_source_cache_id)


class PlayOptions(Body):
    loop: bool = False


class Play(Operation):
    play_sources: Annotated[tuple[PlaySource, ...], Field(min_length=1, max_length=100)]
    play_to: Annotated[tuple[Identifier, ...], Field(max_length=100)] | None = None
    interrupt_call_media_operation: bool | None = None
    play_options: PlayOptions | None = None
