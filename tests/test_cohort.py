"""Who may be scored, and the reason why the others may not."""

import pandas as pd
import pytest

from features.cohort import Cohort, GoodPeriods, why_not, why_refused
from tests.tables import at, day, history

IN_PROGRAMME = """occurred_on | kind            | outcome
                  2024-01-01  | programme_start | community_treatment
                  2024-01-10  | urine_test      | negative
                  """


def reason(text, *dates, cohort=None, persons=None):
    return list(why_not(at(history(text, persons), *dates), cohort or Cohort()))


def test_a_person_in_a_programme_with_a_test_may_be_scored():
    assert reason(IN_PROGRAMME, "2024-01-09", "2024-01-10") == ["insufficient_history", ""]


def test_before_anything_is_known_there_is_no_history():
    assert reason(IN_PROGRAMME, "2023-12-31") == ["insufficient_history"]


def test_nobody_is_scored_before_registration():
    persons = pd.DataFrame({"person_id": ["P1"], "registered_on": [day("2024-02-01")]})
    assert reason(IN_PROGRAMME, "2024-01-31", "2024-02-01", persons=persons) == ["not_registered", ""]


def test_outside_a_programme_there_is_no_score():
    ended = IN_PROGRAMME + "2024-02-01 | programme_end | completed"
    assert reason(ended, "2024-02-01") == ["not_in_programme"]
    assert reason(IN_PROGRAMME, "2024-02-01", cohort=Cohort(programmes=("methadone",))) == ["not_in_programme"]


def test_in_isolation_there_is_no_score_until_release():
    text = IN_PROGRAMME + "2024-02-01 | isolation_start |\n2024-08-01 | isolation_end |"
    assert reason(text, "2024-03-01", "2024-08-02") == ["isolated", ""]


def test_a_sealed_record_is_never_scored():
    assert reason(IN_PROGRAMME + "2024-02-01 | sealed |", "2024-01-31", "2024-02-01") == ["", "sealed"]


def test_an_objection_holds_until_it_is_taken_back():
    text = IN_PROGRAMME + "2024-02-01 | objection | raised\n2024-03-01 | objection | withdrawn"
    assert reason(text, "2024-02-15", "2024-03-01") == ["objected", ""]


def test_a_minor_is_not_scored_and_the_year_of_the_birthday_still_counts_as_minor():
    persons = pd.DataFrame({"person_id": ["P1"], "birth_year": [2006.0]})
    later = IN_PROGRAMME + "2025-01-10 | urine_test | negative"
    assert reason(later, "2024-06-01", "2025-01-11", persons=persons) == ["under_18", ""]


def test_three_abstinent_years_end_the_scoring():
    positive = IN_PROGRAMME + "2024-06-01 | urine_test | positive"
    assert reason(IN_PROGRAMME, "2026-12-30", "2026-12-31") == ["", "abstinent_three_years"]
    assert reason(positive, "2026-12-31", "2027-06-01") == ["", "abstinent_three_years"]


def test_a_recent_relapse_is_left_out_by_a_washout():
    positive = IN_PROGRAMME + "2024-06-01 | urine_test | positive"
    assert reason(positive, "2024-06-15", "2024-07-02", cohort=Cohort(washout_days=30)) == ["in_washout", ""]


def test_a_good_period_may_be_asked_for():
    rule = Cohort(good_periods=GoodPeriods(at_least=1, of=4, length_days=7))
    assert reason(IN_PROGRAMME, "2024-01-30", "2024-02-20", cohort=rule) == ["", "no_good_period"]


REFUSED = {
    "sealed": "2024-02-01 | sealed |",
    "objected": "2024-02-01 | objection | raised",
    "abstinent_three_years": "",
    "died": "2024-02-01 | death |",
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_of_law_is_asked_at_the_day_it_is_asked_for(code):
    past = history(IN_PROGRAMME + REFUSED[code])
    assert list(why_refused(at(past, "2024-01-31"))) == [""]
    later = "2026-12-31" if code == "abstinent_three_years" else "2024-02-01"
    assert list(why_refused(at(past, later))) == [code]
    assert reason(IN_PROGRAMME + REFUSED[code], "2024-01-31") == [""]  # a cohort knows nothing of later


def test_what_only_a_model_asks_for_is_no_refusal_of_law():
    outside = at(history("occurred_on | kind | outcome\n2024-01-10 | check_in | kept"), "2024-02-01")
    assert list(why_not(outside, Cohort())) == ["not_in_programme"]
    assert list(why_refused(outside)) == [""]


def test_the_clock_of_the_law_does_not_run_in_a_trial():
    trial = IN_PROGRAMME.replace("community_treatment", "trial")
    assert reason(trial, "2028-01-01") == [""]
