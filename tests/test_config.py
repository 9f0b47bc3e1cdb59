"""A task for each horizon, under a name of its own."""

import pytest

from features.errors import ConfigError
from training.config import at_horizon, read, read_all


def test_each_horizon_is_a_task_whose_name_carries_it():
    tasks = read_all(None, [28, 90, 180, 365])
    assert [task.name for task in tasks] == ["relapse-28d", "relapse-90d", "relapse-180d", "relapse-365d"]
    assert [task.label.horizon_days for task in tasks] == [28, 90, 180, 365]
    assert {task.cohort for task in tasks} == {read(None).cohort}


def test_the_horizons_a_file_lists_are_taken_where_none_is_asked_for(tmp_path):
    path = tmp_path / "task.toml"
    path.write_text('name = "relapse-90d"\nhorizons_days = [28, 90]\n')
    assert [task.name for task in read_all(path)] == ["relapse-28d", "relapse-90d"]
    assert [task.name for task in read_all(path, [365])] == ["relapse-365d"]
    path.write_text('name = "relapse-mine"\n')
    assert [task.name for task in read_all(path)] == ["relapse-mine"]


@pytest.mark.parametrize(
    "wrong",
    [
        "[fit]\nlinear_shares = []",
        "[fit]\nlinear_shares = [1.0]",
        '[fit]\ncalibration = "guess"',
        '[split]\nby = "luck"',
    ],
)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    path = tmp_path / "task.toml"
    path.write_text(f'name = "relapse-mine"\n{wrong}\n')
    with pytest.raises(ConfigError):
        read(path)
    with pytest.raises(ConfigError):
        at_horizon(read(None), 0)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("as_of", "every_days", "0"),
        ("label", "horizon_days", "-90"),
        ("label", "reporting_lag_days", "-100"),
        ("split", "origins", "-2"),
        ("growth", "rounds", "0"),
        ("growth", "feature_fraction", "5.0"),
        ("fit", "calibration_folds", "1"),
        ("features", "lookbacks_days", "[30, -90]"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused_by_name(tmp_path, section, key, value):
    path = tmp_path / "task.toml"
    path.write_text(f'name = "relapse-mine"\n[{section}]\n{key} = {value}\n')
    with pytest.raises(ConfigError, match=f"{section}.{key}"):
        read(path)


def test_all_faults_of_a_configuration_are_told_together(tmp_path):
    path = tmp_path / "task.toml"
    path.write_text('name = "../other"\nresamples = 0\n[growth]\nseeds = 0\n')
    with pytest.raises(ConfigError, match=r"growth\.seeds.*resamples.*name"):
        read(path)


def test_a_horizon_asked_for_twice_is_trained_once():
    assert [task.label.horizon_days for task in read_all(None, (28, 28, 90))] == [28, 90]


def test_a_gate_without_items_is_refused(tmp_path):
    path = tmp_path / "task.toml"
    path.write_text('name = "relapse-mine"\n[gate]\nitems = []\n')
    with pytest.raises(ConfigError, match="items is empty"):
        read(path)


def test_a_programme_there_is_not_is_refused_by_name(tmp_path):
    path = tmp_path / "relapse.toml"
    path.write_text('name = "relapse-x"\n[cohort]\nprogrammes = ["methadone", "methadon"]\n')
    with pytest.raises(ConfigError, match="programmes lists methadon; expected some of community_treatment"):
        read(path)
