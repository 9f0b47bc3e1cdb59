"""The city indicators as they may be told: shares by quarter, of the city and its districts, with 95 % intervals.

Told are ends of quarters alone, each as known by the end of its last day, so a figure is the same whenever it is asked
for and no two days can be subtracted from each other. Of the city no share is told that has fewer than ten on either
side. Districts are told where both sides have ten at least; the others, with who is of no district, have ten at least
on both sides together, else further districts are hidden with them (`suppression.protected`, of the smaller side:
what sums to ten there sums to ten on both).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from statistics import NormalDist
from threading import Lock

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.history import NEEDED, History
from features.indicators import INDICATORS, Cases, Quarter
from features.schema import TABLES, days_since_epoch
from features.store import frame_of, newest_digest, read
from features.tables import STORED, fetch_plain
from models.counts import SMALLEST_SHOWN
from serving.desk import Desk
from serving.store_answers import store_answers
from serving.suppression import Hierarchy, protected

CITY = "city"
NO_DISTRICT = ""
QUARTERS = 8  # of the trend
SIDED_95 = NormalDist().inv_cdf(0.975)
ONCE = ((0, 1),)
NOT_LOOKED_AT = ("dose", "counselling", "group_service")  # a quarter of all rows


@dataclass(frozen=True)
class Figure:
    """One indicator of one area and quarter; no numbers where they may not be told, or where there is no case."""

    area_id: str
    first_day: date
    last_day: date
    numerator: int | None
    denominator: int | None

    @property
    def share(self) -> float | None:
        """Numerator over denominator."""
        return None if self.numerator is None or not self.denominator else self.numerator / self.denominator

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the share."""
        return None if self.numerator is None or not self.denominator else wilson(self.numerator, self.denominator)


@dataclass(frozen=True)
class Shown:
    """An indicator: the city quarter by quarter, the oldest first, and each district in the last of them."""

    code: str
    trend: tuple[Figure, ...]
    districts: tuple[Figure, ...]

    @property
    def latest(self) -> Figure:
        """The city in the last quarter."""
        return self.trend[-1]


@dataclass(frozen=True, eq=False)
class Known:
    """What indicators are made from: histories, the district of each station, names of areas, the store's digest."""

    history: History
    district_of: Mapping[str, str]
    areas: pd.DataFrame
    snapshot: str


@dataclass(frozen=True, eq=False)
class Answer:
    """All indicators of a day, and what they were made from.

    `stopped`: the last days of those quarters long before whose end the records of all had stopped.
    """

    indicators: tuple[Shown, ...]
    areas: pd.DataFrame
    snapshot: str
    stopped: frozenset[date]

    @property
    def last_day(self) -> date:
        """The last day of the last quarter."""
        return self.indicators[0].latest.last_day


@dataclass
class Indicators:
    """Indicators of the store; the last ones are held, for a whole city has to be read to make them."""

    desk: Desk
    _held: tuple[tuple[str, date], Answer] | None = None
    _lock: Lock = field(default_factory=Lock)

    def at(self, as_of: date) -> Answer:
        """The indicators of the last quarter that is over by the end of a day, today at most."""
        spans = quarters(min(as_of, self.desk.settings.today))
        wanted = (self.desk.histories.snapshot(), spans[-1][1])
        with self._lock:  # whoever asks meanwhile waits for the answer instead of reading the city again
            if self._held is None or self._held[0] != wanted:
                made = self._made(spans)
                self._held = ((made.snapshot, spans[-1][1]), made)
            return self._held[1]

    def _made(self, spans: Sequence[tuple[date, date]]) -> Answer:
        known, histories = read_known(self.desk), self.desk.histories
        stopped = frozenset(last for _, last in spans if histories.had_stopped(last, known.snapshot))
        return Answer(indicators(known.history, known.district_of, spans), known.areas, known.snapshot, stopped)


def wilson(numerator: int, denominator: int) -> tuple[float, float]:
    """The 95 % interval of a share by its score (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    >>> [round(end, 4) for end in wilson(10, 20)]
    [0.2993, 0.7007]
    """
    share, weight = numerator / denominator, SIDED_95**2 / denominator
    middle = (share + weight / 2) / (1 + weight)
    half = (weight * share * (1 - share) + weight**2 / 4) ** 0.5 / (1 + weight)
    return middle - half, middle + half


def quarters(as_of: date, *, n: int = QUARTERS) -> list[tuple[date, date]]:
    """First and last day of the last quarters that are over by the end of a day, the oldest first.

    >>> quarters(date(2024, 3, 31), n=1), quarters(date(2024, 3, 30), n=1)[0][1]
    ([(datetime.date(2024, 1, 1), datetime.date(2024, 3, 31))], datetime.date(2023, 12, 31))
    """
    tomorrow = as_of + timedelta(days=1)
    behind = tomorrow.year * 4 + (tomorrow.month - 1) // 3
    firsts = [date(each // 4, each % 4 * 3 + 1, 1) for each in range(behind - n, behind + 1)]
    return [(first, after - timedelta(days=1)) for first, after in pairwise(firsts)]


def indicators(
    history: History, district_of: Mapping[str, str], spans: Sequence[tuple[date, date]]
) -> tuple[Shown, ...]:
    """Every indicator of the quarters, by code in the order of the table of definitions."""
    trends: dict[str, list[Figure]] = {code: [] for code in INDICATORS}
    districts: dict[str, tuple[Figure, ...]] = {}
    for first, last in spans:
        quarter = Quarter.of(history, first=days_since_epoch(first), end=days_since_epoch(last))
        district = _district_of_persons(quarter, district_of)
        for code, count in INDICATORS.items():
            city, *parts = told(count(quarter), district, (first, last))
            trends[code].append(city)
            districts[code] = tuple(parts)
    return tuple(Shown(code, tuple(trends[code]), districts[code]) for code in INDICATORS)


def told(cases: Cases, district: Sequence[str], span: tuple[date, date]) -> Iterator[Figure]:
    """The city, then each district with a person in it, ascending; what may not be told is without numbers."""
    names, place = np.unique(np.asarray(district, dtype=str), return_inverse=True)
    yes = np.bincount(place[cases.person[cases.counts]], minlength=len(names))
    no = np.bincount(place[cases.person[~cases.counts]], minlength=len(names))
    is_told = min(yes.sum(), no.sum()) >= SMALLEST_SHOWN
    yield _figure(CITY, span, int(yes.sum()), int(no.sum()), is_told=is_told)
    if not len(names):
        return
    hierarchy = Hierarchy((CITY, "district"), np.stack([np.full(len(names), CITY), names]))
    hidden = protected(np.minimum(yes, no)[:, None], hierarchy).observed("district", ONCE)
    for at, each in enumerate(hidden):
        if each.area_id != NO_DISTRICT:
            yield _figure(each.area_id, span, int(yes[at]), int(no[at]), is_told=not each.suppressed)


def read_known(desk: Desk) -> Known:
    """Everything the indicators need, of one state of the store."""
    with store_answers(), desk.histories.store().reading() as connection:
        persons, stations, areas = (read(connection, table) for table in ("persons", "stations", "areas"))
        events = _events(connection)
        snapshot = newest_digest(connection)
    return Known(History.of(events, persons), districts_of(stations, areas), areas, snapshot)


def _events(connection: sa.Connection) -> pd.DataFrame:
    """The columns of a history, without what no indicator looks at; a revision stays, for it replaces another row."""
    columns = STORED["events"].c
    looked_at = sa.and_(*(columns.kind != kind for kind in NOT_LOOKED_AT))
    query = sa.select(*(columns[name] for name in NEEDED)).where(looked_at | (columns.revision > 1))
    return frame_of(TABLES["events"], NEEDED, [row for part in fetch_plain(connection, query) for row in part])


def districts_of(stations: pd.DataFrame, areas: pd.DataFrame) -> dict[str, str]:
    """The district of each station: what the township it lies in is part of."""
    parents = areas[areas["level"].eq("township")].set_index("area_id")["parent_id"]
    district = stations["township_id"].map(parents)
    of_city = areas.loc[areas["level"].eq("district"), "area_id"]
    found = district.where(district.isin(of_city)).fillna(NO_DISTRICT)
    return dict(zip(stations["station_id"].astype(str), found.astype(str), strict=True))


def _figure(area_id: str, span: tuple[date, date], yes: int, no: int, *, is_told: bool) -> Figure:
    return Figure(area_id, *span, yes, yes + no) if is_told else Figure(area_id, *span, None, None)


def _district_of_persons(quarter: Quarter, district_of: Mapping[str, str]) -> list[str]:
    """The district of the station that last recorded something of each person; NO_DISTRICT where none is known."""
    past = quarter.past.of()
    named = past.where(past.events.code("station_id") >= 0)
    levels = quarter.past.history.levels["station_id"]
    of_code = [district_of.get(each, NO_DISTRICT) for each in levels] + [NO_DISTRICT]  # -1, none, is the last
    return [of_code[code] for code in named.last_code("station_id").tolist()]
