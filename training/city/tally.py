"""Counts of a block from which the city's rates are made: how many, of how many."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from features.arrays import Flags, Ints
from features.statutes import CLOCKS
from training.city.diary import Diary
from training.city.ground import Ground
from training.city.rows import Rows, code, codes, where
from training.city.testing import NEGATIVE, POSITIVE

NOT_YET = 10**9


@dataclass(frozen=True)
class Tally:
    """By quantity, the count and what it is a share of; tallies of blocks add up."""

    count: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.count + other.count, self.of + other.of)

    def share(self, name: str) -> float:
        """The count over what it is a share of; NaN when there is nothing to share."""
        return self.count[name] / self.of[name] if self.of[name] else float("nan")


def tally(diary: Diary, recorded: Rows, n_known: int, ground: Ground) -> Tally:
    """The counts of a block."""
    counted = Tally()
    n_persons = diary.alive.shape[1]
    measures = [
        ("records", n_known, n_persons),
        *_fates(diary, recorded, ground),
        *_orders(recorded, ground),
        *_year(diary, recorded, ground),
        *_runs(diary),
    ]
    for name, count, of in measures:
        counted.count[name], counted.of[name] = int(count), int(of)
    return counted


def _first_day(recorded: Rows, chosen: Flags, n_persons: int) -> Ints:
    """By person the first day among the chosen rows; NOT_YET for who has none."""
    day = np.full(n_persons, NOT_YET)
    np.minimum.at(day, recorded["person"][chosen], recorded["occurred_on"][chosen])
    return day


def _fates(diary: Diary, recorded: Rows, ground: Ground) -> Iterator[tuple[str, int, int]]:
    """What came first within three years of the start of a first community programme, of those who began in time.

    Relapse is what the city can see of it: a positive urine or hair test, or admission to isolation.
    """
    n = diary.alive.shape[1]
    started = where(recorded, kind="programme_start") & (recorded["outcome"] != code("outcome", "methadone"))
    entry = _first_day(recorded, started, n)
    last = entry + CLOCKS["community_treatment"].limit
    followed = (entry >= ground.weeks.first) & (last <= ground.weeks.until)
    ended = where(recorded, kind="programme_end")
    firsts = {
        "relapsed": np.minimum(_first_positive(diary, entry, ground), _after(recorded, "isolation_start", entry)),
        "imprisoned": _first_day(recorded, ended & (recorded["outcome"] == code("outcome", "imprisoned")), n),
        "died": _first_day(recorded, where(recorded, kind="death"), n),
        "lost": _first_day(recorded, ended & (recorded["outcome"] == code("outcome", "lost")), n),
    }
    soonest = np.min(list(firsts.values()), axis=0)
    for name, day in firsts.items():
        yield name, (followed & (day == soonest) & (day <= last)).sum(), followed.sum()
    yield "no_relapse", (followed & (soonest > last)).sum(), followed.sum()
    used_week = np.where(diary.used, ground.weeks.mondays()[:, None], -1)
    truly = ((used_week > entry) & (used_week <= last)).any(axis=0)
    yield "no_use", (followed & ~truly).sum(), followed.sum()


def _after(recorded: Rows, kind: str, since: Ints) -> Ints:
    chosen = where(recorded, kind=kind) & (recorded["occurred_on"] > since[recorded["person"]])
    return _first_day(recorded, chosen, len(since))


def _first_positive(diary: Diary, since: Ints, ground: Ground) -> Ints:
    """The Monday of the first week after `since` with a positive test. From the diary: it began before records open."""
    monday = ground.weeks.mondays()[:, None]
    positive = ((diary.urine == POSITIVE) | (diary.hair == POSITIVE)) & (monday + 6 > since)
    return np.where(positive, monday, NOT_YET).min(axis=0)


def _orders(recorded: Rows, ground: Ground) -> Iterator[tuple[str, int, int]]:
    """Orders followed by a report within the 15 days, and releases met."""
    limit = CLOCKS["report_after_order"].limit
    order, start = (recorded[where(recorded, kind=kind)] for kind in ("order", "programme_start"))
    order = order[order["occurred_on"] <= ground.weeks.until - limit]
    key = np.sort(start["person"].astype(np.int64) * NOT_YET + start["occurred_on"])
    begun = order["person"].astype(np.int64) * NOT_YET + order["occurred_on"]
    followed = np.searchsorted(key, begun + limit, side="right") > np.searchsorted(key, begun, side="left")
    yield "executed", followed.sum(), len(order)
    visit = recorded[where(recorded, kind="home_visit", note="release")]
    yield "met", where(visit, outcome="kept").sum(), len(visit)


def _year(diary: Diary, recorded: Rows, ground: Ground) -> Iterator[tuple[str, int, int]]:
    """Of those under control for most of the last year: met and tested in it, family met in it, employed at its end."""
    n = diary.alive.shape[1]
    under = (diary.routine | diary.aftercare)[-52:]
    control = under[-1] & (under.sum(axis=0) >= 26)
    recent = recorded[
        (recorded["occurred_on"] > ground.weeks.until - 365) & (recorded["occurred_on"] <= ground.weeks.until)
    ]
    given = np.isin(recent["kind"], codes("kind", ("urine_test", "hair_test")))
    given &= np.isin(recent["outcome"], codes("outcome", ("positive", "negative")))
    kept = recent["outcome"] == code("outcome", "kept")
    met = kept & np.isin(recent["kind"], codes("kind", ("check_in", "home_visit")))
    family = kept & where(recent, kind="family_contact")
    tested, seen, with_family = (np.bincount(recent["person"][each], minlength=n) > 0 for each in (given, met, family))
    yield "met_and_tested", (control & tested & seen).sum(), control.sum()
    yield "family_met", (control & with_family).sum(), control.sum()
    yield "employed", (control & diary.employed[-1]).sum(), control.sum()
    yield "in_aftercare", (control & diary.aftercare[-1]).sum(), control.sum()


def _runs(diary: Diary) -> Iterator[tuple[str, int, int]]:
    """True use in the next four weeks, after three weeks without use and after three with it, in a programme."""
    used, routine = diary.used, diary.routine
    n = used.shape[0] - 6
    ahead = np.any([used[3 + week : 3 + week + n] for week in range(4)], axis=0)
    in_programme = routine[2 : 2 + n]
    for name, want in (("after_clean", False), ("after_use", True)):
        run = in_programme & np.all([used[week : week + n] == want for week in range(3)], axis=0)
        yield name, (run & ahead).sum(), run.sum()
    given = np.isin(diary.urine, (POSITIVE, NEGATIVE))
    yield "positive_tests", (diary.urine == POSITIVE).sum(), given.sum()
