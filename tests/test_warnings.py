"""A warning names place and period, and its numbers are too coarse to give a count under ten away."""

from datetime import date, timedelta

import pytest

from features.intake import ingest
from features.store import Store
from models.scan import EarlyWarning
from serving.area_messages import Warnings
from serving.warnings import RECURRENCES_WEEKS, told
from serving.wording import wording
from tests.serving_helpers import AS_OF, HOTSPOTS, TODAY, ask, build_city, serving

AS_OF_DAY = date.fromisoformat(AS_OF)


def outbreak(folder):
    """Thirty treatment entries in township T1 in the week before the as-of date, where two a week are usual."""
    days = [AS_OF_DAY - timedelta(days=number % 6 + 1) for number in range(30)]
    lines = [f"{day},{day},treatment_entry,service,T1\n" for day in days]
    (folder / "incidents.csv").write_text("occurred_on,known_on,kind,reported_by,area_id\n" + "".join(lines))
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    city = build_city(tmp_path_factory.mktemp("city"), n_persons=30)
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        ingest(outbreak(tmp_path_factory.mktemp("more")), store, received_on=TODAY, backfill=True)
    with serving(city.home, tmp_path_factory.mktemp("log") / "service.log") as address:
        yield address


def a_warning(observed, expected=0.3, *, weeks=4, chance=0.01):
    return EarlyWarning("township", "T1", 0, ("T1",), weeks, observed, expected, chance)


def test_counts_under_ten_are_told_alike():
    assert {told(a_warning(observed)) for observed in range(1, 10)} == {told(a_warning(5))}
    assert told(a_warning(5)).observed is None


def test_a_count_is_rounded_down_to_tens_and_what_was_expected_to_a_band():
    numbers = told(a_warning(27, 11.4))
    assert (numbers.observed, numbers.at_least, numbers.below) == (20, 11.0, 12.0)


@pytest.mark.parametrize(("chance", "weeks"), [(0.05, 20), (0.03, 20), (0.01, 52), (0.0001, 520)])
def test_how_rare_a_warning_is_comes_in_few_steps(chance, weeks):
    assert told(a_warning(5, chance=chance)).recurrence_weeks == weeks
    assert weeks in RECURRENCES_WEEKS


def test_the_warnings_of_a_day_are_told_with_the_model_that_forecast(url):
    answer = ask(f"{url}/v1/warnings?as_of={AS_OF}&language=en")
    assert answer.status == 200, answer.body[:500]
    found = Warnings.model_validate_json(answer.body)
    assert (found.level, found.model.name, found.false_alarms) == ("township", HOTSPOTS, 0.05)
    assert "nothing of any person" in found.note


@pytest.mark.parametrize(("language", "said"), [("en", "or more incidents; forecast were"), ("zh-CN", "起或以上")])
def test_an_outbreak_is_warned_of_by_place_period_and_rounded_numbers(url, language, said):
    found = Warnings.model_validate_json(ask(f"{url}/v1/warnings?as_of={AS_OF}&language={language}").body)
    first = found.warnings[0]
    assert "T1" in first.area_ids
    assert str(first.last_day) == AS_OF
    assert first.observed % 10 == 0
    assert first.observed >= 30 > first.expected_below
    assert said in first.text


@pytest.mark.parametrize(
    ("query", "status"), [("as_of=2199-01-01", 422), (f"as_of={AS_OF}&weeks=3", 422), ("as_of=2022-01-02", 409)]
)
def test_warnings_that_cannot_be_given_are_refused_as_forecasts_are(url, query, status):
    assert ask(f"{url}/v1/warnings?{query}").status == status


def test_warnings_asked_for_again_are_the_same_and_those_of_another_language_are_not(url):
    first, again, other = (
        ask(f"{url}/v1/warnings?as_of={AS_OF}&language={language}").body for language in ("en", "en", "zh-CN")
    )
    assert first == again != other
    assert Warnings.model_validate_json(other).language == "zh-CN"


@pytest.mark.parametrize(("language", "hidden"), [("en", "fewer than 10"), ("zh-CN", "不足10")])
def test_what_is_too_few_to_tell_is_said_so(language, hidden):
    assert hidden in wording(language).warning("hidden", smallest=10)
