"""An old score comes back bit for bit, from the state, the model and the explainer it was made with."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import pytest

from features.errors import StoreError
from features.intake import ingest
from features.schema import days_since_epoch
from features.store import Store
from models import artifact
from models.champion import read
from serving.area_record import Marks, record
from serving.entries import SCORED, Entry
from serving.histories import StoredHistories
from serving.hotspots import Asked, forecast
from serving.private_files import reading
from serving.records import Records, person_hash
from serving.replay import replay
from serving.scoring import scores
from serving.warnings import warnings
from serving.wording import wording
from tests import serving_helpers
from tests.asked_in_process import open_desk, visit
from tests.serving_helpers import AS_OF, NAME, TODAY

SOMEONE = "P001"
LATER = [f"2024-05-{day},2024-05-{day},community,urine_test,negative,opioid" for day in range(10, 30)]
HEADS = "person_id,occurred_on,known_on,source,kind,outcome,substance,value,station_id\n"


@pytest.fixture
def city(tmp_path):
    return serving_helpers.build_city(tmp_path, n_persons=30)


@pytest.fixture
def held(city, tmp_path):
    """The artifact of the champion, as the model store would give it."""
    folder = tmp_path / "artifact"
    artifact.save(folder, booster=city.model.booster, model=artifact.relapse_to_plain(city.model), card={})
    return lambda tag, digest: artifact.read(folder)


@pytest.fixture
def entry(city):
    """A score given and recorded."""
    given = StoredHistories(city.home.store_url).of([SOMEONE])
    model = artifact.relapse_of(
        artifact.Artifact("", city.model.booster.model_to_string(), artifact.relapse_to_plain(city.model), {})
    )
    as_of, today = days_since_epoch(date.fromisoformat(AS_OF)), days_since_epoch(TODAY)
    score = scores(model, given.history, [SOMEONE], as_of=as_of, today=today)[0]
    answering = read(city.home.champions, NAME)
    records = Records(city.home.records)
    told = Entry(
        at=f"{TODAY}T08:00:00+00:00", actor="k", role="worker", act="POST /v1/scores", outcome=SCORED, inline=0,
        person_hash=records.hash_of(SOMEONE), score_id="first", as_of=AS_OF, tag=answering.tag, digest=answering.digest,
        run=answering.run, snapshot=given.snapshot, risk=score.risk,
    )  # fmt: skip
    sent_along = replace(told, score_id="sent along", inline=1)
    off_by_a_bit = replace(told, score_id="off", risk=score.risk * (1 + 1e-15) + 1e-16)
    records.write([told, sent_along, off_by_a_bit])
    records.close()
    return told


def deliver(city, folder, lines, *, backfill=False):
    folder.mkdir()
    (folder / "events.csv").write_text(HEADS + "".join(f"{SOMEONE},{line},,S1\n" for line in lines))
    with Store.open(city.home.store_url) as store:
        report = ingest(folder, store, received_on=TODAY + timedelta(days=1), backfill=backfill)
        assert not any(table.quarantined for table in report.tables)


def again(city, held, score_id="first"):
    with Store.open(city.home.store_url) as store:
        return replay(city.home.records, store, score_id, held)


def test_a_score_is_the_same_bit_for_bit_and_its_reasons_add_up_again(city, entry, held):
    told = again(city, held)
    assert told.same
    assert told.recorded == entry.risk
    assert len(told.reasons) == len(city.model.features)


def test_what_came_later_does_not_change_an_old_score(city, entry, held, tmp_path):
    deliver(city, tmp_path / "later", LATER, backfill=True)
    now = StoredHistories(city.home.store_url).of([SOMEONE])
    as_of = days_since_epoch(date.fromisoformat(AS_OF))
    assert scores(city.model, now.history, [SOMEONE], as_of=as_of, today=as_of)[0].risk != entry.risk
    assert again(city, held).same


def test_a_record_that_says_otherwise_is_told(city, entry, held):
    assert not again(city, held, "off").same


def test_a_history_that_came_along_was_not_kept(city, entry, held):
    with pytest.raises(StoreError, match="was not kept"):
        again(city, held, "sent along")


def test_an_id_nobody_was_given_is_told(city, entry, held):
    with pytest.raises(StoreError, match="no such score"):
        again(city, held, "unheard of")


def test_a_state_that_is_gone_is_told_and_no_score_made_up(city, entry, held):
    """A later backfill that dates back a row is the one change ever made to it."""
    import sqlalchemy as sa

    with Store.open(city.home.store_url) as store, store.writing() as connection:
        connection.execute(sa.text("UPDATE events SET known_on = known_on - 1 WHERE person_id = :id"), {"id": SOMEONE})
    with Store.open(city.home.store_url) as store, pytest.raises(StoreError, match="that state is gone"):
        replay(city.home.records, store, "first", held)


# Answers about areas

AREAS_AS_OF = date.fromisoformat(AS_OF)
ASKED = Asked(AREAS_AS_OF, 4, "township", 3, wording("en"))
TOLD_LATE = (
    "occurred_on,known_on,kind,reported_by,area_id\n" + "2024-05-20,2024-05-21,treatment_entry,service,T1\n" * 20
)


@pytest.fixture
def hotspots_of(city):
    """The artifact of a hotspot champion, from the model store of the city."""
    return lambda tag, digest: artifact.read(city.home.bentoml / "models" / tag.replace(":", "/"), expected=digest)


def given(city, make):
    """The id of an answer about areas, given and recorded."""
    desk = open_desk(city)
    made = make(desk, ASKED)
    record(desk, visit("GET /v1/hotspots"), made)
    desk.reading.records.close()
    return made.answer.answer_id


@pytest.mark.parametrize("make", [forecast, warnings])
def test_an_answer_about_areas_is_the_same_after_more_came_in(city, hotspots_of, tmp_path, make):
    answer_id = given(city, make)
    tmp_path.joinpath("incidents.csv").write_text(TOLD_LATE)
    with Store.open(city.home.store_url) as store:
        ingest(tmp_path / "incidents.csv", store, received_on=TODAY, backfill=True)
    told = again(city, hotspots_of, answer_id)
    assert (told.same, told.differs) == (True, ())
    assert given(city, make) != answer_id  # today's answer is another


def test_another_question_about_areas_has_another_id(city):
    desk = open_desk(city)
    ids = [forecast(desk, replace(ASKED, **each)).answer.answer_id for each in ({}, {"level": "city"})]
    ids += [forecast(desk, replace(ASKED, as_of=date(2024, 5, 1))).answer.answer_id]
    ids += [warnings(desk, ASKED).answer.answer_id]
    assert len(set(ids)) == 4
    assert forecast(desk, replace(ASKED, wording=wording("zh-CN"), most=1)).answer.answer_id == ids[0]


def test_a_forecast_with_noise_is_the_same_again_by_the_key_of_the_home(city, hotspots_of):
    desk = open_desk(city, noise_epsilon=1.0)
    made = forecast(desk, replace(ASKED, level="city"))
    record(desk, visit("GET /v1/hotspots"), made)
    desk.reading.records.close()
    assert again(city, hotspots_of, made.answer.answer_id).same
    (city.home.path / "noise.key").write_bytes(bytes(32))  # another
    assert again(city, hotspots_of, made.answer.answer_id).differs == ("rates", "told")


@pytest.mark.parametrize("part", ["areas", "rates", "told"])
def test_what_differs_from_what_was_recorded_is_named(city, hotspots_of, part):
    desk = open_desk(city)
    made = forecast(desk, ASKED)
    record(desk, visit("GET /v1/hotspots"), replace(made, marks=replace(made.marks, **{part: "0" * 32})))
    desk.reading.records.close()
    told = again(city, hotspots_of, made.answer.answer_id)
    assert (told.same, told.differs) == (False, (part,))
    assert told.sentence.startswith("Not the same: ")


def test_the_record_of_a_forecast_holds_no_number_of_it_and_its_marks_follow_the_key(city):
    desk = open_desk(city)
    parts = {"areas": ["T1"], "rates": [1.5], "told": []}
    ours, theirs = (Marks.of(parts, partial(person_hash, key)) for key in (b"a", b"b"))
    assert ours.differing(ours) == ()
    assert ours.differing(theirs) == ("areas", "rates", "told")
    assert ours.differing(Marks.of({**parts, "rates": [np.nextafter(1.5, 2)]}, partial(person_hash, b"a"))) == (
        "rates",
    )
    record(desk, visit("GET /v1/hotspots"), forecast(desk, ASKED))
    desk.reading.records.close()
    with reading(city.home.records) as connection:
        [detail] = connection.execute("SELECT detail FROM audit WHERE score_id IS NOT NULL").fetchone()
    assert set(json.loads(detail)) == {"kind", "weeks", "level", "marks", "noise_epsilon"}
