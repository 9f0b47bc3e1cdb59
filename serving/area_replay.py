"""A forecast or warnings made again from the state of the store and the model they were made with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from features.errors import StoreError
from features.past_state import past_places
from features.schema import days_since_epoch
from features.store import Store
from models.artifact import Artifact, hotspot_of
from models.early_warning import early_warnings
from serving.area_record import FORECAST, Kept, Marks
from serving.entries import Entry
from serving.noise import Noise
from serving.private_files import key_in
from serving.records import KEY_SUFFIX, person_hash
from serving.settings import NOISE_KEY
from serving.totals import by_level
from serving.warnings import parts_of

DIFFERENCES = {
    "areas": "it is of other areas",
    "rates": "the numbers before rounding differ",
    "told": "what is told of them differs",
}


@dataclass(frozen=True)
class ReplayedAreas:
    """An answer about areas made again; `differs` names the parts in which it is another."""

    kind: str
    model: str
    snapshot: str
    differs: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it is of the same areas, with the same numbers to the last bit, told in the same way."""
        return not self.differs

    @property
    def sentence(self) -> str:
        """What came of it, for who asked."""
        if self.same:
            return "The same areas, the same numbers bit for bit, told in the same way."
        return f"Not the same: {'; '.join(DIFFERENCES[name] for name in self.differs)}."


def replay_areas(
    entry: Entry, kept: Kept, store: Store, held: Callable[[str, str], Artifact], records: Path
) -> ReplayedAreas:
    """The answer of an entry again, held beside the marks it left; StoreError where it cannot be made."""
    if entry.inline:
        raise StoreError("replay: it is of a city in files, which are not kept; the same command on them has its id.")
    if not (entry.tag and entry.digest and entry.snapshot and entry.as_of):
        raise StoreError("replay: the entry names no model or state; was it written by this version of Waystation?")
    model = hotspot_of(held(entry.tag, entry.digest))
    places = past_places(store, entry.snapshot)
    as_of = days_since_epoch(date.fromisoformat(entry.as_of))
    if kept.kind == FORECAST:
        noise = None if kept.noise_epsilon is None else Noise(kept.noise_epsilon, key_in(records.with_name(NOISE_KEY)))
        parts = by_level(model, places, as_of=as_of, level=kept.level, noise=noise).parts
    else:
        parts = parts_of(early_warnings(model, places, as_of=as_of))
    again = Marks.of(parts, partial(person_hash, records.with_suffix(KEY_SUFFIX).read_bytes()))
    return ReplayedAreas(kept.kind, entry.tag, entry.snapshot, kept.marks.differing(again))
