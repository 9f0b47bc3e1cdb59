"""A history in parts gives what the whole gives, whatever the size of the parts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import partitions
from features.catalogue import make
from features.cohort import Cohort
from features.errors import ConfigError, StoreError
from features.history import read_events
from features.partitions import Size, Task, cuts, features_of, parts
from features.relapse import chosen  # noqa: F401 (fills the catalogue)
from tests.benchmarks.features import invented

PERSONS = 40
TASK = Task(
    cohort=Cohort(programmes=("methadone",), minimum_tests=0),
    features=(
        make("positive_tests", substance="", days=90),
        make("dose_mean", days=None),
        make("negative_run", substance=""),
    ),
    days=(18_600, 19_000, 19_400),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    events = invented(PERSONS, 2000)
    starts = pd.DataFrame({"person_id": events["person_id"].unique()}).assign(
        event_id=lambda rows: "s" + rows["person_id"], revision=1, retracted=False, occurred_on=18_000, known_on=18_000,
        source="community", kind="programme_start", outcome="methadone", substance=None, value=np.nan, station_id=None,
        note_code=None,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("parts") / "events.parquet"
    both = pd.concat([events, starts]).sort_values(["person_id", "occurred_on", "event_id", "revision"])
    both.to_parquet(path, index=False, row_group_size=300)
    return path


@pytest.fixture(scope="module")
def whole(path):
    events = read_events(path)
    return features_of(events, people_of(events), TASK)


def people_of(events):
    return pd.DataFrame({"person_id": sorted(set(events["person_id"]))})


@settings(max_examples=30, deadline=None)
@given(events=st.integers(1, 2500), persons=st.integers(1, 50), rows_read=st.sampled_from([50, 700, 100_000]))
def test_parts_together_give_what_the_whole_gives(path, whole, events, persons, rows_read):
    before, partitions.BATCH_ROWS = partitions.BATCH_ROWS, rows_read
    try:
        made = [features_of(part, people_of(part), TASK) for part in parts(path, Size(events, persons))]
    finally:
        partitions.BATCH_ROWS = before
    together = pd.concat(made).sort_values(["as_of", "person_id"], ignore_index=True)
    pd.testing.assert_frame_equal(
        together, whole.sort_values(["as_of", "person_id"], ignore_index=True), check_exact=True
    )


def test_a_part_keeps_to_its_size_and_never_splits_a_person(path):
    size = Size(events=200, persons=7)
    seen = set()
    for part in parts(path, size):
        people = set(part["person_id"])
        assert len(people) <= size.persons
        assert len(part) <= size.events or len(people) == 1
        assert not people & seen
        seen |= people
    assert len(seen) == PERSONS


def test_the_cuts_end_with_the_last_row(path):
    assert cuts(path, Size(10**9, 10**9)) == [len(read_events(path))]


def test_a_size_follows_from_the_memory_and_what_a_person_needs():
    size = TASK.size(memory_mb=partitions.BASE_MB + 100)
    assert size.events == 50_000_000 // partitions.BYTES_AN_EVENT
    assert size.persons == 50_000_000 // (3 * 3 * partitions.BYTES_A_VALUE)


def test_less_memory_than_python_itself_takes_is_refused():
    with pytest.raises(ConfigError, match="too little"):
        TASK.size(memory_mb=300)


def test_events_that_are_not_sorted_by_person_are_refused(tmp_path):
    invented(5, 200).sample(frac=1, random_state=1).to_parquet(tmp_path / "events.parquet", index=False)
    with pytest.raises(StoreError, match="not sorted by person"):
        cuts(tmp_path / "events.parquet", Size(10, 10))


def test_a_person_who_comes_back_in_a_later_piece_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(partitions, "BATCH_ROWS", 2)
    pd.DataFrame({"person_id": ["b", "b", "a", "a"]}).to_parquet(tmp_path / "events.parquet")
    with pytest.raises(StoreError, match="not sorted by person"):
        cuts(tmp_path / "events.parquet", Size(10, 10))
