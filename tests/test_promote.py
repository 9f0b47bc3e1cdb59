"""What answers is decided in a ledger; everything else follows it."""

import json
import os
import shutil
from dataclasses import replace

import mlflow
import pytest

from features.errors import ArtifactError, StoreError
from features.home import STORE_URL, Home
from features.store import Store
from models import champion
from training import hotspot_gate, runs, track
from training import promote as promotion
from training.config import read
from training.ledger import enter, verify


@pytest.fixture(scope="module")
def home(small_home, tmp_path_factory):
    """A copy of the small home, to be written to."""
    path = tmp_path_factory.mktemp("promoting") / "home"
    shutil.copytree(small_home.path, path)
    copied = Home(path)
    copied.settle()
    return copied


@pytest.fixture(scope="module")
def base(home):
    """The run of a first, good model."""
    return runs.train(home, "relapse", home.path / "relapse.toml", lambda _: None)[0].tracked.run


@pytest.fixture(scope="module")
def other(home, base):
    """The run of a second good model."""
    return retrain(home, 41).tracked.run


NAME = "relapse-small"
NOW = "2026-01-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def clean(home, small_home):
    """Each test begins with a trained model, nothing promoted and a store as it was: nobody can empty its ledger."""
    shutil.rmtree(home.champions, ignore_errors=True)
    home.ledger.unlink(missing_ok=True)
    for file in home.path.glob("store.db*"):
        file.unlink()
    for file in small_home.path.glob("store.db*"):
        shutil.copy(file, home.path)


def held_in(home, tag):
    """Where a home's own model store holds what has this tag, whichever home BentoML met first in this process."""
    return home.bentoml / "models" / tag.replace(":", "/")


def retrain(home, rounds):
    path = home.path / f"relapse-{rounds}.toml"
    path.write_text((home.path / "relapse.toml").read_text().replace("rounds = 40", f"rounds = {rounds}"))
    return runs.train(home, "relapse", path, lambda _: None)[0]


def test_a_run_tells_everything_but_persons(home, base):
    client = mlflow.MlflowClient(tracking_uri=home.tracking_uri)
    version = client.get_model_version_by_alias(NAME, track.CHALLENGER)
    run = client.get_run(version.run_id)
    assert {"snapshot", "artifact_digest", "git_revision", "package.lightgbm"} <= set(run.data.tags)
    assert {"label.horizon_days", "growth.rounds", "name"} <= set(run.data.params)
    assert {"lightgbm.auroc", "lightgbm.auroc.low", "base_rate.brier"} <= set(run.data.metrics)
    assert {file.path for file in client.list_artifacts(version.run_id, "plots")} == {
        "plots/calibration.png",
        "plots/precision_recall.png",
    }
    persons = [str(number) for number in run.data.params.values()]
    assert not any(text.startswith("P0") for text in persons)


def test_a_home_leaves_the_next_one_its_own_tracking_store(home, base, tmp_path):
    assert Home(tmp_path).tracking_uri == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_the_registered_model_is_a_native_booster(home, base, tmp_path):
    folder = track.artifact_of(home, NAME, None, tmp_path)[1]
    logged = [path.name for path in home.mlflow_artifacts.rglob("*") if path.is_file()]
    assert "model.lgb" in logged
    assert not [name for name in logged if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert (folder / "booster.txt").read_text().startswith("tree")


def test_a_promoted_model_is_in_the_ledger_the_pointer_the_store_and_the_alias(home, base):
    decision = promotion.promote(home, NAME, base, now=NOW)
    assert decision.decision == promotion.PROMOTED, decision.why
    pointer = champion.read(home.champions, NAME)
    assert pointer == decision.champion == list(promotion.ledger(home))[-1].champion
    assert os.environ["BENTOML_HOME"] == str(home.bentoml)
    assert (held_in(home, pointer.tag) / "booster.txt").is_file()
    assert (
        mlflow.MlflowClient(tracking_uri=home.tracking_uri).get_model_version_by_alias(NAME, track.CHAMPION).run_id
        == pointer.run
    )


def test_promoting_what_answers_already_decides_nothing(home, base):
    promotion.promote(home, NAME, base, now=NOW)
    again = promotion.promote(home, NAME, base, now=NOW)
    assert again.decision == promotion.UNCHANGED
    assert len(list(promotion.ledger(home))) == 1


def test_a_rollback_brings_back_the_one_before(home, base, other):
    first = promotion.promote(home, NAME, base, now=NOW).champion
    second = promotion.promote(home, NAME, other, now=NOW).champion
    assert second.digest != first.digest
    back = promotion.rollback(home, NAME, now="2026-01-02T00:00:00+00:00")
    assert (back.decision, back.champion.digest, back.champion.tag) == (promotion.ROLLED_BACK, first.digest, first.tag)
    assert champion.read(home.champions, NAME) == back.champion
    assert [each.decision for each in promotion.ledger(home)] == ["promoted", "promoted", "rolled back"]


def test_rolling_back_twice_goes_back_two_champions(home, base, other):
    digests = [promotion.promote(home, NAME, run, now=NOW).champion.digest for run in (base, other)]
    retrain(home, 44)
    digests.append(promotion.promote(home, NAME, None, now=NOW).champion.digest)
    back = [promotion.rollback(home, NAME, now=NOW).champion.digest for _ in range(2)]
    assert back == [digests[1], digests[0]]
    with pytest.raises(ArtifactError, match="no earlier champion"):
        promotion.rollback(home, NAME, now=NOW)


def test_without_an_earlier_champion_there_is_no_way_back(home, base):
    with pytest.raises(ArtifactError, match="no earlier champion"):
        promotion.rollback(home, NAME, now=NOW)
    promotion.promote(home, NAME, base, now=NOW)
    with pytest.raises(ArtifactError, match="no earlier champion"):
        promotion.rollback(home, NAME, now=NOW)


def test_a_model_no_better_than_the_base_rate_is_refused_and_the_refusal_kept(home, base):
    promotion.promote(home, NAME, base, now=NOW)
    answering = champion.read(home.champions, NAME)
    useless = retrain(home, 1)  # one small tree says next to nothing
    card = json.loads(_file_of(home, useless, "card.json").read_text())
    assert card["name"] == NAME
    task = read(home.path / "relapse.toml")
    strict = replace(task, gate=replace(task.gate, items=("sound", "card", "baselines"), fewer_items=True))
    decision = promotion.promote(home, NAME, useless.tracked.run, now=NOW, config=strict)
    beaten = card["figures"]["paired"]["base_rate"]["log_loss"]["value"] < 0
    assert decision.decision == promotion.REFUSED or beaten
    if decision.decision == promotion.REFUSED:
        assert champion.read(home.champions, NAME) == answering
    assert list(promotion.ledger(home))[-1] == decision
    assert decision.who
    assert {each["item"] for each in decision.compared} >= {"sound", "card", "baselines"}
    decided = mlflow.search_runs(experiment_names=[track.DECISIONS], output_format="list")
    assert {run.data.tags["decision"] for run in decided} >= {"promoted", decision.decision}


def _file_of(home, run, name):
    return next(home.mlflow_artifacts.glob(f"{run.tracked.run}/artifacts/artifact/{name}"))


def card_of_places(*, difference, low, origins=14):
    skill = {"difference": difference, "low": low, "high": 0.3}
    return {
        "figures": {
            "counts": {"origins": origins},
            "horizons": {"4": {"paired": {"count_12m": {"deviance_skill": skill}}}},
        }
    }


def verdict_on_places(card):
    return hotspot_gate.on_record(card.get("figures", {}), "4")


@pytest.mark.parametrize(
    ("record", "ahead", "why"),
    [
        ({"difference": 0.1, "low": 0.02}, True, "ahead of the 12-month count on deviance, 14 origins"),
        ({"difference": 0.1, "low": -0.02}, False, "not ahead of the 12-month count on deviance, 14 origins"),
        ({"difference": -0.1, "low": -0.2}, False, "not ahead of the 12-month count on deviance, 14 origins"),
        ({"difference": float("nan"), "low": float("nan")}, False, "not ahead of the 12-month count"),
        ({"difference": 0.1, "low": -0.02, "origins": 3}, True, "3 origins, too few for an interval"),
        (
            {"difference": -0.1, "low": 0.0, "origins": 3},
            False,
            "not ahead of the 12-month count on deviance, 3 origins",
        ),
    ],
)
def test_a_hotspot_model_answers_only_when_ahead_of_the_last_year(record, ahead, why):
    verdict = verdict_on_places(card_of_places(**record))
    assert (verdict.passed, why in verdict.why) == (ahead, True)


@pytest.mark.parametrize("card", [{}, {"figures": {"counts": {"origins": 14}, "horizons": {"1": {}}}}])
def test_a_hotspot_model_without_a_record_of_its_horizon_is_refused(card):
    assert not verdict_on_places(card).passed


GATE = '[gate]\nitems = ["record", "card", "fresh", "newer", "sound", "leak", "later"]\n'


def test_the_hotspots_of_the_small_city_are_promoted_for_what_is_true_of_them(home, tmp_path):
    path = tmp_path / "hotspot.toml"
    path.write_text('level = "township"\norigins = 4\nbootstrap_samples = 20\n[learning]\nrows_per_leaf = 200\n' + GATE)
    run, of_a_week = runs.train(home, "hotspot", path, lambda _: None, horizons=(4, 1))
    assert (run.name, of_a_week.name) == ("hotspot-township-4w", "hotspot-township-1w")
    assert {*of_a_week.figures["horizons"]} == {"1"}
    skill = run.figures["horizons"]["4"]["paired"]["count_12m"]["deviance_skill"]["difference"]
    decision = promotion.promote(home, run.name, None, now=NOW)
    assert (decision.decision == promotion.PROMOTED) == (skill > 0)
    assert decision.why.startswith("ahead of the 12-month count" if skill > 0 else "not ahead of the 12-month count")
    assert "4 origins" in decision.why
    assert sorted(path.name for path in home.mlflow_artifacts.glob(f"{run.tracked.run}/artifacts/plots/*")) == [
        "calibration.png",
        "hit_rate.png",
    ]


def test_a_line_torn_by_a_crash_is_cut_off_and_nothing_acknowledged_is_lost(home, base, other):
    promotion.promote(home, NAME, base, now=NOW)
    with home.ledger.open("ab") as file:
        file.write(b'{"decision": "promo')
    assert len(list(promotion.ledger(home))) == 1
    promotion.promote(home, NAME, other, now=NOW)
    assert [each.decision for each in promotion.ledger(home)] == ["promoted", "promoted"]


def links_in_mlflow(home):
    runs = mlflow.search_runs(experiment_names=[track.DECISIONS], output_format="list")
    return {run.data.tags.get("link") for run in runs}


def test_every_decision_stands_in_the_store_the_home_and_mlflow_under_one_link(home, base, other):
    promotion.promote(home, NAME, base, now=NOW)
    promotion.promote(home, NAME, other, now=NOW)
    promotion.rollback(home, NAME, now=NOW)
    verdict = verify(home)
    assert verdict.findings == ()
    assert [each.decision for each in verdict.entries] == list(promotion.ledger(home))
    assert {each.link for each in verdict.entries} <= links_in_mlflow(home)


def test_a_promotion_the_store_does_not_take_moves_nothing(home, base):
    with Store.open(home.store_url) as store, store.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON decisions BEGIN SELECT RAISE(ABORT, 'no space'); END"
        )
    with pytest.raises(StoreError, match=r"nothing was changed.*no space"):
        promotion.promote(home, NAME, base, now=NOW)
    assert champion.read(home.champions, NAME) is None
    assert list(promotion.ledger(home)) == []


def test_a_crash_after_the_entry_leaves_no_champion_without_one_and_the_next_decision_mends_it(home, base, other):
    promoted = promotion.promote(home, NAME, base, now=NOW)
    again = replace(promoted, champion=replace(promoted.champion, promoted_at="2026-01-02T00:00:00+00:00"))
    interrupted = enter(home, again)[-1]  # and nothing after it
    assert champion.read(home.champions, NAME) == promoted.champion
    assert interrupted.link not in links_in_mlflow(home)
    last = promotion.promote(home, NAME, other, now="2026-01-03T00:00:00+00:00")
    assert champion.read(home.champions, NAME) == last.champion
    assert {each.link for each in verify(home).entries} <= links_in_mlflow(home)


def test_a_rollback_needs_no_store(home, base, other, monkeypatch):
    first = promotion.promote(home, NAME, base, now=NOW).champion
    promotion.promote(home, NAME, other, now=NOW)
    monkeypatch.setenv(STORE_URL, "sqlite:////no/such/folder/store.db")
    assert promotion.rollback(home, NAME, now=NOW).champion.digest == first.digest
    assert champion.read(home.champions, NAME).digest == first.digest


def test_an_artifact_edited_in_the_tracking_store_is_refused(home, base):
    run = retrain(home, 43)
    booster = _file_of(home, run, "booster.txt")
    booster.write_text(booster.read_text().replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(ArtifactError, match="damaged or was edited"):
        promotion.promote(home, NAME, run.tracked.run, now=NOW)
    assert champion.read(home.champions, NAME) is None


def test_a_run_nobody_tracked_is_told(home, base):
    with pytest.raises(ArtifactError, match="train first"):
        promotion.promote(home, NAME, "0" * 32, now=NOW)
    with pytest.raises(ArtifactError, match="train first"):
        promotion.promote(home, "relapse-unheard-of", None, now=NOW)


def test_items_the_champion_passed_are_not_left_out_in_silence(home, base, other):
    task = read(home.path / "relapse.toml")
    whole, less = (replace(task, gate=replace(task.gate, items=items)) for items in (("sound", "features"), ("sound",)))
    first = promotion.promote(home, NAME, base, now=NOW, config=whole)
    assert "not asked of the whole gate: card, fresh, newer, baselines, later, calibration" in first.why
    refused = promotion.promote(home, NAME, other, now=NOW, config=less)
    assert refused.decision == promotion.REFUSED
    assert "the champion passed what is not asked now: features" in refused.why
    assert champion.read(home.champions, NAME) == first.champion
    stated = replace(less, gate=replace(less.gate, fewer_items=True))
    last = promotion.promote(home, NAME, other, now=NOW, config=stated)
    assert (last.decision, "not asked of the whole gate: features" in last.why) == (promotion.PROMOTED, True)
    assert verify(home).entries[-1].decision == last


def kept(home):
    return {path for path in home.mlflow_artifacts.rglob("*") if path.is_file()}


def test_a_copied_home_trains_and_promotes_within_itself_and_reads_its_own_runs(home, base, tmp_path, caplog):
    copied, before = Home(tmp_path / "copied"), kept(home)
    shutil.copytree(home.path, copied.path)
    of_before = copied.mlflow_artifacts / base / "artifacts" / "artifact" / "booster.txt"
    of_before.write_text("tree of the copy")
    assert track.artifact_of(copied, NAME, base, tmp_path)[1].joinpath("booster.txt").read_text() == "tree of the copy"
    run = retrain(copied, 2).tracked.run
    assert promotion.promote(copied, NAME, run, now=NOW).champion.run == run
    assert kept(home) == before
    assert (copied.mlflow_artifacts / run / "artifacts" / "artifact").is_dir()
    assert caplog.text.count("moved or copied") == 2  # of the trainings and of the decisions, each told once
    shutil.rmtree(copied.mlflow_artifacts / run)
    with pytest.raises(ArtifactError, match="no artifact is where MLflow's database points"):
        promotion.promote(copied, NAME, run, now=NOW)


def test_a_damaged_pointer_is_told_and_mended_by_the_next_decision(home, base):
    promotion.promote(home, NAME, base, now=NOW)
    champion.path_of(home.champions, NAME).write_text("{")
    with pytest.raises(ArtifactError, match="damaged"):
        champion.read(home.champions, NAME)
    again = promotion.promote(home, NAME, base, now=NOW)
    assert champion.read(home.champions, NAME) == again.champion


def test_a_copy_damaged_in_the_model_store_is_mended_by_promoting_again(home, base):
    from models import artifact

    first = promotion.promote(home, NAME, base, now=NOW).champion
    booster = held_in(home, first.tag) / "booster.txt"
    booster.write_text(booster.read_text()[:100])
    again = promotion.promote(home, NAME, base, now=NOW)
    assert again.decision == promotion.PROMOTED
    assert again.champion.digest == first.digest
    artifact.read(held_in(home, again.champion.tag), expected=first.digest)
