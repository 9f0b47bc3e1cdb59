"""What a model is made from: a snapshot of the store, its history, and the last day whose records it holds."""

from collections.abc import Callable
from dataclasses import dataclass

from features.errors import TooLittleHistoryError
from features.history import History, read_events
from features.home import Home
from features.snapshot import Snapshot, write_snapshot
from features.stations import StationMonths
from features.store import Store

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Material:
    """A snapshot, its history, and the last day whose records it holds."""

    snapshot: Snapshot
    history: History
    last_day: int


def material(home: Home, tell: Tell) -> Material:
    """The history of everyone in the store, through an immutable snapshot."""
    snapshot = snapshot_of(home, tell)
    tell("history")
    return material_of(snapshot)


def material_of(snapshot: Snapshot) -> Material:
    """The history of everyone in a snapshot."""
    events = read_events(snapshot.folder / "events.parquet")
    stations = StationMonths.of(snapshot.read("station_months"))
    history = History.of(events, snapshot.read("persons"), stations)
    return Material(snapshot, history, int(events["known_on"].max()))


def snapshot_of(home: Home, tell: Tell, *, needed: str = "events") -> Snapshot:
    """The snapshot of the present state of the store, which must hold rows of the table needed."""
    tell("snapshot")
    with Store.open(home.store_url) as store:
        snapshot = write_snapshot(store, home.snapshots)
    if not snapshot.counts[needed]:
        raise TooLittleHistoryError(f"the store holds no {needed} yet; ingest some first (waystation ingest PATH).")
    return snapshot
