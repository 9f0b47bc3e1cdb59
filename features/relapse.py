"""The relapse features in use: which functions of the catalogue, with which lookbacks, for which substances.

What only says again what others say stays out (a share is chosen beside the counts it is made of, the third count is
not; days left of a term are its length less the days gone; in isolation nobody is scored). A configuration may ask
for any function of the catalogue beside, by name, in `more`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from features import families  # noqa: F401 (it fills the catalogue)
from features.asked import Asked
from features.catalogue import Feature, compute, make

__all__ = ["Asked", "Feature", "FeatureChoice", "Repeated", "chosen", "compute"]

DEFAULT_LOOKBACKS = (30, 90, 180, 365)
RARE_LOOKBACKS = (180, 365)
CONTACTS = ("check_in", "home_visit", "family_contact")
SESSIONS = ("counselling", "group_service")
PROGRAMMES = ("community_treatment", "community_rehabilitation", "methadone")


@dataclass(frozen=True)
class Repeated:
    """Features of weekly (or other) periods: how long a period is and how many are looked at."""

    length_days: int
    of: int


@dataclass(frozen=True)
class FeatureChoice:
    """Which relapse features to compute, as a configuration names them.

    `substances` ("" for any), `lookbacks_days` (`rare_lookbacks_days` for what happens a few times a year),
    `results_back` (how many latest results one by one), `periods`, `generic_kinds` (kinds that get the generic
    features), `told_substances` (self-reports), and `facts` (numbers by column) and `facts_are` (column and value) for
    facts at registration. `programme_only`: a trial, which has neither stations and their services nor statutes.
    `more`: further features, each by its function and arguments.
    """

    lookbacks_days: tuple[int, ...] = DEFAULT_LOOKBACKS
    rare_lookbacks_days: tuple[int, ...] = RARE_LOOKBACKS
    substances: tuple[str, ...] = ("",)
    schedule: str = "B"
    results_back: int = 4
    periods: Repeated | None = None
    last_tests: tuple[int, ...] = ()
    told_substances: tuple[str, ...] = ()
    other_positives: tuple[str, ...] = ()
    contacts: tuple[str, ...] = CONTACTS
    sessions: tuple[str, ...] = SESSIONS
    programmes: tuple[str, ...] = PROGRAMMES
    generic_kinds: tuple[str, ...] = ()
    generic_values: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    facts_are: tuple[tuple[str, str], ...] = ()
    programme_only: bool = False
    more: tuple[Asked, ...] = ()


def chosen(choice: FeatureChoice) -> tuple[Feature, ...]:
    """The features of a choice, each once, in a fixed order."""
    features = _of_a_trial(choice) if choice.programme_only else _of_a_city(choice)
    return tuple(dict.fromkeys((*features, *(asked.feature() for asked in choice.more))))


def _of_a_trial(choice: FeatureChoice) -> Iterator[Feature]:
    often = choice.lookbacks_days
    counts = ("tests_given", "positive_tests", "negative_tests", "positive_share", "missed_tests", "withheld_tests")
    yield from _urine(choice, counts)
    yield from _over(often, "positive_hair_tests")
    yield make("days_since_positive_hair")
    yield from _periods(choice)
    yield from _told(choice)
    yield from _sequences(choice)
    yield from _contacts(choice, ("kept", "missed", "kept_share"))
    yield from (make("longest_kept_gap", kind=kind, days=often[-1]) for kind in choice.contacts)
    yield from _over(often, "dose_days", "doses_missed", "dose_mean", "dose_trend")
    yield make("dose_days", days=None)
    yield from _over(often[-2:], "longest_dose_gap")
    yield from (make("days_since_dose"), make("dose_last"), make("employed"), make("days_in_job_state"))
    yield from _over(often, "moves", "leave_days")
    yield make("days_in_programme")
    yield from _other(choice)


def _of_a_city(choice: FeatureChoice) -> Iterator[Feature]:
    yield from _urine(choice, ("tests_given", "positive_tests", "positive_share", "missed_tests", "withheld_tests"))
    yield from _hair_and_surprise(choice)
    yield from _periods(choice)
    yield from _told(choice)
    yield from _contacts(choice, ("missed", "kept_share"))
    yield from (make("missed_contact_run", kind=kind) for kind in choice.contacts)
    yield make("days_since_met")
    yield from _treatment(choice)
    yield from _service(choice)
    yield from _life(choice)
    yield make("station_caseload")
    yield from _over(choice.rare_lookbacks_days, "station_positive_share", "station_withheld_share")
    yield from _over(choice.rare_lookbacks_days, "station_contact_share")
    yield from _programme(choice)
    yield from _other(choice)
    yield from _over(choice.rare_lookbacks_days[-1:], "unlisted_events")
    yield make("days_since_unlisted")


def _urine(choice: FeatureChoice, counts: Sequence[str]) -> Iterator[Feature]:
    for substance in choice.substances:
        for code in counts:
            yield from _over((*choice.lookbacks_days, None), code, substance=substance)
        for code in ("days_since_test", "days_since_positive", "days_since_negative"):
            yield make(code, substance=substance)
        yield from (make(code, substance=substance) for code in ("negative_run", "positive_run", "missed_run"))
        yield from (make("result_positive", substance=substance, back=back) for back in range(choice.results_back))
        yield from _over(choice.lookbacks_days, "positive_trend", substance=substance)
        yield make("days_overdue", substance=substance, schedule=choice.schedule)


def _hair_and_surprise(choice: FeatureChoice) -> Iterator[Feature]:
    rarely = choice.rare_lookbacks_days
    yield from _over(rarely, "given_of_due", schedule=choice.schedule)
    yield from _over(rarely, "surprise_tests", "surprises_not_given")
    yield from _over(rarely[-1:], "surprise_positive_share", "scheduled_positive_share")
    yield from (make("days_since_surprise"), make("surprises_in_programme"))
    yield from _over(rarely, "positive_hair_tests", "hair_tests_not_given")
    yield from (make("days_since_positive_hair"), make("days_since_hair_test"))
    yield from _over((*choice.lookbacks_days, None), "use_episodes")
    yield from _over(rarely[-1:], "uses_by_hair_alone")


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
        yield from _over(choice.lookbacks_days, "reported_use_days", substance=substance)
        yield make("days_since_reported_use", substance=substance)
    for substance in choice.substances:
        for last in choice.last_tests:
            yield make("unreported_share", substance=substance, last=last)
            yield make("overreported_share", substance=substance, last=last)


def _sequences(choice: FeatureChoice) -> Iterator[Feature]:
    """How results follow one another: where tests are weekly there is an order to see."""
    widest = choice.lookbacks_days[-1]
    for substance in choice.substances:
        for code in ("result_switches", "longest_negative_run"):
            yield from _over((*choice.lookbacks_days[-2:], None), code, substance=substance)
        yield make("days_of_same_result", substance=substance)
        yield make("longest_test_gap", substance=substance, days=widest)
        for back in range(min(choice.results_back, 4)):
            yield make("use_told_before_test", substance=substance, back=back)
            yield make("unreported_positive", substance=substance, back=back)
        yield make("reported_use_share", substance=substance)
        for code in ("reported_use_trend", "reported_use_before", "first_positive_tests"):
            yield make(code, substance=substance, days=choice.lookbacks_days[-2])


def _contacts(choice: FeatureChoice, counts: Sequence[str]) -> Iterator[Feature]:
    for kind in choice.contacts:
        yield from _over(choice.lookbacks_days, *counts, kind=kind)
        yield make("days_since_kept", kind=kind)


def _treatment(choice: FeatureChoice) -> Iterator[Feature]:
    yield from _over(choice.lookbacks_days, "covered_days", "doses_missed", "dose_mean", "dose_trend")
    yield from _over(choice.rare_lookbacks_days, "longest_dose_gap")
    yield from (make("days_since_dose"), make("dose_last"))


def _service(choice: FeatureChoice) -> Iterator[Feature]:
    for kind in choice.sessions:
        yield from _over(choice.lookbacks_days, "sessions_kept", "sessions_kept_share", kind=kind)
        yield make("days_since_session", kind=kind)
    yield from _over(choice.rare_lookbacks_days, "trainings", "trainings_missed", "placements", "assistances")
    yield from (make("days_since_placement"), make("days_since_plan"))


def _life(choice: FeatureChoice) -> Iterator[Feature]:
    yield from (make("employed"), make("days_in_job_state"))
    rarely = choice.rare_lookbacks_days
    yield from _over(
        rarely, "days_employed", "jobs_begun", "jobs_ended", "moves", "leave_days", "short_leaves", "long_leaves"
    )
    yield from _over(rarely[-1:], "ward_days")


def _programme(choice: FeatureChoice) -> Iterator[Feature]:
    yield make("days_in_programme")
    yield from (make("programme_is", programme=programme) for programme in choice.programmes)
    for code in (
        "programmes_begun", "programmes_broken_off", "agreement_signed", "isolations", "days_since_isolation",
        "last_isolation_days", "assessment_last", "days_unconfirmed", "days_to_report", "report_days_left", "strikes",
        "absences", "absent_days", "days_since_relapse_sign", "abstinent_days",
    ):  # fmt: skip
        yield make(code)
    yield from _over(choice.rare_lookbacks_days[-1:], "transfers")


def _other(choice: FeatureChoice) -> Iterator[Feature]:
    for substance in choice.other_positives:
        other = {"kind": "urine_test", "outcome": "positive", "substance": substance}
        yield from _over((*choice.lookbacks_days, None), "events", **other)
        yield make("days_since", **other)
    for kind in choice.generic_kinds:
        yield from _over(choice.lookbacks_days, "events", kind=kind, outcome="", substance="")
        yield make("days_since", kind=kind, outcome="", substance="")
    for kind in choice.generic_values:
        yield make("value_last", kind=kind)
        yield from _over(choice.lookbacks_days, "value_mean", kind=kind)
    yield from (make("fact_number", column=column) for column in choice.facts)
    yield from (make("fact_is", column=column, value=value) for column, value in choice.facts_are)


def _over(lookbacks_days: Sequence[int | None], *codes: str, **arguments: str) -> Iterator[Feature]:
    """Each function with each of the lookbacks."""
    for code in codes:
        yield from (make(code, **arguments, days=days) for days in lookbacks_days)
