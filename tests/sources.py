"""Our modules as syntax trees: what the tests of the architecture and of the conventions read."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("callscribe", "service", "transcript_ws", "onebox", "acs_emulator")


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    def imports(self) -> Iterator[str]:
        """Every module that this one imports anywhere, absolute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._absolute(node)
                yield from (_existing(origin, alias.name) for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
        parent = package[: len(package) - node.level + 1]
        return ".".join([*parent, *([node.module] if node.module else [])])


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


@cache
def names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def _existing(origin: str, imported: str) -> str:
    """`from a import b` is about a.b where that is a module of ours, and about a otherwise."""
    inner = f"{origin}.{imported}"
    return inner if inner in names() else origin


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def first_party(name: str) -> bool:
    return name.split(".")[0] in PACKAGES


def rooms(*wanted: str) -> list[Module]:
    return [module for module in modules() if any(within(module.name, room) for room in wanted)]
