"""The promoted model as the service finds it: a small file, replaced in one step.

The ledger of promotions is the truth; this file follows it and can be written again from it.
"""

import json
import os
import tempfile
from collections.abc import Iterator
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


def earlier(ledger: Path, name: str) -> list[Champion]:
    """The champions of this name that the ledger still stands by, newest first: promoted, and not taken back since.

    A line that cannot be read is passed over: what is asked for here is what to fall back on.
    """
    standing: list[Champion] = []
    for decision, champion in _decisions(ledger):
        if champion.name != name or decision not in {"promoted", "rolled back"}:
            continue
        back_to = [place for place, each in enumerate(standing) if each.digest == champion.digest]
        if decision == "rolled back" and back_to:
            del standing[back_to[-1] :]
        standing.append(champion)
    return standing[::-1]


def names_in(ledger: Path) -> set[str]:
    """The names the ledger has decided on."""
    return {champion.name for _, champion in _decisions(ledger)}


def _decisions(ledger: Path) -> Iterator[tuple[str, Champion]]:
    try:
        lines = ledger.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            plain = json.loads(line)
            yield plain["decision"], from_plain(plain["champion"], Champion, where="ledger")
        except (ValueError, KeyError, TypeError, ConfigError):
            continue


def names(folder: Path) -> list[str]:
    """The names that have a champion, in order."""
    return sorted(path.stem for path in folder.glob("*.json"))


def path_of(folder: Path, name: str) -> Path:
    """The file of the champion of this name."""
    return folder / f"{name}.json"
