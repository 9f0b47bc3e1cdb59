"""The half-monthly bulletin of work: for each station and kind of work a colour by control limits. No person is in it.

A colour says whether a station's share lies below what chance leaves of the city's share at so many things due: the
limits of a funnel plot (Spiegelhalter 2005, doi:10.1002/sim.1970), of the binomial distribution itself. Where stations
with more persons a worker surely do less in time, each is held to what stations with as many do. Red needs two
bulletins, so that one bad half-month alone is none. Where little was due, or nothing is recorded, there is no colour;
nor where nothing was done in time in the whole city, or the records of all had stopped: no limit tells anything there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa
from scipy.stats import binom

from features.history import NEEDED, History
from features.schema import TABLES, days_since_epoch
from features.stations import StationMonths, Window
from features.store import Store, frame_of
from features.tables import STORED, fetch_plain
from serving.bulletin_dues import INDICATORS, dues, half_month_before
from serving.bulletin_workload import Workload, workload
from serving.histories import STOPPED_DAYS

TOO_FEW = 10  # of fewer things due no share is told
YELLOW_BELOW = 0.025  # the lower limit of 95 %
ORANGE_BELOW = 0.001  # the lower limit of 99.8 %
COLOURS = ("green", "yellow", "orange", "red")
FEW, NOT_KNOWN = "too_few", "not_known"


@dataclass(frozen=True)
class Tally:
    """How much was due at a station, done in time, and answered at all."""

    due: int = 0
    done: int = 0
    answered: int = 0


@dataclass(frozen=True)
class Cell:
    """One kind of work at one station: its colour, `too_few` or `not_known`; numbers only beside a colour.

    `held_to` is the share at its workload, where that is not the city's.
    """

    state: str
    due: int | None = None
    done: int | None = None
    held_to: float | None = None

    @property
    def share(self) -> float | None:
        """Done in time over due; None where it is not told."""
        return None if self.due is None or self.done is None else self.done / self.due


@dataclass(frozen=True)
class Line:
    """One station: its cells by indicator, and persons a worker in the last closed month, where known."""

    station_id: str
    cases_a_worker: float | None
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Bulletin:
    """What was known by the end of `until`: a line a station, the city's shares, how much could be given to no station.

    `first` is the first day of the half-month; `stopped`: the records of all had stopped long before its end.
    """

    until: date
    first: date
    lines: tuple[Line, ...]
    city: Mapping[str, float | None]
    workload: Mapping[str, Workload | None]
    unplaced: Mapping[str, int]
    stopped: bool


@dataclass(frozen=True)
class HalfMonth:
    """What was due, by station and indicator; the city's shares; persons a worker; how shares go down with them."""

    tallies: Mapping[tuple[str, str], Tally]
    city: Mapping[str, float | None]
    cases: Mapping[str, float | None]
    workload: Mapping[str, Workload | None]

    @classmethod
    def of(cls, history: History, made: pd.DataFrame, listed: Sequence[str], until: date) -> "HalfMonth":
        """The half-month that ends on a day, of what was due in it."""
        found = tallies(made)
        cases = _cases_a_worker(history, sorted({*listed, *(station_id for station_id, _ in found)}), until)
        of_code = {code: {at: tally for (at, of), tally in found.items() if of == code} for code in INDICATORS}
        city = {code: city_share([*theirs.values()]) for code, theirs in of_code.items()}
        return cls(found, city, cases, {code: _workload(theirs, cases) for code, theirs in of_code.items()})

    def held_to(self, station_id: str, code: str) -> float | None:
        """The share at a station's workload; None where nothing but the city's is known."""
        line, cases = self.workload[code], self.cases.get(station_id)
        return None if line is None or not cases else line.share_at(cases)

    def cell(self, station_id: str, code: str, *, was_low: bool) -> Cell:
        """The cell of a station."""
        if self.city[code] == 0.0:
            return Cell(NOT_KNOWN)  # below a share of nothing lies nobody, so green would say nothing
        tally, held_to = self.tallies.get((station_id, code), Tally()), self.held_to(station_id, code)
        made = cell_of(tally, self.city[code] if held_to is None else held_to, was_low=was_low)
        return made if made.due is None else replace(made, held_to=held_to)


def of_store(store: Store, until: date) -> Bulletin:
    """The bulletin from a store."""
    day = days_since_epoch(until)
    events = STORED["events"].c
    query = sa.select(*(events[name] for name in NEEDED)).where(events.known_on <= sa.bindparam("until"))
    with store.reading() as connection:
        parts = [frame_of(TABLES["events"], NEEDED, part) for part in fetch_plain(connection, query, until=day)]
    rows = pd.concat(parts or [frame_of(TABLES["events"], NEEDED, [])], ignore_index=True)
    stations = store.read("stations")
    listed = stations.loc[~stations["opened_on"].gt(day), "station_id"].tolist()
    history = History.of(rows, rows[["person_id"]].drop_duplicates(), StationMonths.of(store.read("station_months")))
    return bulletin(history, listed, until)


def bulletin(history: History, listed: Sequence[str], until: date) -> Bulletin:
    """The bulletin of a history, with a line for each station listed and each other that something was due at."""
    made, day_before = recorded_dues(history, until), half_month_before(until)
    now = HalfMonth.of(history, made, listed, until)
    then = HalfMonth.of(history, recorded_dues(history, day_before), listed, day_before)

    def cell(station_id: str, code: str) -> Cell:
        return now.cell(station_id, code, was_low=then.cell(station_id, code, was_low=False).state == "orange")

    unplaced = made[made["station_id"].isna()].groupby("indicator").size()
    return Bulletin(
        until=until,
        first=day_before + timedelta(days=1),
        lines=tuple(Line(each, now.cases[each], {code: cell(each, code) for code in INDICATORS}) for each in now.cases),
        city=now.city,
        workload=now.workload,
        unplaced={code: int(unplaced.get(code, 0)) for code in INDICATORS},
        stopped=had_stopped(history, until),
    )


def recorded_dues(history: History, until: date) -> pd.DataFrame:
    """What was due, as `dues`; nothing where the records of all had stopped, for what was done could not be known."""
    made = dues(history, until)
    return made.iloc[:0] if had_stopped(history, until) else made


def had_stopped(history: History, until: date) -> bool:
    """As `StoredHistories.had_stopped`, of a history: nothing of anybody in the STOPPED_DAYS was known on the day."""
    day = days_since_epoch(until)
    is_late = (history.occurred > day - STOPPED_DAYS) & (history.occurred <= day)
    return not bool((is_late & (history.known <= day)).any())


def tallies(made: pd.DataFrame) -> dict[tuple[str, str], Tally]:
    """What was due, done and answered, by station and indicator."""
    counted = made.groupby(["station_id", "indicator"]).agg(
        due=("done", "size"), done=("done", "sum"), answered=("answered", "sum")
    )
    columns = [counted[name].astype("int64").tolist() for name in ("due", "done", "answered")]
    return {(str(key[0]), str(key[1])): Tally(*row) for key, *row in zip(counted.index.tolist(), *columns, strict=True)}


def city_share(found: Sequence[Tally]) -> float | None:
    """The share done in time at all stations of which anything is recorded; None where too few were due."""
    known = [tally for tally in found if tally.answered]
    due = sum(tally.due for tally in known)
    return sum(tally.done for tally in known) / due if due >= TOO_FEW else None


def cell_of(tally: Tally, share: float | None, *, was_low: bool) -> Cell:
    """The cell of a station; what is not recorded is not known, never red."""
    if not tally.answered:
        return Cell(NOT_KNOWN)
    if tally.due < TOO_FEW or share is None:
        return Cell(FEW)
    chance = float(binom.cdf(tally.done, tally.due, share))
    if chance >= YELLOW_BELOW:
        state = "green"
    elif chance >= ORANGE_BELOW:
        state = "yellow"
    else:
        state = "red" if was_low else "orange"
    return Cell(state, tally.due, tally.done)


def lower_limit(due: int, share: float, below: float) -> float:
    """The share below which a station has the colour that begins at `below`, between 0 and 1.

    Drawn between whole numbers as Spiegelhalter does; a whole number lies under it just when P(X <= it) < `below`.
    """
    at = float(binom.ppf(below, due, share))
    upto, one_less = binom.cdf(at, due, share), binom.cdf(at - 1, due, share)
    part = (upto - below) / (upto - one_less) if upto > one_less else 0.0
    return max(0.0, (at - part) / due)


def upper_limit(due: int, share: float, above: float) -> float:
    """The limit above: that of what is not done, turned round."""
    return 1.0 - lower_limit(due, 1.0 - share, above)


def _workload(found: Mapping[str, Tally], cases: Mapping[str, float | None]) -> Workload | None:
    """How the share goes down with persons a worker, over the stations with enough due and a number of workers."""
    used = [(tally, cases.get(at) or 0.0) for at, tally in found.items() if tally.answered and tally.due >= TOO_FEW]
    columns = np.array([(tally.due, tally.done, each) for tally, each in used], dtype=np.float64).reshape(-1, 3)
    return workload(columns[:, 0], columns[:, 1], columns[:, 2])


def _cases_a_worker(history: History, station_ids: Sequence[str], until: date) -> dict[str, float | None]:
    if history.stations is None:
        return dict.fromkeys(station_ids)
    day = np.full(len(station_ids), days_since_epoch(until), dtype=np.int32)
    found = history.stations.caseload(history.stations.places_of(station_ids), Window(day, day, day))
    return {name: None if np.isnan(cases) else float(cases) for name, cases in zip(station_ids, found, strict=True)}
