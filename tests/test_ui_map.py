"""The map's record and trend: what the card holds is on the page, in words and as tables, and nothing finer."""

import re

import pytest

from serving.ui import map_record
from serving.ui.map_trend import catches, trends
from serving.ui.texts import texts
from tests.serving_helpers import AS_OF
from tests.test_hotspot_record import judged, record
from tests.ui_helpers import ask_as


def horizon(change, low, high):
    paired = {"prior": {"deviance_skill": {"difference": 0.0, "low": low, "high": high}}}
    return {"figures": {"horizons": {"4": {"trees_over_prior": {"mean_abs_log_ratio": change}, "paired": paired}}}}


@pytest.mark.parametrize(
    ("change", "low", "high", "by", "told"),
    [
        (0.0, -0.1, 0.1, "prior_alone", "alike"),
        (0.02, 0.01, 0.1, "prior", "better"),
        (0.6, -0.2, -0.1, "trees", "worse"),
    ],
)
def test_the_page_says_which_of_prior_and_trees_carries_the_forecast(change, low, high, by, told):
    carried = map_record.carried(horizon(change, low, high), 4)
    assert (carried.by, carried.judged) == (by, told)
    for language in ("zh-CN", "en"):
        assert texts(language)(f"map.carried.{by}", change="2%")
        assert texts(language)(f"map.trees.{told}")


def test_a_card_that_does_not_say_is_not_spoken_for():
    assert map_record.carried({}, 4) is None
    assert map_record.carried(horizon(0.1, None, None), 4) is None


def test_a_catch_stands_in_the_column_of_its_model_whatever_the_order_in_the_card():
    told = record(judged(8.0))
    models, lines = catches(told, ["b", "unknown", "a", "ours"])
    assert models == ["b", "a", "ours"]
    for line in lines:
        assert [each.model for each in line.bands] in (models, [])


def test_a_trend_draws_a_box_for_each_count_that_may_be_told_and_for_no_other():
    for trend in trends(record(judged(1.3)), {"D1": "One"}, texts("en")):
        told = [each for each in trend.forecasts if each.observed is not None]
        assert trend.chart.count("<rect") == len(told)
        assert trend.chart.count("<circle") == len(trend.forecasts)
    assert [each.name for each in trends(record(judged(1.3)), {"D1": "One"}, texts("en"))] == [
        "The whole city", "One", "D2",
    ]  # fmt: skip


def test_the_page_tells_the_record_beside_all_a_planner_has(ui_site):
    page = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}&lang=en").text()
    for name in (
        "This model",
        "Prior",
        "12-month count",
        "EWMA",
        "Kernel density",
        "Self-exciting",
        "Count of all years",
    ):
        assert f'<th scope="row">{name}</th>' in page
    assert "What came (upper bound)" not in page
    assert re.search(r"caught \d+% \(\d+% to \d+%\), missed \d+%", page)
    assert "carries the forecast" in page
    assert "surely" in page


def test_the_page_tells_forecast_by_forecast_in_bands_and_what_came_in_tens(ui_site):
    page = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}&lang=en").text()
    trend = page[page.index('id="trend-title"') : page.index('id="each-title"')]
    each = page[page.index('id="each-title"') : page.index('id="top-title"')]
    assert set(re.findall(r"<td>(\d+) to \d+</td>", trend)) <= {f"{ten}0" for ten in range(1, 30)}
    assert len(re.findall(r'<th scope="row">', trend)) == 13
    bands = re.findall(r"caught (\d+)%–(\d+)%, missed (\d+)%–(\d+)%", each)
    assert bands
    assert {(int(high) - int(low), int(low) + int(to), int(high) + int(by)) for low, high, by, to in bands} <= {
        (width, 100, 100) for width in (5, 10, 20, 25)
    }
