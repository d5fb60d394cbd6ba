"""Filters of a subscription: https://learn.microsoft.com/azure/event-grid/event-filtering

Keys and strings are compared without regard to case, as Event Grid does. Keys that lead through an array are not found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from acs_emulator.wire import StrictBody

Operator = Literal[
    "StringIn",
    "StringNotIn",
    "StringBeginsWith",
    "StringNotBeginsWith",
    "StringEndsWith",
    "StringNotEndsWith",
    "StringContains",
    "StringNotContains",
    "NumberIn",
    "NumberNotIn",
    "NumberGreaterThan",
    "NumberGreaterThanOrEquals",
    "NumberLessThan",
    "NumberLessThanOrEquals",
    "BoolEquals",
    "IsNullOrUndefined",
    "IsNotNull",
]
_STRINGS: dict[str, Callable[[str, str], bool]] = {
    "In": lambda found, wanted: found == wanted,
    "BeginsWith": str.startswith,
    "EndsWith": str.endswith,
    "Contains": lambda found, wanted: wanted in found,
}
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThan": lambda found, wanted: found > wanted,
    "GreaterThanOrEquals": lambda found, wanted: found >= wanted,
    "LessThan": lambda found, wanted: found < wanted,
    "LessThanOrEquals": lambda found, wanted: found <= wanted,
}


class AdvancedFilter(StrictBody):
    """One condition on an event's members, such as `data.to.PhoneNumber.Value`."""

    operator_type: Operator
    key: Annotated[str, Field(min_length=1)]
    values: Annotated[tuple[str | float, ...], Field(max_length=25)] = ()
    """One of them has to match; with a `Not`, none may."""
    value: bool | float | None = None
    """What the operators that compare with one value compare with."""

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        single = self.operator_type == "BoolEquals" or self.operator_type.removeprefix("Number") in _NUMBERS
        if single and self.value is None:
            raise ValueError(f"{self.operator_type} compares with value")
        if not single and not self.operator_type.startswith("Is") and not self.values:
            raise ValueError(f"{self.operator_type} compares with values")
        if self.operator_type.startswith("Number") and any(isinstance(one, str) for one in self.values):
            raise ValueError(f"{self.operator_type} compares with numbers")
        return self

    def matches(self, event: Mapping[str, object]) -> bool:
        found = _member(event, self.key.split("."))
        operator = self.operator_type
        if operator == "IsNullOrUndefined":
            return found is None
        if operator == "IsNotNull":
            return found is not None
        if operator == "BoolEquals":
            return found is self.value
        if operator.startswith("Number"):
            return self._number(found, operator.removeprefix("Number"))
        return self._string(found, operator.removeprefix("String"))

    def _string(self, found: object, operator: str) -> bool:
        compare = _STRINGS[operator.removeprefix("Not")]
        hit = isinstance(found, str) and any(
            compare(found.lower(), str(wanted).lower()) for wanted in self.values
        )
        return hit is not operator.startswith("Not")

    def _number(self, found: object, operator: str) -> bool:
        number = isinstance(found, int | float) and not isinstance(found, bool)
        if operator in ("In", "NotIn"):
            return (number and found in self.values) is (operator == "In")
        return number and _NUMBERS[operator](float(str(found)), float(self.value or 0))


def _member(event: Mapping[str, object], path: list[str]) -> object:
    found: Any = event
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = next((value for key, value in found.items() if key.lower() == name.lower()), None)
    return found
