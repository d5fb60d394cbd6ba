"""`python -m callscribe.runtime.settings [FOLDER]` writes `.env.example` and docs/configuration.md."""

import sys
from pathlib import Path

from callscribe.runtime.settings.pages import configuration_page, example


def main(folder: Path) -> None:
    """Write both files into a source tree."""
    (folder / ".env.example").write_text(example(), encoding="utf-8")
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs/configuration.md").write_text(configuration_page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
