"""From which day a revision no longer holds, against a plain loop; and any table of columns makes the same history."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.history import FEW, NEVER, History, _in_force_until
from tests.benchmarks.features import invented

DAY = st.integers(-(2**31), 2**31 - 2)


def replaced_on(rows):
    """The same by a plain loop: of each row the first day a later revision of its event was known."""
    return [
        min((known for event, revision, known in rows if event == row[0] and revision > row[1]), default=NEVER)
        for row in rows
    ]


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcde"), st.integers(1, 6), st.one_of(DAY, st.integers(0, 5))),
        max_size=20,
        unique_by=lambda row: row[:2],
    )
)
def test_a_revision_holds_until_the_first_day_any_later_one_was_known(rows):
    event_ids, revisions, known = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    told = {"event_id": event_ids, "revision": revisions}
    assert _in_force_until(told, np.array(known, dtype=np.int32)).tolist() == replaced_on(rows)


def test_lists_arrays_and_frames_make_the_same_history_however_many_rows():
    frame = invented(30, FEW + 500)
    persons = pd.DataFrame({"person_id": frame["person_id"].unique()})
    arrays = {name: column.to_numpy(dtype=object, na_value=None) for name, column in frame.items()}
    lists = {name: column.tolist() for name, column in arrays.items()} | {"value": frame["value"].tolist()}
    one, *others = [History.of(table, persons) for table in (frame, arrays, lists)]
    for other in others:
        assert (other.levels, len(other)) == (one.levels, len(one))
        for name in ("first", "occurred", "known", "until", "value"):
            np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
        for name, codes in one.codes.items():
            np.testing.assert_array_equal(other.codes[name], codes)
