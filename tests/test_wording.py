"""The sentences: the same keys in both languages, one for everything that can be said, none that is never said."""

import re
import string
import time
from datetime import date

import numpy as np
import pytest

from features import vocabulary
from features.catalogue import CATALOGUE, make
from features.languages import LANGUAGES
from features.relapse import FeatureChoice, chosen
from features.schema import TABLES
from features.statutes import REFUSAL_ARTICLES
from serving import disclosure
from serving.disclosure import AreaReason, Band
from serving.problems import STATUS
from serving.wording import preferred, wording
from training.config import HERE, read

COHORT_CODES = {
    "died", "not_registered", "insufficient_history", "not_in_programme", "isolated", "in_washout", "no_good_period",
}  # fmt: skip
EVERYTHING = FeatureChoice(
    substances=("", "opioid"),
    told_substances=("opioid",),
    last_tests=(3,),
    other_positives=("cocaine",),
    generic_kinds=("plan", "dance_class"),
    generic_values=("withdrawal_score",),
    facts=("birth_year", "iv_days_30"),
    facts_are=(("arm", "Methadone"), ("primary_substance", "opioid")),
)


SUNDAY = date(2025, 12, 28)
OF_SOME_NUMBERS = {"zero", "below", "over"}  # where the sentence for all others would read odd


def leaves(texts, path=()):
    for key, value in texts.items():
        yield from leaves(value, (*path, key)) if isinstance(value, dict) else [((*path, key), value)]


def all_features():
    made = set(chosen(EVERYTHING))
    periods = [make("good_period", substance="", length_days=7, back=back) for back in (0, 2)]
    runs = [make(code, substance="opioid", length_days=7, of=12) for code in ("untested_periods", "positive_periods")]
    return [*made, *periods, *runs, make("good_period_run", substance="", length_days=7, of=12)]


def test_both_languages_have_the_same_keys():
    zh, en = ({path for path, _ in leaves(wording(language).texts)} for language in LANGUAGES)
    assert zh ^ en == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_text_for_every_code_and_no_other(language):
    texts = wording(language).texts
    assert set(texts["features"]) == set(CATALOGUE)
    assert set(texts["kinds"]) == set(vocabulary.KINDS)
    assert set(texts["outcomes"]) == {
        outcome for kind in vocabulary.KINDS.values() for outcome in kind.outcomes if outcome not in texts["programmes"]
    }
    assert {kind: set(told) for kind, told in texts["events"].items()} == {
        name: {"programme"} if kind.outcomes == vocabulary.PROGRAMMES else set(kind.outcomes)
        for name, kind in vocabulary.KINDS.items()
        if kind.outcomes
    }
    assert set(texts["programmes"]) == set(vocabulary.PROGRAMMES)
    assert set(texts["substances"]) == set(vocabulary.SUBSTANCES)
    tasks = [read(path).features for path in (HERE / "relapse.toml", HERE / "ctn0094.toml")]
    asked = {column for task in tasks for column in (*task.facts, *(column for column, _ in task.facts_are))}
    assert set(texts["facts"]) == set(TABLES["persons"].names) - {"person_id", "display_name"} | asked
    assert set(texts["refusal"]) == {*REFUSAL_ARTICLES, *COHORT_CODES, "unknown_person"}
    assert set(texts["problems"]) == set(STATUS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feature_has_the_variants_its_unit_and_meaning_ask_for(language):
    for code, texts in wording(language).texts["features"].items():
        definition = CATALOGUE[code]
        expected = {"yes", "no"} if definition.unit == "yes or no" else {"value"}
        if code.endswith("_trend"):
            expected = {"up", "down", "same"}
        if re.search(r"[.;] [Mm]issing (if|outside)", definition.meaning):
            expected |= {"missing"}
        if "value" in expected:
            expected |= OF_SOME_NUMBERS & set(texts)
        assert set(texts) == expected, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cohort_gives_no_reason_without_a_text(language):
    from features import cohort  # the docstring is the list

    told = re.search(r"Codes: (.*?)\.", cohort.why_not.__doc__, re.DOTALL).group(1)
    assert {code.strip() for code in told.split(",")} <= set(wording(language).texts["refusal"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_is_spelled_without_an_open_slot(language):
    for feature in all_features():
        unit = feature.definition.unit
        values = (0.0, 1.0) if unit == "yes or no" else (0.0, 0.5, -0.5, 3.0)
        missing = (np.nan,) if "missing" in wording(language).texts["features"][feature.code] else ()
        for value in (*values, *missing):
            text = wording(language).reason(feature, value)
            assert text, feature.name
            assert not set("{}") & set(text), feature.name
            assert "None" not in text, feature.name
            assert "  " not in text, feature.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_use_no_slot_that_is_never_filled(language):
    known = {
        "value", "window", "days", "substance", "kind", "programme", "column", "expected", "what", "which", "period",
        "length", "of", "last", "back", "name", "count", "text", "most", "names", "weeks", "low", "high", "at_least",
        "below", "percent", "outcome", "latest_ones", "place", "first", "observed", "recurrence", "smallest",
        "day", "station", "model", "epsilon", "latitude", "longitude", "effect", "happened", "missed", "drug",
    }  # fmt: skip
    for path, text in leaves(wording(language).texts):
        slots = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert slots <= known, path


@pytest.mark.parametrize(
    ("feature", "value", "zh", "en"),
    [
        (make("missed_tests", substance="", days=90), 2.0, "近90天尿检未到（缺检）2次",
         "Missed urine tests in the last 90 days: 2"),
        (make("missed_tests", substance="", days=None), 2.0, "有记录以来尿检未到（缺检）2次",
         "Missed urine tests so far: 2"),
        (make("positive_tests", substance="opioid", days=28), 1.0, "近28天阿片类尿检阳性1次",
         "Positive urine tests for opioids in the last 28 days: 1"),
        (make("positive_share", substance="", days=90), 1 / 3, "近90天尿检阳性率33%",
         "Share of positive urine tests in the last 90 days: 33%"),
        (make("positive_trend", substance="", days=90), -0.25, "近90天尿检阳性率比再往前90天下降25个百分点",
         "Share of positive urine tests in the last 90 days, against the 90 days before: down 25 points"),
        (make("result_positive", substance="", back=0), 1.0, "最近一次尿检为阳性",
         "Urine test, the latest: positive"),
        (make("employed"), 0.0, "目前没有工作", "Has no job"),
        (make("days_employed", days=180), 0.0, "近180天没有就业", "No work in the last 180 days"),
        (make("given_of_due", days=180, schedule="B"), 1.42, "近180天尿检实检多于应检（142%）",
         "More urine tests were given in the last 180 days than were due (142%)"),
        (make("given_of_due", days=180, schedule="B"), 1.0, "近180天应做的尿检做了100%",
         "Urine tests given in the last 180 days, as a share of those due: 100%"),
        (make("report_days_left"), -3.0, "报到已逾期3天", "Days by which the report to the station is overdue: 3"),
        (make("reported_use_days", substance="", days=28), 2.0, "近28天本人报告使用毒品2天",
         "Days of self-reported use in the last 28 days: 2"),
        (make("missed", kind="home_visit", days=90), 2.0, "近90天家访未见到本人2次",
         "Missed appointments, home visit, in the last 90 days: 2"),
        (make("events", kind="dance_class", outcome="", substance="", days=90), 2.0, "近90天有“dance_class”记录2条",
         "Records of dance_class in the last 90 days: 2"),
        (make("employed"), np.nan, "没有就业记录", "No job is recorded"),
        (make("programme_is", programme="methadone"), 1.0, "目前处于美沙酮维持治疗", "Now in methadone maintenance"),
        (make("missed", kind="check_in", days=30), 3.0, "近30天未签到3次",
         "Missed appointments, check-in, in the last 30 days: 3"),
        (make("dose_mean", days=30), 62.5, "近30天平均剂量62.5毫克", "Mean dose in the last 30 days: 62.5 mg"),
        (make("days_since_kept", kind="home_visit"), 41.0, "最近一次完成家访在41天前",
         "Days since the last kept appointment, home visit: 41"),
    ],
)  # fmt: skip
def test_a_reason_reads_as_a_station_worker_would_write_it(feature, value, zh, en):
    assert wording("zh-CN").reason(feature, value) == zh
    assert wording("en").reason(feature, value) == en


@pytest.mark.parametrize(
    ("event", "zh", "en"),
    [
        (("urine_test", "positive", "heroin", None), "尿检阳性（海洛因）", "urine test positive for heroin"),
        (("urine_test", "missed", None, None), "尿检未到（缺检）", "urine test missed"),
        (("home_visit", "missed", None, None), "家访未见到本人", "home visit, person not met"),
        (("order", "community_rehabilitation", None, None), "作出社区康复决定", "order for community rehabilitation"),
        (("programme_start", "community_treatment", None, None), "开始社区戒毒", "start of community treatment"),
        (("dose", "taken", None, 60.0), "服用维持治疗药物，60毫克", "maintenance dose taken, 60 mg"),
        (("agreement", None, None, None), "签订协议", "agreement"),
        (("dance_class", "kept", None, 3.0), "dance_class完成 3", "dance_class kept 3"),
    ],
)
def test_a_record_is_told_as_what_happened(event, zh, en):
    assert (wording("zh-CN").event(*event), wording("en").event(*event)) == (zh, en)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_calls_a_reason_a_cause(language):
    for path, text in leaves(wording(language).texts):
        assert not re.search(r"\bcause|because of|导致|造成|引起", text), path


def test_what_may_not_be_told_of_an_area_is_not_written():
    assert (
        wording("zh-CN").area_reason(AreaReason("level", None))
        == "本区域历年水平与全市一般区域相比（事件过少，不再细说）"
    )
    assert wording("en").area_reason(AreaReason("level", 0.5, 20.0)) == (
        "The level of this area over the years, against the usual area of the city (20 or more incidents in 52 weeks)"
    )


@pytest.mark.parametrize(
    ("step", "zh", "en"),
    [  # half a step may be missing: exp(.05) = 1.051, exp(.125) = 1.133, exp(.5) = 1.649
        (0.1, "几乎没有影响（不到6%）", "hardly changes the forecast (by less than 6%)"),
        (0.25, "影响不到14%，不再细分", "changes the forecast by less than 14%, which is not told more closely"),
        (1.0, "影响不到65%，不再细分", "changes the forecast by less than 65%, which is not told more closely"),
    ],
)
def test_what_rounds_to_nothing_is_told_with_how_much_it_may_be(step, zh, en):
    quiet = AreaReason("recent", 0.0, step=step)
    assert (quiet.direction, wording("zh-CN").area_effect(quiet), wording("en").area_effect(quiet)) == ("none", zh, en)
    raises, untold = AreaReason("recent", step, step=step), AreaReason("recent", None)
    assert wording("en").area_effect(raises) == "raises the estimate"
    assert (untold.direction, wording("en").area_effect(untold)) == (None, None)


@pytest.mark.parametrize(
    ("band", "zh", "en"),
    [
        (
            Band(0, 1, 0, 3, 1),
            "2025年12月28日之后4周预计不到1起（90%区间0至3起）",
            "fewer than 1 (90% interval 0 to 3)",
        ),
        (
            Band(0, 0.2, 0, 1, 0.05),
            "2025年12月28日之后4周预计不到0.2起（90%区间0至1起），居全部区域前5%",
            "fewer than 0.2",
        ),
        (
            Band(12, 13, 6, 20, 0.2),
            "2025年12月28日之后4周预计12至13起（90%区间6至20起），居全部区域前20%",
            "12 to 13 (90% interval",
        ),
    ],
)
def test_what_is_expected_is_told_as_a_band(band, zh, en):
    assert wording("zh-CN").area_band(band, weeks=4, after=SUNDAY, of=112) == zh
    assert en in wording("en").area_band(band, weeks=4, after=SUNDAY, of=112)


@pytest.mark.parametrize(
    ("latitude", "longitude", "zh", "en"),
    [
        (26.65, 106.63, "网格（北纬26.6500，东经106.6300）", "Cell around 26.6500 N, 106.6300 E"),
        (-33.4055, -111.9354, "网格（南纬33.4055，西经111.9354）", "Cell around 33.4055 S, 111.9354 W"),
    ],
)
def test_a_cell_west_or_south_is_told_as_such_and_without_a_minus(latitude, longitude, zh, en):
    told = [wording(each).cell(latitude=latitude, longitude=longitude) for each in ("zh-CN", "en")]
    assert told == [zh, en]


def test_a_single_week_is_told_in_the_singular():
    told = wording("en").area_band(Band(1, 2, 0, 5, 1), weeks=1, after=SUNDAY, of=4)
    assert told == "Expected in the week after 28 Dec 2025: 1 to 2 (90% interval 0 to 5)"


def test_of_few_areas_the_highest_is_told_by_its_place_and_not_as_a_share_of_less_than_one():
    top = Band(12, 13, 6, 20, 0.05)
    assert wording("en").area_band(top, weeks=4, after=SUNDAY, of=4).endswith("; the highest of 4 areas")
    assert wording("zh-CN").area_band(top, weeks=4, after=SUNDAY, of=4).endswith("，在全部4个区域中最高")
    assert wording("en").area_band(top, weeks=4, after=SUNDAY, of=20).endswith("; among the highest 5% of areas")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_family_of_area_features_is_spelled(language):
    assert set(wording(language).texts["areas"]["families"]) == set(disclosure.FAMILIES)
    for code in disclosure.FAMILIES:
        for contribution in (None, 0.1):
            text = wording(language).area_reason(AreaReason(code, contribution))
            assert text
            assert not set("{}") & set(text)


def test_at_equal_testing_the_note_says_so():
    plain, equal = (wording("en").area_note(at_equal_effort=each) for each in (False, True))
    assert equal.startswith(plain)
    assert "as if each area had been tested as usual" in equal.removeprefix(plain)


def test_ten_reasons_take_well_under_a_millisecond():
    features = chosen(FeatureChoice())[:10]
    for feature in features:
        wording("zh-CN").reason(feature, 1.0)
    took = []
    for _ in range(50):
        began = time.perf_counter()
        for feature in features:
            wording("zh-CN").reason(feature, 1.0)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.0005


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("fr;q=1, en;q=0.2", "en"),
        ("en;q=0", "zh-CN"),
        ("en;q=nan", "zh-CN"),
        ("x" * 10_000, "zh-CN"),
        (";;;,,,q=q=", "zh-CN"),
    ],
)
def test_the_language_liked_best_is_taken(header, language):
    assert preferred(header) == language
