"""An old score comes back bit for bit, from the state, the model and the explainer it was made with."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from features.errors import StoreError
from features.intake import ingest
from features.schema import days_since_epoch
from features.store import Store
from models import artifact
from models.champion import read
from serving.entries import SCORED, Entry
from serving.histories import StoredHistories
from serving.records import Records
from serving.replay import replay
from serving.scoring import scores
from tests import serving_helpers
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
