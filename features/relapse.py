"""The relapse features in use: which functions of the catalogue, with which lookbacks, for which substances."""

from collections.abc import Iterator
from dataclasses import dataclass

from features import family_programme, family_support, family_tests  # noqa: F401  (they fill the catalogue)
from features.catalogue import Feature, compute, make

__all__ = ["Feature", "FeatureChoice", "Repeated", "chosen", "compute"]

DEFAULT_LOOKBACKS = (30, 90, 180, 365)
CONTACTS = ("check_in", "home_visit", "family_contact", "counselling", "group_service")
PROGRAMMES = ("community_treatment", "community_rehabilitation", "methadone")
WINDOWED = ("tests_given", "positive_tests", "negative_tests", "positive_share", "missed_tests", "withheld_tests")


@dataclass(frozen=True)
class Repeated:
    """Features of weekly (or other) periods: how long a period is and how many are looked at."""

    length_days: int
    of: int


@dataclass(frozen=True)
class FeatureChoice:
    """Which relapse features to compute, as a configuration names them.

    `substances` ("" for any), `lookbacks_days`, `results_back` (how many latest results one by one), `periods`,
    `generic_kinds` (kinds that get the generic features), `told_substances` (self-reports), and `facts` (numbers by
    column) and `facts_are` (column and value) for facts at registration.
    """

    lookbacks_days: tuple[int, ...] = DEFAULT_LOOKBACKS
    substances: tuple[str, ...] = ("",)
    schedule: str = "B"
    results_back: int = 4
    periods: Repeated | None = None
    last_tests: tuple[int, ...] = ()
    told_substances: tuple[str, ...] = ()
    other_positives: tuple[str, ...] = ()
    contacts: tuple[str, ...] = CONTACTS
    programmes: tuple[str, ...] = PROGRAMMES
    generic_kinds: tuple[str, ...] = ()
    generic_values: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    facts_are: tuple[tuple[str, str], ...] = ()
    programme_only: bool = False


def chosen(choice: FeatureChoice) -> tuple[Feature, ...]:
    """The features of a choice, each once, in a fixed order."""
    parts = (_tests(choice), _periods(choice), _told(choice), _support(choice), _programme(choice), _other(choice))
    return tuple(dict.fromkeys(feature for part in parts for feature in part))


def _tests(choice: FeatureChoice) -> Iterator[Feature]:
    for substance in choice.substances:
        for code in WINDOWED:
            yield from (make(code, substance=substance, days=days) for days in (*choice.lookbacks_days, None))
        for code in ("days_since_test", "days_since_positive", "days_since_negative"):
            yield make(code, substance=substance)
        yield from (make(code, substance=substance) for code in ("negative_run", "positive_run", "missed_run"))
        yield from (make("result_positive", substance=substance, back=back) for back in range(choice.results_back))
        yield from (make("positive_trend", substance=substance, days=days) for days in choice.lookbacks_days)
        yield make("days_overdue", substance=substance, schedule=choice.schedule)
    yield from (make("positive_hair_tests", days=days) for days in choice.lookbacks_days)
    yield make("days_since_positive_hair")


def _periods(choice: FeatureChoice) -> Iterator[Feature]:
    if choice.periods is None:
        return
    length, of = choice.periods.length_days, choice.periods.of
    for substance in choice.substances:
        yield from (
            make("good_period", substance=substance, length_days=length, back=back) for back in range(min(of, 8))
        )
        for code in ("untested_periods", "positive_periods", "good_period_run"):
            yield make(code, substance=substance, length_days=length, of=of)


def _told(choice: FeatureChoice) -> Iterator[Feature]:
    for substance in choice.told_substances:
        yield from (make("reported_use_days", substance=substance, days=days) for days in choice.lookbacks_days)
        yield make("days_since_reported_use", substance=substance)
    for substance in choice.substances:
        for last in choice.last_tests:
            yield make("unreported_share", substance=substance, last=last)
            yield make("overreported_share", substance=substance, last=last)


def _support(choice: FeatureChoice) -> Iterator[Feature]:
    for kind in choice.contacts:
        for code in ("kept", "missed", "kept_share"):
            yield from (make(code, kind=kind, days=days) for days in choice.lookbacks_days)
        yield make("days_since_kept", kind=kind)
    for code in ("dose_days", "doses_missed", "dose_mean", "dose_trend"):
        yield from (make(code, days=days) for days in choice.lookbacks_days)
    yield from (make("days_since_dose"), make("dose_last"), make("employed"), make("days_in_job_state"))
    yield from (make("moves", days=days) for days in choice.lookbacks_days)
    yield from (make("leave_days", days=days) for days in choice.lookbacks_days)


def _programme(choice: FeatureChoice) -> Iterator[Feature]:
    yield make("days_in_programme")
    if choice.programme_only:
        return
    yield from (make("programme_is", programme=programme) for programme in choice.programmes)
    # days_remaining says the same as days_in_programme and would only split its contribution in two
    for code in (
        "isolations", "days_since_isolation", "days_unconfirmed", "days_to_report", "strikes",
        "absences", "absent_days", "days_since_relapse_sign",
    ):  # fmt: skip
        yield make(code)


def _other(choice: FeatureChoice) -> Iterator[Feature]:
    for substance in choice.other_positives:
        for days in choice.lookbacks_days:
            yield make("events", kind="urine_test", outcome="positive", substance=substance, days=days)
    for kind in choice.generic_kinds:
        yield from (make("events", kind=kind, outcome="", substance="", days=days) for days in choice.lookbacks_days)
        yield make("days_since", kind=kind, outcome="", substance="")
    for kind in choice.generic_values:
        yield make("value_last", kind=kind)
        yield from (make("value_mean", kind=kind, days=days) for days in choice.lookbacks_days)
    yield from (make("fact_number", column=column) for column in choice.facts)
    yield from (make("fact_is", column=column, value=value) for column, value in choice.facts_are)
