"""The promoted model as the service finds it: a small file, replaced in one step.

The ledger of promotions is the truth; this file follows it and can be written again from it.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import ArtifactError, ConfigError
from features.plain import from_plain


@dataclass(frozen=True)
class Champion:
    """Which saved artifact answers under a name: its tag and digest, and the run and snapshot it came from."""

    name: str
    task: str
    tag: str
    digest: str
    run: str
    snapshot: str
    promoted_at: str


def write(folder: Path, champion: Champion) -> None:
    """Put the champion in place of the one before: written aside, flushed, renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=".writing-", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(champion), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(aside).replace(path_of(folder, champion.name))


def read(folder: Path, name: str) -> Champion | None:
    """The champion of this name; None when none was promoted yet."""
    try:
        plain = json.loads(path_of(folder, name).read_text(encoding="utf-8"))
        return from_plain(plain, Champion, where=f"champion '{name}'")
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError, ConfigError):
        raise ArtifactError(
            f"champion '{name}': its file is damaged; promote or roll back to write it again."
        ) from None


def names(folder: Path) -> list[str]:
    """The names that have a champion, in order."""
    return sorted(path.stem for path in folder.glob("*.json"))


def path_of(folder: Path, name: str) -> Path:
    """The file of the champion of this name."""
    return folder / f"{name}.json"
