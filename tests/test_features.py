"""Each family by small histories whose answer is arithmetic."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import training
from features.catalogue import CATALOGUE, Feature, make
from features.errors import ConfigError
from features.families import any_kind, clocks, contact, life, programme, schedule, self_report, tests, treatment
from features.plain import from_plain
from features.relapse import FeatureChoice, Repeated, chosen
from tests.every_feature import every_feature
from tests.tables import at, day, history
from training.config import read

TESTS = """occurred_on | known_on   | kind            | outcome   | substance | value
           2024-01-01  |            | programme_start | methadone |           |
           2024-01-08  | 2024-01-10 | urine_test      | negative  | opioid    |
           2024-01-15  | 2024-01-15 | urine_test      | positive  | heroin    |
           2024-01-15  | 2024-01-15 | urine_test      | positive  | cocaine   |
           2024-01-22  | 2024-01-22 | urine_test      | missed    |           |
           2024-01-24  | 2024-01-24 | urine_test      | evaded    |           |
           2024-01-29  | 2024-01-29 | urine_test      | negative  | opioid    |"""


@pytest.fixture
def tested():
    return at(history(TESTS), "2024-01-31")


def test_tests_are_counted_by_outcome_and_a_missed_one_is_no_negative(tested):
    assert tests.tests_given(tested, substance="", days=None).tolist() == [3]  # 8, 15 (for two substances) and 29
    assert tests.positive_tests(tested, substance="", days=30).tolist() == [1]
    assert tests.negative_tests(tested, substance="", days=30).tolist() == [2]
    assert tests.missed_tests(tested, substance="", days=30).tolist() == [1]
    assert tests.withheld_tests(tested, substance="", days=30).tolist() == [1]
    assert tests.positive_share(tested, substance="", days=30).tolist() == [1 / 3]


def test_a_heroin_test_counts_for_opioids_and_a_cocaine_test_does_not(tested):
    assert tests.positive_tests(tested, substance="opioid", days=30).tolist() == [1]
    assert tests.days_since_positive(tested, substance="opioid").tolist() == [31 - 15]
    assert tests.negative_run(tested, substance="opioid").tolist() == [1]
    assert tests.result_positive(tested, substance="opioid", back=1).tolist() == [1]


def test_a_test_not_given_counts_for_every_substance_unless_it_names_another():
    past = at(
        history("""occurred_on | kind       | outcome  | substance
                   2024-01-08  | urine_test | negative | opioid
                   2024-01-15  | urine_test | missed   |
                   2024-01-16  | urine_test | missed   | heroin
                   2024-01-17  | urine_test | missed   | cocaine
                   2024-01-18  | urine_test | negative | cocaine
                   2024-01-19  | urine_test | negative |
                   2024-01-22  | urine_test | refused  |"""),
        "2024-01-31",
    )
    assert tests.missed_tests(past, substance="opioid", days=30).tolist() == [2]
    assert tests.missed_tests(past, substance="", days=30).tolist() == [3]
    assert tests.withheld_tests(past, substance="opioid", days=30).tolist() == [1]
    assert tests.missed_run(past, substance="opioid").tolist() == [3]  # since the negative of the 8th
    assert tests.missed_run(past, substance="cocaine").tolist() == [1]
    assert tests.missed_run(past, substance="").tolist() == [1]
    assert tests.tests_given(past, substance="opioid", days=30).tolist() == [1]  # a result has to say of what


def test_a_sample_looked_at_for_three_substances_is_one_test_and_positive_if_any_is():
    past = at(
        history("""occurred_on | kind       | outcome  | substance
                   2024-01-08  | urine_test | negative | opioid
                   2024-01-15  | urine_test | negative | opioid
                   2024-01-15  | urine_test | positive | ketamine
                   2024-01-15  | urine_test | negative | cocaine
                   2024-01-22  | urine_test | positive | opioid
                   2024-01-22  | urine_test | positive | cocaine"""),
        "2024-01-20",
        "2024-01-31",
    )
    assert tests.tests_given(past, substance="", days=90).tolist() == [2, 3]
    assert tests.positive_tests(past, substance="", days=90).tolist() == [1, 2]
    assert tests.negative_tests(past, substance="", days=90).tolist() == [1, 1]
    assert tests.positive_share(past, substance="", days=90).tolist() == [1 / 2, 2 / 3]
    assert tests.positive_run(past, substance="").tolist() == [1, 2]
    assert tests.negative_run(past, substance="").tolist() == [0, 0]
    assert tests.days_since_negative(past, substance="").tolist() == [20 - 8, 31 - 8]
    assert tests.result_positive(past, substance="", back=1).tolist() == [0, 1]
    assert tests.negative_tests(past, substance="opioid", days=90).tolist() == [2, 2]


def test_a_share_of_no_tests_is_missing(tested):
    assert np.isnan(tests.positive_share(tested, substance="", days=1)).all()


def test_a_trend_compares_a_lookback_with_the_one_before(tested):
    # the last 14 days: one negative; the 14 before: one negative and one positive
    assert tests.positive_trend(tested, substance="opioid", days=14).tolist() == [0 / 1 - 1 / 2]


def test_good_periods_need_a_test_and_no_positive():
    past = at(history(TESTS), "2024-01-29")  # weeks end on Mondays: 29 good, 22 none given, 15 positive, 8 good
    good = [tests.good_period(past, substance="opioid", length_days=7, back=back)[0] for back in range(4)]
    assert good == [1, 0, 0, 1]
    assert tests.good_period_run(past, substance="opioid", length_days=7, of=4).tolist() == [1]
    assert tests.untested_periods(past, substance="opioid", length_days=7, of=4).tolist() == [1]
    assert tests.positive_periods(past, substance="opioid", length_days=7, of=4).tolist() == [1]


def test_a_test_is_overdue_after_the_interval_in_force():
    past = at(history(TESTS), "2024-02-13", "2024-02-20")  # schedule B: every 15 days in the first half year
    assert schedule.days_overdue(past, substance="", schedule="B").tolist() == [15 - 15, 22 - 15]


def test_disagreement_is_a_positive_test_nobody_told_of():
    past = at(
        history("""occurred_on | known_on   | kind        | outcome  | substance
                   2024-01-07  | 2024-01-09 | self_report | use      | heroin
                   2024-01-10  | 2024-01-10 | urine_test  | positive | opioid
                   2024-01-17  | 2024-01-17 | urine_test  | positive | opioid
                   2024-01-16  | 2024-02-17 | self_report | use      | heroin
                   2024-01-24  | 2024-01-24 | urine_test  | negative | opioid"""),
        "2024-01-31",
        "2024-02-28",
    )
    # told of the first; told of the second only in February
    assert self_report.unreported_share(past, substance="opioid", last=8).tolist() == [1 / 2, 0 / 2]
    assert self_report.overreported_share(past, substance="opioid", last=8).tolist() == [0, 0]
    assert self_report.reported_use_days(past, substance="opioid", days=90).tolist() == [1, 2]


def test_the_programme_clock_runs_from_its_start_to_its_end():
    past = at(
        history("""occurred_on | kind            | outcome
                   2024-01-01  | order           | community_treatment
                   2024-01-11  | programme_start | community_treatment
                   2024-06-01  | programme_end   | ended"""),
        "2024-01-05",
        "2024-01-21",
        "2024-06-02",
    )
    assert np.array_equal(programme.days_in_programme(past), [np.nan, 10, np.nan], equal_nan=True)
    assert np.array_equal(clocks.days_to_report(past), [np.nan, 10, 10], equal_nan=True)
    assert programme.days_remaining(past)[1] == 3 * 365 - 10
    assert programme.programme_is(past, programme="community_treatment")[1] == 1


def test_strikes_and_absences_count_from_the_first_day_of_the_programme():
    past = at(
        history("""occurred_on | kind            | outcome | value
                   2023-12-01  | urine_test      | evaded  |
                   2024-01-01  | programme_start | methadone |
                   2024-01-01  | urine_test      | refused |
                   2024-02-01  | hair_test       | evaded  |
                   2024-02-05  | absence         |         | 12"""),
        "2024-03-01",
    )
    assert clocks.strikes(past).tolist() == [2]
    assert clocks.absences(past).tolist() == [1]
    assert clocks.absent_days(past).tolist() == [12]


def test_a_hand_over_waits_until_it_is_confirmed():
    past = at(
        history("""occurred_on | kind
                   2024-01-01  | transfer_out
                   2024-01-20  | transfer_in"""),
        "2024-01-16",
        "2024-01-21",
    )
    assert programme.days_unconfirmed(past).tolist() == [15, 0]


def test_support_is_counted_where_it_was_kept():
    past = at(
        history("""occurred_on | kind       | outcome | value
                   2024-01-01  | check_in   | kept    |
                   2024-01-08  | check_in   | missed  |
                   2024-01-10  | dose       | taken   | 40
                   2024-01-11  | dose       | taken   | 60
                   2024-01-12  | dose       | missed  |
                   2024-01-15  | job_start  |         |
                   2024-01-20  | plan       |         | """),
        "2024-01-31",
    )
    assert contact.kept_share(past, kind="check_in", days=90).tolist() == [1 / 2]
    assert contact.days_since_kept(past, kind="check_in").tolist() == [30]
    assert treatment.dose_days(past, days=30).tolist() == [2]
    assert treatment.dose_mean(past, days=30).tolist() == [50]
    assert treatment.dose_last(past).tolist() == [60]
    assert life.employed(past).tolist() == [1]
    assert life.days_in_job_state(past).tolist() == [16]
    assert any_kind.events(past, kind="plan", outcome="", substance="", days=30).tolist() == [1]


def test_a_kind_nobody_knows_gets_the_generic_features():
    past = at(history("occurred_on | kind | value\n2024-01-01 | yoga | 3"), "2024-01-05")
    assert any_kind.events(past, kind="yoga", outcome="", substance="", days=None).tolist() == [1]
    assert any_kind.days_since(past, kind="yoga", outcome="", substance="").tolist() == [4]
    assert any_kind.value_mean(past, kind="yoga", days=30).tolist() == [3]


def test_facts_are_read_as_numbers_or_compared_as_words():
    persons = pd.DataFrame({"person_id": ["P1", "P2"], "arm": ["a", None], "score": ["3", "unknown"]})
    past = history("person_id | occurred_on | kind\nP1 | 2024-01-01 | plan\nP2 | 2024-01-01 | plan", persons)
    first, second = (at(past, "2024-01-05", person_id=person_id) for person_id in ("P1", "P2"))
    assert any_kind.fact_is(first, column="arm", value="a").tolist() == [1]
    assert np.isnan(any_kind.fact_is(second, column="arm", value="a")).all()
    assert any_kind.fact_number(first, column="score").tolist() == [3]
    assert np.isnan(any_kind.fact_number(second, column="score")).all()
    assert np.isnan(any_kind.fact_number(second, column="absent")).all()


def test_every_feature_of_a_choice_has_a_name_of_its_own_and_survives_being_written_down():
    features = chosen(FeatureChoice(periods=Repeated(7, 8), last_tests=(3,), told_substances=("opioid",)))
    names = [feature.name for feature in features]
    assert len(set(names)) == len(names)
    assert tuple(Feature.from_plain(feature.to_plain()) for feature in features) == features
    assert "missed_tests_90d" in names


def test_a_configuration_may_ask_for_any_function_of_the_catalogue():
    asked = [asked_for(feature) for feature in every_feature()]
    task = from_plain({"more": asked}, FeatureChoice, where="task.toml")
    assert {feature.code for feature in chosen(task)} == set(CATALOGUE)
    assert set(every_feature()) <= set(chosen(task))


def asked_for(feature):
    """What a TOML file says to ask for a feature."""
    return {"code": feature.code, **{name: value for name, value in feature.arguments if value is not None}}


def test_what_is_left_out_means_any_substance_and_all_time():
    task = from_plain({"more": [{"code": "missed_tests"}, {"code": "days_remaining"}]}, FeatureChoice, where="x")
    assert chosen(task)[-1:] == (make("days_remaining"),)
    assert make("missed_tests", substance="", days=None) in chosen(task)
    assert len(chosen(task)) == len(chosen(FeatureChoice())) + 1  # the other was there already


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"code": "shoe_size"}, "no function 'shoe_size'"),
        ({"code": "kept"}, "takes the arguments: kind, days"),
        ({"code": "employed", "days": 30}, "takes the arguments: none"),
        ({"code": "dose_trend"}, "needs a lookback"),
        ({"code": "missed_tests", "days": 0}, "days is 1 or more"),
        ({"code": "missed_tests", "substance": "tea"}, "substance is one of opioid"),
        ({"code": "days_overdue", "schedule": "C"}, "schedule is one of A, B"),
        ({"code": "missed_tests", "day": 30}, "no key 'more.day'"),
    ],
)
def test_what_a_configuration_cannot_ask_for_is_named(asked, told):
    with pytest.raises(ConfigError, match=told):
        chosen(from_plain({"more": [asked]}, FeatureChoice, where="task.toml"))


def test_the_default_choice_stays_within_what_a_station_can_survey():
    names = [feature.name for feature in chosen(FeatureChoice())]
    assert 150 <= len(names) <= 200
    assert len(set(names)) == len(names)


def test_the_trials_keep_the_columns_their_figures_were_published_with():
    published = (Path(__file__).parent / "ctn0094_columns.txt").read_text(encoding="utf-8").split()
    trials = read(Path(training.__file__).parent / "ctn0094.toml")
    assert [feature.name for feature in chosen(trials.features)] == published


def test_every_function_of_the_catalogue_says_its_meaning_and_what_absence_gives():
    for definition in CATALOGUE.values():
        assert definition.meaning.count(". ") >= 1, definition.code
        assert definition.unit


def test_an_unknown_feature_or_argument_is_named():
    with pytest.raises(ConfigError, match="no function 'shoe_size'"):
        make("shoe_size")
    with pytest.raises(ConfigError, match="takes the arguments: substance, days"):
        make("missed_tests", days=30)


def test_days_are_whole_days():
    assert day("1970-01-02") == 1
