"""The promoted model as the service finds it: a small file, replaced in one step.

The ledger of promotions is the truth; this file follows it and can be written again from it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from features.errors import ArtifactError, ConfigError
from features.plain import from_plain
from features.replaced import replace_json

PROMOTED = "promoted"
REFUSED = "refused"
ROLLED_BACK = "rolled back"
UNCHANGED = "unchanged"  # never in the ledger: nothing was decided


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


@dataclass(frozen=True)
class Decision:
    """One entry of the ledger: what was decided, why, about which champion, by whom, and what was compared.

    When is `champion.promoted_at`. `who`: what a person calls themselves to this system, or a hash.
    """

    decision: str
    why: str
    champion: Champion
    who: str = ""
    compared: tuple[Mapping[str, Any], ...] = field(default=())


def write(folder: Path, champion: Champion) -> None:
    """Put the champion in place of the one before: written aside, flushed, renamed."""
    replace_json(path_of(folder, champion.name), asdict(champion))


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
    """The champions of this name that the ledger still stands by, newest first: promoted, and not taken back since."""
    standing: list[Champion] = []
    for each in decisions(ledger):
        champion = each.champion
        if champion.name != name or each.decision not in {PROMOTED, ROLLED_BACK}:
            continue
        back_to = [place for place, held in enumerate(standing) if held.digest == champion.digest]
        if each.decision == ROLLED_BACK and back_to:
            del standing[back_to[-1] :]
        standing.append(champion)
    return standing[::-1]


def names_in(ledger: Path) -> set[str]:
    """The names the ledger has decided on."""
    return {each.champion.name for each in decisions(ledger)}


def decisions(ledger: Path) -> Iterator[Decision]:
    """All decisions, oldest first."""
    return (decision for _, decision in lines(ledger))


def lines(ledger: Path) -> Iterator[tuple[Mapping[str, Any], Decision]]:
    """Each line of the ledger's file as plain values, and the decision in it.

    A line that cannot be read is passed over: the last one, torn by a crash, was never acknowledged, and where another
    is damaged, what is asked for here is what to fall back on.
    """
    try:
        whole = ledger.read_bytes().split(b"\n")[:-1]
    except OSError:
        return
    for line in whole:
        try:
            plain = json.loads(line)
            champion = from_plain(plain["champion"], Champion, where="ledger")
            compared = tuple(plain.get("compared", ()))
            decision = Decision(
                str(plain["decision"]), str(plain["why"]), champion, str(plain.get("who", "")), compared
            )
        except (ValueError, KeyError, TypeError, ConfigError):
            continue
        yield plain, decision


def names(folder: Path) -> list[str]:
    """The names that have a champion, in order."""
    return sorted(path.stem for path in folder.glob("*.json"))


def path_of(folder: Path, name: str) -> Path:
    """The file of the champion of this name."""
    return folder / f"{name}.json"
