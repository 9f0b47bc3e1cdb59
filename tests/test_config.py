"""A task for each horizon, under a name of its own."""

import pytest

from features.errors import ConfigError
from features.home import Home
from features.vocabulary import KINDS
from serving.services import Services
from serving.settings import Settings
from training.config import at_horizon, read, read_all
from training.heard_of import refuse_unheard_of
from training.hotspot_config import load_config


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


HELD = {"kind": ["urine_test", "breath_test"], "outcome": ["positive", "blown"], "substance": ["opioid", "crack"]}
FACTS = ["person_id", "ftnd", "arm"]


def task(tmp_path, text):
    path = tmp_path / "task.toml"
    path.write_text(f'name = "relapse-mine"\n{text}\n')
    return read(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[label]\nkinds = ["urine_tset"]', r"label: kinds lists urine_tset; .*the nearest is urine_test"),
        ('[label]\noutcome = "postive"', r"label: outcome lists postive; .*the nearest is positive"),
        ('[label]\nkinds = ["self_report"]', r"label: outcome lists positive; expected some of use, none"),
        ('[label]\noutcome = "missed"', r"label: observed_outcomes lists no missed"),
        (
            '[label]\nobserved_outcomes = ["positive", "negativ"]',
            r"observed_outcomes lists negativ; .*nearest is negative",
        ),
        ('[label]\nsubstance = "opoid"', r"label: substance lists opoid; .*the nearest is opioid"),
        ('[cohort]\nsubstance = "heroine"', r"cohort: substance lists heroine; .*the nearest is heroin"),
        (
            '[cohort]\ngood_periods = { at_least = 1, of = 4, length_days = 7, substance = "opoid" }',
            r"cohort: good_periods: substance lists opoid",
        ),
        ('[features]\nsubstances = ["opoid"]', r"features: substances lists opoid"),
        ('[features]\ntold_substances = ["opoid"]', r"features: told_substances lists opoid"),
        ('[features]\nother_positives = ["opoid"]', r"features: other_positives lists opoid"),
        ('[features]\ncontacts = ["chek_in"]', r"features: contacts lists chek_in; .*the nearest is check_in"),
        ('[features]\ncontacts = ["dose"]', r"features: contacts lists dose; expected some of check_in"),
        ('[features]\nsessions = ["counseling"]', r"features: sessions lists counseling; .*the nearest is counselling"),
        ('[features]\ngeneric_kinds = ["breathtest"]', r"features: generic_kinds lists breathtest; .*is breath_test"),
        ('[features]\ngeneric_values = ["withdrawl_score"]', r"features: generic_values .*is withdrawal_score"),
        ('[features]\nmore = [{ code = "days_since", kind = "chek_in" }]', r"features: more lists chek_in"),
        ('[features]\nmore = [{ code = "days_since", outcome = "kpet" }]', r"features: more lists kpet; .*is kept"),
        ('[features]\nfacts = ["ftdn"]', r"features: facts lists ftdn, which nobody has; the nearest is ftnd"),
    ],
)
def test_a_word_that_neither_the_vocabulary_nor_the_records_know_is_refused_with_the_nearest(tmp_path, text, told):
    with pytest.raises(ConfigError, match=told):
        refuse_unheard_of(task(tmp_path, text), HELD.__getitem__, FACTS)


def test_a_word_of_the_records_alone_is_taken_and_so_is_a_fact_that_nobody_recorded(tmp_path):
    text = """[label]
        kinds = ["breath_test"]
        outcome = "blown"
        observed_outcomes = ["blown", "positive"]
        substance = "crack"
        [features]
        generic_kinds = ["breath_test"]
        facts = ["years_in_school"]
        """
    config = task(tmp_path, text)
    assert "breath_test" not in KINDS
    refuse_unheard_of(config, HELD.__getitem__, FACTS)
    with pytest.raises(ConfigError, match=r"kinds lists breath_test.*outcome lists blown"):
        refuse_unheard_of(config, lambda column: ["urine_test"] if column == "kind" else ["positive"], FACTS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[features]\nprogrammes = ["methadon"]', "features: programmes lists methadon; .*the nearest is methadone"),
        ('[features]\nschedule = "C"', "features: schedule lists C; expected some of A, B"),
        ("[features]\nlookback_days = [30]", "no key 'features.lookback_days' .*; the nearest is lookbacks_days"),
        ('[gate]\nitems = ["leek"]', "there is no item leek .*; the nearest is leak"),
        ("[features]\nlookbacks_days = []", "lookbacks_days lists 0"),
        ("[features]\nlookbacks_days = [30]\nprogramme_only = true", "lookbacks_days lists 1; .* in a trial two"),
        ("[features]\nsubstances = []", "substances lists none"),
        ("[use]\npersons_a_worker = []", "persons_a_worker lists none"),
        ("[use]\nthresholds = [20.0]", "thresholds lists risks"),
        ("[gate]\nslopes = [1.6, 0.6]", "slopes is the least and the most"),
    ],
)
def test_a_word_or_a_list_that_nothing_can_be_made_of_is_refused_when_it_is_read(tmp_path, text, told):
    with pytest.raises(ConfigError, match=told):
        task(tmp_path, text)


def test_a_misspelt_word_of_the_hotspot_task_is_refused_with_the_nearest(tmp_path):
    path = tmp_path / "hotspot.toml"
    path.write_text('kinds = ["overdoze"]\nreporters = ["citizens"]\n')
    with pytest.raises(ConfigError, match=r"kinds lists overdoze; .*is overdose.*citizens; .*is citizen"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[sevice]]\nzh-CN = "茶"\nen = "Tea"\ncodes = []\n', "lists sevice; expected some of service"),
        ('[service]\nzh-CN = "茶"\n', "each row is headed"),
        ('[[service]]\nzh-CN = "茶"\nen = "Tea"\ncodes = []\ncode = ["x"]\n', "lists code; .*the nearest is codes"),
        (
            '[[service]]\nzh-CN = "茶"\nen = "Tea"\ncodes = ["mised_tests"]\n',
            "mised_tests; the nearest is missed_tests",
        ),
    ],
)
def test_a_misspelt_word_of_the_table_of_services_is_refused_with_the_nearest(tmp_path, text, told):
    (tmp_path / "services.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        Services.of_home(tmp_path)


def test_a_misspelt_name_of_the_environment_is_refused_and_one_that_is_none_of_ours_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("WAYSTATION_HOME", str(tmp_path))
    monkeypatch.setenv("WAYSTATION_OTHERS_USE", "1")
    assert Settings.of_environment().home == Home.of_environment()
    monkeypatch.setenv("WAYSTATION_SECURE_COOKIE", "yes")
    with pytest.raises(ConfigError, match=r"sets WAYSTATION_SECURE_COOKIE, .*expected WAYSTATION_SECURE_COOKIES"):
        Settings.of_environment()
    monkeypatch.setenv("WAYSTATION_HOM", "elsewhere")
    with pytest.raises(ConfigError, match=r"sets WAYSTATION_HOM, .*expected WAYSTATION_HOME"):
        Home.of_environment()
