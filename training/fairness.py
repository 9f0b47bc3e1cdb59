"""The fairness audit: is the risk right within each group, whom does a list leave out, and who is merely tested more.

Calibration within groups comes first: with unequal shares of relapse no score is both calibrated within groups and
equal in its errors (Kleinberg, Mullainathan and Raghavan 2017, doi:10.4230/LIPIcs.ITCS.2017.43; Chouldechova 2017,
doi:10.1089/big.2016.0047), and a list is fair first of all when a risk of 20 % means the same for everyone.
Protected attributes are read here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from features.snapshot import Snapshot
from training.capacity import listed
from training.evaluate import Estimate, Sampling, draws, estimate, intercept, ratio, slope

AGE_BANDS = ((0, "under 25"), (25, "25-34"), (35, "35-44"), (45, "45-54"), (55, "55 and over"))
RECORDED = ("sex", "ethnicity", "household_register")
ATTRIBUTES = ("sex", "age_band", "ethnicity", "household_register", "district")
EVERYONE = "everyone"


@dataclass(frozen=True)
class Audit:
    """How an audit is made: from how many persons and relapses on a group is told of, resamples, seed, list size."""

    least_persons: int = 50
    least_relapses: int = 10
    resamples: int = 200
    seed: int = 7
    persons_a_worker: int = 5


@dataclass(frozen=True)
class Group:
    """One group: its size and figures; all None and empty where it is too small to be told of."""

    persons: int | None = None
    rows: int | None = None
    relapses: int | None = None
    figures: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True)
class Fairness:
    """The audit: everyone, and by attribute its groups; None for an attribute that is not recorded."""

    everyone: Group
    attributes: Mapping[str, Mapping[str, Group] | None]
    least_persons: int
    least_relapses: int


@dataclass(frozen=True)
class Registers:
    """The tables that say who belongs to which group: persons, stations and areas of the contract."""

    persons: pd.DataFrame
    stations: pd.DataFrame
    areas: pd.DataFrame

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Registers":
        """The tables of a snapshot."""
        return cls(*(snapshot.read(name) for name in ("persons", "stations", "areas")))


def groups_of(rows: pd.DataFrame, registers: Registers) -> dict[str, "pd.Series[str] | None"]:
    """By attribute the group of each row (person_id, as_of, station), missing where unknown; None if not recorded.

    The age band is that at the as-of date; the district that of the township of the station the row was last seen at.
    """
    persons = registers.persons.set_index("person_id")
    told: dict[str, pd.Series | None] = {
        name: rows["person_id"].map(persons[name]) if name in persons else None for name in RECORDED
    }
    told["age_band"] = _age_bands(rows, persons["birth_year"]) if "birth_year" in persons else None
    told["district"] = _districts(rows["station"], registers)
    return {name: None if (of := told[name]) is None or of.isna().all() else of for name in ATTRIBUTES}


def audit(
    rows: pd.DataFrame,
    risk: Floats,
    groups: Mapping[str, "pd.Series[str] | None"],
    *,
    workers: Mapping[str, int],
    how: Audit,
) -> Fairness:
    """The figures of every group over judged rows (person_id, as_of, station, relapse, weight, surprise) and risks.

    Figures: `slope`, `intercept` (log-odds by which risks are too low), `risk` and `relapse` (means),
    `predicted_over_observed`, `intercept_weighted` (rows stand for those nobody observed too),
    `found_relative` and `surprise_relative` (observed over predicted, relative to everyone: by all tests, and by
    surprise tests alone; where the first is higher, the group is found more because it is looked at more), and where
    stations have workers `selected` (share of rows on the list), `missed` (share of relapses not on it), and
    `missed_gap` (to all), the last two also `_weighted`.
    """
    bench = _bench(rows, risk, workers, how)
    everyone = np.ones(len(rows), dtype=np.bool_)
    return Fairness(
        everyone=_group(bench, everyone, how),
        attributes={
            name: None if of is None else {str(each): _group(bench, _is(of, each), how) for each in _names(of)}
            for name, of in groups.items()
        },
        least_persons=how.least_persons,
        least_relapses=how.least_relapses,
    )


@dataclass(frozen=True)
class _Bench:
    """What all groups share: columns of the rows, their persons, and one set of resamples of persons."""

    person: Ints
    relapse: Floats  # NaN where not observed
    surprise: Floats  # NaN without a surprise test
    weight: Floats
    risk: Floats
    on_list: Flags | None
    by_person: Sampling

    def sums(self, values: Floats) -> Floats:
        """The values added up by person: a ratio of sums needs no more, and far less memory than its rows."""
        summed = np.bincount(self.person, values, minlength=self.by_person.drawn.shape[1])
        return summed.astype(np.float64)


def _bench(rows: pd.DataFrame, risk: Floats, workers: Mapping[str, int], how: Audit) -> _Bench:
    ids, person = np.unique(rows["person_id"].to_numpy(dtype=object), return_inverse=True)
    has_workers = rows["station"].isin(list(workers)).any()
    return _Bench(
        person=person.astype(np.int64),
        relapse=rows["relapse"].to_numpy(dtype=np.float64),
        surprise=rows["surprise"].to_numpy(dtype=np.float64),
        weight=rows["weight"].to_numpy(dtype=np.float64),
        risk=risk,
        on_list=listed(rows, risk, workers, persons_a_worker=how.persons_a_worker) if has_workers else None,
        by_person=draws(ids, resamples=how.resamples, seed=how.seed),
    )


def _group(bench: _Bench, inside: Flags, how: Audit) -> Group:
    seen = inside & ~np.isnan(bench.relapse)
    persons, relapses = len(np.unique(bench.person[seen])), int(bench.relapse[seen].sum())
    if persons < how.least_persons or min(relapses, int(seen.sum()) - relapses) < how.least_relapses:
        return Group()
    figures = _calibration(bench, seen) | _testing(bench, inside, seen, least=how.least_relapses)
    if bench.on_list is not None:
        figures |= _at_capacity(bench, inside, bench.on_list)
    return Group(persons, int(seen.sum()), relapses, figures)


def _calibration(bench: _Bench, seen: Flags) -> dict[str, Estimate]:
    y, risk = bench.relapse[seen], bench.risk[seen]
    of_rows = Sampling(bench.by_person.drawn[:, bench.person[seen]])
    ones = seen.astype(np.float64)
    return {
        "slope": estimate(slope, y, risk, of_rows),
        "intercept": estimate(intercept, y, risk, of_rows),
        "intercept_weighted": estimate(intercept, y, risk, of_rows, weight=bench.weight[seen]),
        "risk": _ratio(bench, bench.risk * ones, ones),
        "relapse": _ratio(bench, np.where(seen, bench.relapse, 0.0), ones),
        "predicted_over_observed": _ratio(bench, bench.risk * ones, np.where(seen, bench.relapse, 0.0)),
    }


def _testing(bench: _Bench, inside: Flags, seen: Flags, *, least: int) -> dict[str, Estimate]:
    """Observed over predicted relative to everyone, by the label and by surprise tests alone.

    By surprise tests only where so many of them were positive: resampling persons with none gives no interval.
    """
    tested = ~np.isnan(bench.surprise)
    told = {"found_relative": _relative(bench, bench.relapse, seen, ~np.isnan(bench.relapse))}
    if np.nansum(bench.surprise[tested & inside]) >= least:
        told["surprise_relative"] = _relative(bench, bench.surprise, tested & inside, tested)
    return told


def _at_capacity(bench: _Bench, inside: Flags, on_list: Flags) -> dict[str, Estimate]:
    relapsed = (bench.relapse == 1).astype(np.float64)  # NaN is not
    figures = {"selected": _ratio(bench, (inside & on_list).astype(np.float64), inside.astype(np.float64))}
    for name, of_them in (("", relapsed), ("_weighted", relapsed * bench.weight)):
        missed = of_them * ~on_list
        figures[f"missed{name}"] = _ratio(bench, missed * inside, of_them * inside)
        figures[f"missed_gap{name}"] = _gap(bench, missed, of_them, inside)
    return figures


def _relative(bench: _Bench, outcome: Floats, mine: Flags, all_of_them: Flags) -> Estimate:
    came = np.where(all_of_them, outcome, 0.0)
    parts = [bench.sums(each) for each in (came * mine, bench.risk * mine, came, bench.risk * all_of_them)]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (parts[0].sum() / parts[1].sum()) / (parts[2].sum() / parts[3].sum())
        observed, predicted, all_observed, all_predicted = (bench.by_person.drawn @ each for each in parts)
        again = (observed / predicted) / (all_observed / all_predicted)
    return _estimate(float(value), again)


def _gap(bench: _Bench, part: Floats, whole: Floats, inside: Flags) -> Estimate:
    """The ratio inside a group less that of all rows, from the same resamples."""
    parts = [bench.sums(each) for each in (part * inside, whole * inside, part, whole)]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = parts[0].sum() / parts[1].sum() - parts[2].sum() / parts[3].sum()
        mine, of_mine, alls, of_all = (bench.by_person.drawn @ each for each in parts)
        again = mine / of_mine - alls / of_all
    return _estimate(float(value), again)


def _ratio(bench: _Bench, part: Floats, whole: Floats) -> Estimate:
    return ratio(bench.sums(part), bench.sums(whole), bench.by_person)


def _estimate(value: float, again: Floats) -> Estimate:
    again = again[np.isfinite(again)]
    if not len(again) or not np.isfinite(value):
        return Estimate(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(again, [0.025, 0.975])
    return Estimate(value, float(low), float(high))


def _names(of: "pd.Series[str]") -> list[str]:
    return sorted(of.dropna().unique())


def _is(of: "pd.Series[str]", name: str) -> Flags:
    return of.eq(name).fillna(False).to_numpy(dtype=np.bool_)


def _age_bands(rows: pd.DataFrame, birth_year: "pd.Series[float]") -> "pd.Series[str]":
    year = pd.to_datetime(rows["as_of"], unit="D").dt.year
    edges = [*(start for start, _ in AGE_BANDS), np.inf]
    age = year - rows["person_id"].map(birth_year)
    return pd.cut(age, edges, right=False, labels=[name for _, name in AGE_BANDS]).astype("str")


def _districts(stations: "pd.Series[str]", registers: Registers) -> "pd.Series[str] | None":
    if registers.stations.empty or registers.areas.empty:
        return None
    township = registers.stations.set_index("station_id")["township_id"]
    district = registers.areas.set_index("area_id")["parent_id"]
    return stations.map(township).map(district)
