"""Whether the record is whole: each way to spoil it is found, and what was only written to is not."""

import shutil
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import StoreError
from serving.audit import MOST_TOLD, verify
from serving.audit_chain import GENESIS, Head, chain_key, next_head, read_heads, write_head
from serving.entries import Entry
from serving.records import Records

N = 10


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    records = Records(folder / "records.db")
    for number in range(N):
        records.write([entry(number)])
    records.close()
    return folder


@pytest.fixture
def path(written, tmp_path):
    shutil.copytree(written, tmp_path / "copy")
    return tmp_path / "copy" / "records.db"


def entry(number):
    return Entry(
        "2024-06-01",
        "key",
        "machine",
        "act",
        "scored",
        score_id=f"s{number}",
        person_hash=f"h{number}",
        risk=number / 7,
    )


def spoilt(path, *statements):
    with sqlite3.connect(path, isolation_level=None) as connection:
        for trigger in ("audit_keeps_what_is", "audit_keeps_all"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return verify(path).findings


def test_without_its_key_or_with_part_of_it_a_record_is_not_gone_on_with(path):
    key = path.with_suffix(".key")
    whole = key.read_bytes()
    for part in (b"", whole[:31], whole + b"x"):
        key.write_bytes(part)
        with pytest.raises(StoreError, match=r"records\.key of the home is no key"):
            Records(path)
    key.unlink()
    with pytest.raises(StoreError, match=r"records\.key of the home is gone"):
        Records(path)
    assert not key.exists()
    key.write_bytes(whole)
    Records(path).close()
    path.write_bytes(b"no database, long enough to have a head" * 10)
    with pytest.raises(StoreError, match=r"records\.db of the home cannot be opened"):
        Records(path)


def test_an_alarm_is_told_with_its_number_and_day(path):
    records = Records(path)
    records.write([replace(entry(N), at="2024-06-03T01:02:03.004+00:00", outcome="unusual_volume")])
    records.close()
    assert verify(path).alarms == ((N + 1, "2024-06-03"),)


def copy_of(seq, to):
    return f"INSERT INTO audit SELECT {to}, {', '.join(COLUMNS)}, link FROM audit WHERE seq = {seq}"


COLUMNS = tuple(Entry.__dataclass_fields__)


def test_a_record_that_was_only_written_to_is_whole(path):
    verdict = verify(path)
    assert verdict.whole
    assert (verdict.entries, verdict.alarms, verdict.head.seq) == (N, (), N)


@pytest.mark.parametrize(
    "edit",
    ["risk = 0.5", "outcome = 'sealed'", "person_hash = 'h9'", "actor = 'other'", "purpose = 'review'", "risk = NULL"],
)
def test_an_edit_is_found(path, edit):
    assert spoilt(path, f"UPDATE audit SET {edit} WHERE seq = 4") == (
        "Entry 4 is not as it was written, or not where: changed, inserted or moved.",
    )


def test_a_new_link_for_an_edited_entry_needs_the_key(path):
    forged = next_head(chain_key(b"guessed"), Head(), {"at": "2024-06-01"}).link
    assert len(spoilt(path, f"UPDATE audit SET risk = 0.5, link = '{forged}' WHERE seq = 4")) == 2


def test_a_deletion_is_found(path):
    assert spoilt(path, "DELETE FROM audit WHERE seq IN (4, 5)") == ("Entries 4 to 5 are missing.",)
    assert verify(path).entries == N - 2


def test_a_deletion_that_closes_the_gap_is_found(path):
    found = spoilt(path, "DELETE FROM audit WHERE seq = 4", "UPDATE audit SET seq = seq - 1 WHERE seq > 4")
    assert any("Entry 4 " in each for each in found)
    assert any("kept outside" in each for each in found)


def test_an_insertion_is_found(path):
    found = spoilt(
        path,
        "UPDATE audit SET seq = -seq - 1 WHERE seq > 4",
        "UPDATE audit SET seq = -seq WHERE seq < 0",
        copy_of(3, 5),
    )
    assert any("Entry 5 " in each for each in found)


def test_an_entry_put_at_the_end_is_found(path):
    assert spoilt(path, copy_of(3, N + 1)) == (
        f"Entry {N + 1} is not as it was written, or not where: changed, inserted or moved.",
    )


def test_a_reordering_is_found(path):
    found = spoilt(
        path,
        "UPDATE audit SET seq = -1 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 7",
        "UPDATE audit SET seq = 7 WHERE seq = -1",
    )
    assert {"Entry 3 ", "Entry 7 "} <= {each[:8] for each in found}


@pytest.mark.parametrize("left", [N - 1, 3, 0])
def test_a_truncation_is_found_by_the_head(path, left):
    found = spoilt(path, f"DELETE FROM audit WHERE seq > {left}")
    assert found == (f"Entries {left + 1} to {N} are missing: a head kept outside names the last of them.",)


def test_a_truncation_together_with_the_head_is_found_by_a_head_that_was_shipped(path, tmp_path):
    shipped = tmp_path / "shipped.head"
    shutil.copy(path.with_suffix(".head"), shipped)
    with sqlite3.connect(path) as connection:
        link = connection.execute("SELECT link FROM audit WHERE seq = 5").fetchone()[0]
    path.with_suffix(".head").write_text(f"{5:020} {link}\n")
    assert spoilt(path, "DELETE FROM audit WHERE seq > 5") == ()
    assert verify(path, [shipped]).findings == (
        f"Entries 6 to {N} are missing: a head kept outside names the last of them.",
    )


def test_a_record_written_anew_is_found_by_a_head_that_was_shipped(path, tmp_path):
    shipped = tmp_path / "heads"
    shipped.write_text("# collected daily\n" + path.with_suffix(".head").read_text())
    for name in (path, path.with_suffix(".head")):
        name.unlink()
    anew = Records(path)  # with the same key, by someone who has it
    anew.write([entry(number + 1) for number in range(N + 5)])
    assert verify(path).whole
    assert verify(path, [shipped]).findings == (
        f"Entry {N} has another link than a head kept outside: the record was written anew.",
    )


def test_a_head_that_is_gone_is_told(path):
    path.with_suffix(".head").unlink()
    assert verify(path).findings == ("records.head: the head beside the record is gone.",)


def test_the_table_itself_refuses_changes(path):
    with sqlite3.connect(path) as connection:
        for statement in ("UPDATE audit SET risk = 0", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)


def test_of_many_findings_the_first_are_told(path):
    found = spoilt(
        path, *(f"INSERT INTO audit SELECT seq + {N * 2**n}, {', '.join(COLUMNS)}, link FROM audit" for n in range(3))
    )
    assert len(found) == MOST_TOLD + 1
    assert found[-1].startswith("... and ")


def test_what_is_no_record_is_told_in_a_sentence(path, tmp_path):
    with pytest.raises(StoreError, match="the key of the record"):
        verify(tmp_path / "none.db")
    with pytest.raises(StoreError, match="the heads"):
        verify(path, [tmp_path / "no.head"])
    (tmp_path / "empty.head").write_text("nothing\n")
    with pytest.raises(StoreError, match="holds no head"):
        verify(path, [tmp_path / "empty.head"])
    path.write_bytes(b"not a database" * 100)
    for beside in path.parent.glob("records.db-*"):
        beside.unlink()
    with pytest.raises(StoreError, match="cannot be read as a record"):
        verify(path)


def test_an_older_head_never_replaces_a_newer_one(tmp_path):
    file = tmp_path / "head"
    for seq in (3, 7, 5):
        write_head(file, Head(seq, f"{seq:064}"))
    assert read_heads(file) == [Head(7, f"{7:064}")]


def test_a_column_added_later_changes_no_link_of_entries_without_it():
    old = {"at": "2024-06-01", "risk": 0.1}
    assert next_head(b"k", Head(), old) == next_head(b"k", Head(), {**old, "added": None})
    assert next_head(b"k", Head(), old) != next_head(b"k", Head(), {**old, "added": 0})


WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5)
CONTENTS = st.dictionaries(WORDS, st.none() | WORDS | st.integers(-9, 9) | st.floats(allow_nan=False), max_size=4)


@settings(max_examples=200)
@given(CONTENTS, CONTENTS)
def test_contents_that_differ_have_links_that_differ(one, other):
    def told(content):
        return {name: (type(value), value) for name, value in content.items() if value is not None}

    same = next_head(b"k", Head(), one).link == next_head(b"k", Head(), other).link
    assert same == (repr(sorted(told(one).items(), key=repr)) == repr(sorted(told(other).items(), key=repr)))
    assert next_head(b"k", Head(), one).link != GENESIS
