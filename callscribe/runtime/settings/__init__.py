"""The settings of a process: read once from its environment, frozen, with every fault reported together."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from callscribe.runtime.settings.groups import PREFIX, AcsResource, Limits, Settings
from callscribe.runtime.settings.pages import configuration_page, default, example
from callscribe.runtime.settings.pairs import Fault, Program, faults
from callscribe.runtime.settings.values import LogFormat, LogLevel, SocketToken

__all__ = [
    "AcsResource",
    "Fault",
    "Limits",
    "LogFormat",
    "LogLevel",
    "Program",
    "Settings",
    "SettingsRejected",
    "SocketToken",
    "configuration_page",
    "example",
    "load",
]

_FILE = "_FILE"
_LARGEST_FILE = 100_000
_PLAIN = {
    "bool_parsing": "is neither true nor false. Write one of them",
    "int_parsing": "is no whole number. Write one such as {example}",
    "float_parsing": "is no number. Write one such as {example}",
    "greater_than": "is too small. Write a larger number, such as {example}",
    "greater_than_equal": "is too small. Write a larger number, such as {example}",
    "less_than_equal": "is too large. Write a smaller number, such as {example}",
}


class SettingsRejected(ValueError):
    """The environment cannot be worked with; `faults` has every reason, and the text is one sentence for each."""

    def __init__(self, found: tuple[Fault, ...]) -> None:
        self.faults = found
        super().__init__("\n".join(str(fault) for fault in found))


def load(env: Mapping[str, str], program: Program) -> Settings:
    """The settings that `env` gives to a program. Raises SettingsRejected.

    `CALLSCRIBE_…_FILE` names a file that holds a setting's value. An empty value counts as not given.
    """
    given = Given(Settings, env)
    raw = given()
    found = list(given.faults)
    try:
        settings = Settings(**raw)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]): detail for detail in error.errors()}
        found += [_fault(name, detail) for name, detail in wrong.items()]
        settings = Settings(**{name: value for name, value in raw.items() if name not in wrong})
    settings = settings.model_copy(update=dict(_development_defaults(settings)))
    known = frozenset(fault.name.removeprefix(PREFIX).removesuffix(_FILE).lower() for fault in found)
    found += faults(settings, program, known)
    if found:
        raise SettingsRejected(tuple(found))
    return settings


class Given(PydanticBaseSettingsSource):
    """The settings that an environment names, unchecked, and `faults` in how it names them."""

    def __init__(self, settings_cls: type[BaseSettings], env: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._env = {name: value for name, value in env.items() if name.startswith(PREFIX) and value}
        self.faults = list(self._misspelt())

    def __call__(self) -> dict[str, Any]:
        found = ((name, self.get_field_value(field, name)[0]) for name, field in self._fields())
        return {name: value for name, value in found if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = PREFIX + field_name.upper()
        path = self._env.get(name + _FILE)
        if path is None:
            return self._env.get(name), field_name, False
        if name in self._env:
            self.faults.append(Fault(name, f"is set, and so is {name}{_FILE}. Keep one of them"))
        return self._read(name, Path(path)), field_name, False

    def _read(self, name: str, path: Path) -> str | None:
        try:
            with path.open(encoding="utf-8") as file:
                return file.read(_LARGEST_FILE).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            self.faults.append(Fault(name + _FILE, f"names {path}, which cannot be read: {reason}"))
            return None

    def _misspelt(self) -> Iterator[Fault]:
        names = [PREFIX + name.upper() for name, _ in self._fields()]
        for name in sorted(self._env):
            if name in names or name.removesuffix(_FILE) in names:
                continue
            near = difflib.get_close_matches(
                name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in names], 1
            )
            advice = (
                f"Did you mean {PREFIX}{near[0]}?" if near else "All settings are in docs/configuration.md"
            )
            yield Fault(name, f"is no setting. {advice}")

    def _fields(self) -> Iterator[tuple[str, FieldInfo]]:
        yield from Settings.model_fields.items()


def _fault(name: str, detail: ErrorDetails) -> Fault:
    """In the words of `values` where the fault comes from there; pydantic's words are for programmers."""
    reason = detail.get("ctx", {}).get("error")
    example = default(Settings.model_fields[name])
    what = (
        str(reason)
        if isinstance(reason, ValueError)
        else _PLAIN.get(detail["type"], f"is wrong: {detail['msg']}")
    )
    return Fault(PREFIX + name.upper(), what.format(example=example) if reason is None else what)


def _development_defaults(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.development:
        return
    if not settings.public_url:
        yield "public_url", f"http://127.0.0.1:{settings.port}"
    if not settings.public_ws_url:
        yield "public_ws_url", f"ws://127.0.0.1:{settings.ws_port}"
    if not settings.incoming_policy:
        yield "incoming_policy", '[{"to": "*"}]'
