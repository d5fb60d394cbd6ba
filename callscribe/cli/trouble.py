"""What ends a command early."""

from collections.abc import Mapping
from typing import Any


class Trouble(Exception):
    """Why a command cannot go on and what to do about it, in one sentence for whoever typed it."""


def told(problem: Mapping[str, Any]) -> str:
    """A problem of the API, or a failure on a call: "title: detail. remedy". Raises KeyError where it is none."""
    detail = str(problem["detail"]).removesuffix(".")
    return f"{problem['title']}: {detail}. {problem['remedy']}"
