"""Configurations: every mistake named, everything written down comes back."""

import pytest

from features.cohort import Cohort, GoodPeriods
from features.errors import ConfigError
from features.plain import from_plain, read_toml, to_plain, toml_of
from training.config import HERE, RelapseConfig, read


def test_all_mistakes_are_named_at_once(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('nam = "x"\n[label]\nhorizon_days = "soon"\n[growth]\nleaves = 3\n')
    with pytest.raises(ConfigError) as told:
        read_toml(path, RelapseConfig)
    for part in (
        "mine.toml",
        "'nam'",
        "'name' is missing",
        "'label.horizon_days' should be of type int",
        "growth.leaves",
    ):
        assert part in str(told.value)


def test_a_file_that_is_no_toml_or_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration file"):
        read_toml(tmp_path / "none.toml", RelapseConfig)
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError, match="not readable as TOML"):
        read_toml(tmp_path / "bad.toml", RelapseConfig)


def test_what_is_written_down_comes_back():
    cohort = Cohort(programmes=("trial",), good_periods=GoodPeriods(1, 4, 7, "opioid"))
    assert from_plain(to_plain(cohort), Cohort, where="cohort") == cohort


def test_a_whole_number_is_taken_for_a_decimal_but_not_the_other_way_round(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "x"\n[growth]\nlambda_l2 = 3\nrounds = 2.5\n')
    with pytest.raises(ConfigError) as told:
        read_toml(path, RelapseConfig)
    assert "rounds" in str(told.value)
    assert "lambda_l2" not in str(told.value)


@pytest.mark.parametrize("name", ["relapse.toml", "ctn0094.toml"])
def test_the_configurations_that_come_along_can_be_read(name):
    assert read(HERE / name).name.startswith("relapse-")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[as_of]\nclock = "moon"', "clock"),
        ('[split]\nby = "luck"', "split"),
        ('[as_of]\nclock = "programme"\n[split]\nby = "person"', "judged_days"),
        ('[as_of]\nclock = "programme"\njudged_days = [28]', "needs a calendar"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(f'name = "x"\n{text}\n')
    with pytest.raises(ConfigError, match=told):
        read(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a = " + b"[" * 100_000, "nested too deep"),
        (b"a = " + b"9" * 10_000, "not readable as TOML"),
        ("名 = 1".encode("gb18030"), "not readable as TOML"),
        (b"a = 1\na = 2", "not readable as TOML"),
    ],
)
def test_no_content_of_a_configuration_ends_in_anything_but_its_refusal(tmp_path, content, told):
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"mine\.toml: .*{told}"):
        toml_of(tmp_path / "mine.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        toml_of(tmp_path)
