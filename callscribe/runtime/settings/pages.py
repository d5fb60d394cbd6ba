"""`.env.example` and docs/configuration.md, written from the settings themselves.

`python -m callscribe.runtime.settings` writes both (`make docs`).
"""

from enum import StrEnum
from textwrap import wrap
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from callscribe.runtime.settings.groups import GROUPS, PREFIX

AZURE = {
    "AZURE_TENANT_ID": "The Entra tenant in which azure-identity signs in.",
    "AZURE_CLIENT_ID": "The application, or the user-assigned managed identity, as which it signs in.",
    "AZURE_CLIENT_SECRET": "That application's secret; a managed identity needs none.",
    "AZURE_FEDERATED_TOKEN_FILE": "The token file of a workload identity.",
}
"""Names that azure-identity reads by itself wherever a setting says that it signs in."""

_EXAMPLE_HEAD = """\
# The settings of callscribe, with their defaults; an empty value is one that is not given.
# Copy to .env, change what you need, then: set -a; . ./.env; set +a
# NAME_FILE=/path reads a value from a file instead. Made from callscribe/runtime/settings by `make docs`.
"""

_PAGE_HEAD = """\
# Configuration

Settings are read once, from the environment, when a process starts. Every fault is reported at once, each with what
to change; a name that begins with `CALLSCRIBE_` and is no setting is a fault too. An empty value counts as not given.
Each setting can come from a file: `CALLSCRIBE_ACS_ACCESS_KEY_FILE=/run/secrets/acs-key`.

`.env.example` lists all of them with their defaults. To use a copy of it: `set -a; . ./.env; set +a`.

This page is made from `callscribe/runtime/settings` by `make docs`.
"""

_PAGE_TAIL = """\
## Incoming calls

`CALLSCRIBE_INCOMING_POLICY` is a JSON array of rules. The first rule whose `to` concerns the called party decides; a
party that no rule concerns is ignored, so that another application may answer it. In development everybody is answered
where no policy is set.

| member | values |
|---|---|
| `to` | a phone number, a raw id, a beginning of one with `*` at its end, or `*` for everybody |
| `action` | `answer` (the default), `reject`, `redirect`, `ignore` |
| `reason` | of a reject: `none`, `busy`, `forbidden` |
| `target` | of a redirect: a phone number or raw id |
| `locale` | what is spoken, where it is not `CALLSCRIBE_LOCALE` |
| `transcription` | `auto` (the default) or `manual` |
| `announce` | `{"text": …}` or `{"file": URL}`: played before transcription starts |
| `onAnswer` | `{"agents": [raw ids], "sourceCallerId": …}`: who is added once the call is connected |

```json
[{"to": "+18005550100", "onAnswer": {"agents": ["8:acs:…"]}}, {"to": "*", "action": "reject", "reason": "busy"}]
```

## Two processes

`python -m service` and `python -m transcript_ws` meet in the database and on the bus, so both need the same
`CALLSCRIBE_DATABASE_URL` and `CALLSCRIBE_REDIS_URL`. `python -m onebox` is both in one process and needs no Redis.
"""


def example() -> str:
    """The text of `.env.example`."""
    lines = [_EXAMPLE_HEAD]
    for group in GROUPS:
        lines.append(f"# --- {title(group)}\n")
        for name, field in group.model_fields.items():
            lines += [f"# {line}" for line in wrap(field.description or "", 110)]
            lines.append(f"{PREFIX}{name.upper()}={default(field)}\n")
    lines.append("# --- Read by azure-identity itself\n")
    for name, says in AZURE.items():
        lines += [f"# {says}", f"# {name}=\n"]
    return "\n".join(lines).rstrip() + "\n"


def configuration_page() -> str:
    """The text of docs/configuration.md."""
    parts = [_PAGE_HEAD, *(_section(group) for group in GROUPS)]
    rows = "\n".join(f"| `{name}` | {says} |" for name, says in AZURE.items())
    parts.append(f"## Read by azure-identity itself\n\n| name | what |\n|---|---|\n{rows}\n")
    return "\n".join([*parts, _PAGE_TAIL])


def title(group: type[BaseModel]) -> str:
    return (group.__doc__ or "").strip()


def default(field: FieldInfo) -> str:
    """A setting's default as it is written in the environment."""
    value: Any = field.default
    return str(value).lower() if isinstance(value, bool) else str(value)


def _section(group: type[BaseModel]) -> str:
    rows = "\n".join(_row(name, field) for name, field in group.model_fields.items())
    return f"## {title(group)}\n\n| name | default | what |\n|---|---|---|\n{rows}\n"


def _row(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    secret = " Secret." if isinstance(extra, dict) and extra.get("secret") else ""
    says = f"{field.description}{secret}{_choices(field)}"
    value = default(field)
    return f"| `{PREFIX}{name.upper()}` | {f'`{value}`' if value else ''} | {says} |"


def _choices(field: FieldInfo) -> str:
    kind = field.annotation
    if not (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return ""
    return f" One of {', '.join(f'`{member}`' for member in kind)}."
