"""What a module of ours looks like; read from the sources, so that none can forget it."""

import ast
import re
from collections.abc import Iterator

import pytest

from callscribe.domain.errors import (
    AcsError,
    FieldError,
    TranscriptionFailed,
    acs_http_error,
    catalogue,
    members,
    transcription_failure,
)
from tests.sources import PACKAGES, modules, rooms, within

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
ERRORS = {error.__name__: error for error in catalogue()}
NAMED = {"Azure", "Microsoft", "Redis", "Valkey", "Authorization"}
LONGEST_FUNCTION = 60


def test_every_error_of_the_catalogue_can_happen() -> None:
    """Each is raised or made somewhere, stands in a table of what to raise, or is what an answer of ACS means."""
    made = {
        name
        for module in modules()
        if not within(module.name, "callscribe.domain.errors")
        for imported in [_imported_as(module.tree)]
        for node in ast.walk(module.tree)
        for name in _made(node, imported)
    }
    chosen = {type(error).__name__ for error in _choices()}

    assert sorted(ERRORS.keys() - made - chosen) == []


def _imported_as(tree: ast.Module) -> dict[str, str]:
    """Names of errors by the names under which a module imports them."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _made(node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
    """The imported names that a node raises, calls, or keeps as values of a table."""
    found: list[ast.expr | None] = []
    if isinstance(node, ast.Raise):
        found = [node.exc]
    elif isinstance(node, ast.Call):
        found = [node.func]
    elif isinstance(node, ast.Dict):
        found = [*node.values]
    yield from (imported[one.id] for one in found if isinstance(one, ast.Name) and one.id in imported)


def _choices() -> Iterator[AcsError | TranscriptionFailed]:
    """An error of each class that an answer or event of ACS can mean."""
    yield from (
        acs_http_error(status, code, "") for status in (None, *range(300, 600)) for code in (None, "8522")
    )
    yield transcription_failure(0, 0, "")
    for error in members(TranscriptionFailed):
        if issubclass(error, TranscriptionFailed) and hasattr(error, "acs_code"):
            for message in (*error.wordings, "in words never seen before"):
                yield transcription_failure(error.acs_code, error.sub_code, message)


def test_details_are_parts_of_a_sentence() -> None:
    """They begin in lower case unless with a name, and have no full stop: they are shown as "title: detail. remedy"."""
    wrong = []
    for module in modules():
        imported = _imported_as(module.tree)
        for node in ast.walk(module.tree):
            detail = _detail(node, imported)
            first, last = _ends(detail) if detail else ("", "")
            word = re.match(r"[A-Z][a-z]*\b", first)
            if last.endswith(".") or (word and word.group() not in NAMED):
                wrong.append(f"{module.name}:{node.lineno}")  # type: ignore[attr-defined]
    assert wrong == []


def _detail(node: ast.AST, imported: dict[str, str]) -> ast.expr | None:
    """The detail with which an error is made, where it is written there."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    name = imported.get(node.func.id)
    error = ERRORS.get(name or "")
    if name == FieldError.__name__:
        position = 1
    elif error is not None:
        position = 2 if issubclass(error, AcsError) else 0
    else:
        return None
    return node.args[position] if len(node.args) > position else None


def _ends(text: ast.expr) -> tuple[str, str]:
    """What a literal or f-string begins and ends with; nothing where that is not written there."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    first, last = (
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
        for part in (parts[0], parts[-1])
    )
    return first, last


def test_no_module_is_named_for_nothing() -> None:
    """A name says what is inside."""
    assert [module.name for module in modules() if module.name.rsplit(".", 1)[-1] in VAGUE] == []


def test_no_import_hides_in_a_function() -> None:
    """What a module needs is read at its top."""
    wrong = [
        f"{module.name}:{inner.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert wrong == []


def test_a_long_function_says_why() -> None:
    """More than 60 lines need a comment that begins with "Long:" in the line above or inside.

    A migration is one list of statements that nobody changes any more.
    """
    wrong = []
    for module in modules():
        if ".migrations.versions." in module.name:
            continue
        lines = module.path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.end_lineno is None:
                continue
            length = node.end_lineno - node.lineno + 1
            text = "\n".join(lines[max(node.lineno - 2, 0) : node.end_lineno])
            if length > LONGEST_FUNCTION and "# Long:" not in text:
                wrong.append(f"{module.name}.{node.name} has {length} lines")
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is(package: str) -> None:
    """The first statement of every module is its docstring."""
    assert [module.name for module in rooms(package) if not ast.get_docstring(module.tree)] == []
