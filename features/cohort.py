"""Who may be scored at an as-of date, and why the others may not.

The refusals of the domain come first and hold for every model: a sealed record, an objection to automated
scoring, a minor, three abstinent years. What a model adds (its programmes, enough history, good periods) follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Objects
from features.asof import Visible
from features.families.clocks import abstinent_since
from features.families.programme import relapse_signs
from features.families.tests import good_period, tests_given
from features.programmes import running_since
from features.statutes import CLOCKS
from features.vocabulary import PROGRAMMES

ELIGIBLE = ""


@dataclass(frozen=True)
class GoodPeriods:
    """At least so many of the latest periods were good: a test for the substance and none positive."""

    at_least: int
    of: int
    length_days: int
    substance: str = ""


@dataclass(frozen=True)
class Cohort:
    """Who is at risk: in one of the programmes, not isolated, with enough history, no relapse in the washout."""

    programmes: tuple[str, ...] = PROGRAMMES
    minimum_tests: int = 1
    washout_days: int = 0
    substance: str = ""
    good_periods: GoodPeriods | None = None


def why_not(past: Visible, cohort: Cohort) -> Objects:
    """For each row "" when the person may be scored, else the code of the first reason why not.

    Codes: sealed, objected, under_18, abstinent_three_years, died, not_registered, insufficient_history,
    not_in_programme, isolated, in_washout, no_good_period.
    """
    return _first_of(_rules(past, cohort), why_refused(past))


def why_refused(past: Visible) -> Objects:
    """For each row "" or the code of the first refusal of law: those no model may lift, the same for every cohort.

    Codes: sealed, objected, under_18, abstinent_three_years, died. A cohort asks at the as-of date alone, else training
    would see what came later; who answers today asks at today as well, for the law is that of today.
    """
    return _first_of(_refusals(past), np.full(len(past), ELIGIBLE, dtype=object))


def _first_of(rules: Iterator[tuple[str, Flags]], reasons: Objects) -> Objects:
    """The reasons, where there is none yet the first that applies."""
    for code, applies in rules:
        reasons[applies & (reasons == ELIGIBLE)] = code
    return reasons


def _refusals(past: Visible) -> Iterator[tuple[str, Flags]]:
    yield "sealed", past.of(kind="sealed").count() > 0
    yield "objected", past.of(kind="objection").last_is("outcome", "raised") == 1
    yield "under_18", _may_be_minor(past)
    yield "abstinent_three_years", _abstinent(past)
    yield "died", past.of(kind="death").count() > 0


def _rules(past: Visible, cohort: Cohort) -> Iterator[tuple[str, Flags]]:
    yield "not_registered", _number(past, "registered_on") > past.as_of
    yield "insufficient_history", past.of().count() == 0
    yield "not_in_programme", np.isnan(running_since(past, cohort.programmes))
    yield "isolated", past.of(kind=("isolation_start", "isolation_end")).last_is("kind", "isolation_start") == 1
    yield "insufficient_history", tests_given(past, substance=cohort.substance, days=None) < cohort.minimum_tests
    if cohort.washout_days:
        yield "in_washout", relapse_signs(past).within(days=cohort.washout_days).count() > 0
    if cohort.good_periods:
        yield "no_good_period", ~_enough_good_periods(past, cohort.good_periods)


def _may_be_minor(past: Visible) -> Flags:
    """Only the year of birth is held, so a person counts as a minor until the year of the 18th birthday is over."""
    year = 1970 + past.as_of.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    return year - _number(past, "birth_year") <= CLOCKS["adult"].limit


def _number(past: Visible, column: str) -> Floats:
    """A fact that is a number, NaN where it is not recorded."""
    told = past.fact(column)
    if len(told) == 1 and (told[0] is None or isinstance(told[0], float)):  # one person online: pandas costs a score
        return np.array(told, dtype=np.float64)
    return pd.to_numeric(pd.Series(told), errors="coerce").to_numpy(dtype=np.float64)


def _abstinent(past: Visible) -> Flags:
    """Three years since the clock last began: control has ended, and with it the scoring."""
    return past.as_of - past.once(abstinent_since) >= CLOCKS["abstinence"].limit


def _enough_good_periods(past: Visible, rule: GoodPeriods) -> Flags:
    good = [
        good_period(past, substance=rule.substance, length_days=rule.length_days, back=back) for back in range(rule.of)
    ]
    return np.sum(good, axis=0) >= rule.at_least
