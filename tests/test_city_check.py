"""The simulated city beside what is known of the real ones, and the assumptions it rests on."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pytest
from typer.testing import CliRunner

import waystation
from features.statutes import CLOCKS
from training.city.block import Lived, live
from training.city.check import TARGETS, Finding, Target, findings
from training.city.ground import survey
from training.city.people import METHADONE
from training.city.presets import PRESETS, Difference, Preset, plan
from training.city.rows import KIND_NAMES, OUTCOMES
from training.city.tally import Tally, tally
from training.city.testing import POSITIVE

HALF = Target("half", "half", 0.5, 0.1, "invented")


@pytest.fixture(scope="module")
def lived() -> Lived:
    return live(survey(plan("guiyang", persons=400, years=3, seed=2, until=date(2025, 12, 31))), 0)


@pytest.mark.parametrize(
    ("simulated", "holds"), [(0.5, True), (0.59, True), (0.61, False), (0.39, False), (np.nan, False)]
)
def test_a_finding_holds_within_its_tolerance(simulated: float, holds: bool) -> None:
    assert Finding(HALF, simulated).holds == holds


def test_a_finding_is_told_with_whether_it_holds_and_nothing_simulated_is_null() -> None:
    assert Finding(HALF, np.nan).plain() == {"target": asdict(HALF), "simulated": None, "holds": False}
    assert Finding(HALF, 0.5).plain()["holds"]


def test_what_has_no_tolerance_is_shown_and_cannot_fail() -> None:
    shown = Finding(replace(HALF, tolerance=None), 0.9)
    assert shown.holds
    assert shown.line()[1:5] == ("50.00%", "only shown", "90.00%", "")


def test_tallies_add_up() -> None:
    one, other = Tally(Counter(lost=1), Counter(lost=4)), Tally(Counter(lost=2), Counter(lost=2, died=3))
    assert (one + other).share("lost") == (1 + 2) / (4 + 2)
    assert (one + other).share("died") == 0 / 3
    assert np.isnan((one + other).share("moved"))


def plain_fate(lived: Lived, who: int) -> str | None:
    """What came first within three years, one person after the other, by the plainest of loops."""
    told = [
        (int(row["occurred_on"]), KIND_NAMES[row["kind"]], OUTCOMES[row["outcome"]] if row["outcome"] >= 0 else "")
        for row in lived.recorded[lived.recorded["person"] == who]
    ]
    begun = [day for day, kind, outcome in told if kind == "programme_start" and outcome != "methadone"]
    calendar = lived.world.ground.weeks
    if not begun or min(begun) + CLOCKS["community_treatment"].limit > calendar.until:
        return None
    entry = min(begun)
    fates = [(day, "relapsed") for day, kind, _ in told if kind == "isolation_start" and day > entry]
    for week in range(calendar.count):
        found = POSITIVE in (lived.diary.urine[week, who], lived.diary.hair[week, who])
        if found and calendar.monday(week) + 6 > entry:
            fates.append((calendar.monday(week), "relapsed"))
    fates += [(day, "lost") for day, _, outcome in told if outcome == "lost"]
    fates += [(day, "imprisoned") for day, _, outcome in told if outcome == "imprisoned"]
    fates += [(day, "died") for day, kind, _ in told if kind == "death"]
    within = sorted(fate for fate in fates if fate[0] <= entry + CLOCKS["community_treatment"].limit)
    return within[0][1] if within else "no_relapse"


def test_fates_are_counted_as_a_plain_loop_counts_them(lived: Lived) -> None:
    counted = tally(lived.diary, lived.recorded, 0, lived.world.ground)
    plain = Counter(fate for who in range(400) if (fate := plain_fate(lived, who)) is not None)
    assert {name: counted.count[name] for name in plain} == dict(plain)
    assert counted.of["lost"] == sum(plain.values())
    assert len(plain) >= 4


def test_methadone_alone_is_no_community_programme(lived: Lived) -> None:
    at_clinic = np.flatnonzero(lived.world.people.programme == METHADONE)
    orders = lived.recorded[lived.recorded["kind"] == KIND_NAMES.index("order")]
    first = orders[np.isin(orders["person"], at_clinic)]
    assert len(first) < len(at_clinic)  # ordered only when found using later


def test_fugu_is_like_fugu() -> None:
    result = CliRunner().invoke(waystation.app, ["simulate", "--check", "--preset", "fugu", "--processes", "1"])
    assert result.exit_code == 0, result.output


def test_a_badly_set_city_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    wild = replace(PRESETS["fugu"], differences=(Difference("programmes.refusal_share", 0.3, "set badly"),))
    monkeypatch.setitem(PRESETS, "fugu", wild)
    options = ["--preset", "fugu", "--processes", "1", "--persons", "300", "--years", "1"]
    result = CliRunner().invoke(waystation.app, ["simulate", "--check", *options])
    assert result.exit_code == 1
    assert "Outside the tolerance" in result.output


def test_a_part_of_guiyang_is_near_the_whole_and_wilder_use_is_not(lived: Lived) -> None:
    ground = lived.world.ground
    figures = ground.figures
    wild = replace(ground, figures=replace(figures, use=replace(figures.use, base=figures.use.base + 2)))
    share = {
        name: tally(each.diary, each.recorded, 0, ground).share("no_relapse")
        for name, each in (("as set", lived), ("wild", live(wild, 0)))
    }
    assert abs(share["as set"] - 0.2536) < 0.1  # 400 persons: five standard errors
    assert share["wild"] < 0.1


def test_every_target_is_counted(lived: Lived) -> None:
    counted = tally(lived.diary, lived.recorded, 0, lived.world.ground)
    for preset in TARGETS:
        assert not any(np.isnan(finding.simulated) for finding in findings(preset, counted))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_number_has_a_unit_and_a_source(preset: Preset) -> None:
    listed = list(preset.assumptions())
    assert len(listed) > 100
    assert all(each.unit and each.source for each in listed)
    by_name = {each.name: each for each in listed}
    for difference in preset.differences:
        assert by_name[difference.name].value == difference.value
        assert by_name[difference.name].source == difference.source


def test_a_difference_in_a_figure_that_does_not_exist_is_a_bug_that_shows() -> None:
    with pytest.raises(TypeError):
        _ = replace(PRESETS["demo"], differences=(Difference("use.no_such_figure", 1.0),)).figures
