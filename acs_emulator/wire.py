"""The base of all JSON bodies the emulator reads."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """camelCase on the wire, frozen inside; members nobody knows are ignored, as ACS does."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True, extra="ignore")


class StrictBody(Body):
    """Of the control plane: a misspelt member is an error, not a silent default."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, extra="forbid"
    )
