from datetime import date

import pytest

from features.errors import ConfigError
from features.mapping import Filling, SourceMapping, TableMapping, apply, read_mapping
from features.schema import conform
from tests.tables import table

EVENTS = """who | day | type | value | known_day
            10  | -35.0 | tlfb_heroin | 1.0 | -19.0
            10  | 1.0 | uds_opioid | 1.0 | 1.0
            10  | 2.0 | uds_opioid | 0 | 2.0
            11  | 3.0 | uds_pos_cocaine | 1.0 | 3.0
            11  | 4.0 | dose | 32.5 | 4.0
            11  | 5.0 | visit | 1.0 | 5.0
            11  | 6.0 | withdrawal | 2.0 | 6.0
            11  | 7.0 | Mood Score | 5.0 | 7.0"""

PERSONS = """who | age | sex | race | arm | ftnd
             10 | 35.0 | F | Black | A | 6
             11 |  | X | White | B | many"""


def mapped(text, file, position=0):
    mapping = read_mapping("ctn0094")
    return apply(mapping, mapping.of_file(file)[position], table(text).astype("str"))


def write(tmp_path, text):
    path = tmp_path / "source.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_types_of_a_trial_become_kinds_outcomes_and_substances():
    frame = mapped(EVENTS, "events.csv.gz").frame.fillna("")
    said = frame[["kind", "outcome", "substance", "value"]].astype(str).agg("/".join, axis=1).tolist()
    assert said == [
        "self_report/use/heroin/",
        "urine_test/positive/opioid/",
        "urine_test/negative/opioid/",
        "urine_test/positive/cocaine/",
        "dose/taken//32.5",
        "check_in/kept//",
        "withdrawal_score///2.0",
        "mood_score///5.0",  # no rule knows it: kept as a kind of its own, with its value
    ]


def test_day_numbers_count_from_the_epoch():
    frame = mapped(EVENTS, "events.csv").frame
    assert frame.loc[0, ["occurred_on", "known_on"]].tolist() == ["1999-11-27", "1999-12-13"]  # 2000-01-01 - 35, - 19
    assert not conform("events", frame).faults


def test_a_day_that_is_no_number_becomes_a_fault_not_a_gap():
    frame = mapped("who | day | type | value | known_day\n10 | soon | visit | 1 | 3.5", "events.csv").frame
    assert conform("events", frame).faults.rows == {
        0: ["occurred_on is not a date (YYYY-MM-DD)", "known_on is not a date (YYYY-MM-DD)"]
    }


# Who is 35 on new year's day of 2000 was born in 1964, but for those whose birthday it is.
def test_persons_get_a_birth_year_and_keep_their_other_columns():
    made = mapped(PERSONS, "persons.csv")
    first = made.frame.loc[0]
    assert first[["person_id", "sex", "birth_year", "ethnicity", "registered_on", "arm"]].tolist() == [
        "10", "female", str(2000 - 35 - 1), "Black", "2000-01-01", "A",
    ]  # fmt: skip
    assert made.frame.loc[1, "sex"] == "unknown"
    assert made.frame.loc[1].isna()[["birth_year", "ftnd"]].all()
    assert made.notes == ("persons: ftnd: 1 values are no numbers and count as missing",)


@pytest.mark.parametrize(("day", "born"), [("2000-06-30", 2000 - 35 - 1), ("2000-07-01", 2000 - 35)])
def test_an_age_gives_the_likelier_of_two_birth_years(day, born):
    filling = Filling("birth_year", column="age", age_on=date.fromisoformat(day))
    table_mapping = TableMapping("persons", ("persons.csv",), (filling,))
    frame = apply(SourceMapping((table_mapping,)), table_mapping, table("age\n35\n35.9")).frame
    assert frame["birth_year"].tolist() == [str(born)] * 2


@pytest.mark.parametrize("age", ["1e9", "1e300", "-900", "unknown"])
def test_an_age_nobody_reaches_becomes_a_fault_of_its_row(age):
    frame = mapped(f"who | age\n10 | {age}", "persons.csv").frame
    assert len(conform("persons", frame).faults.rows) == 1


def test_each_person_begins_a_programme_on_day_0():
    frame = mapped(PERSONS, "persons.csv", position=1).frame
    assert frame["kind"].tolist() == ["programme_start"] * 2
    assert set(frame["occurred_on"]) == {"2000-01-01"}
    assert "arm" not in frame
    assert not conform("events", frame).faults


def test_a_trial_with_fewer_columns_needs_no_change():
    assert not conform("persons", mapped("who\n10", "persons.csv").frame).faults


def test_entry_facts_can_become_events(tmp_path):
    path = write(
        tmp_path,
        """
        epoch = 2000-01-01
        [[tables]]
        table = "events"
        files = ["people.csv"]
        columns = [
            { name = "person_id", column = "who" },
            { name = "occurred_on", day = 0 },
            { name = "source", constant = "community" },
        ]
        melt = ["job", "iv_days", "absent_here"]
        """,
    )
    mapping = read_mapping(path)
    people = table("who | job | iv_days\n10 | Full Time | 30\n11 |  | 2").astype("str")
    frame = apply(mapping, mapping.of_file("people.csv")[0], people).frame
    assert frame[["kind", "outcome", "value"]].fillna("").to_numpy().tolist() == [
        ["entry_job", "full_time", ""],
        ["entry_iv_days", "", "30"],
        ["entry_iv_days", "", "2"],
    ]
    assert not conform("events", frame).faults


def test_the_first_rule_that_fits_translates_a_row(tmp_path):
    rules = [("uds_opioid", "hair_test"), ("uds_*", "urine_test"), ("*", "plan")]
    path = write(
        tmp_path,
        '[[tables]]\ntable = "events"\nfiles = ["e.csv"]\ncolumns = [{ name = "kind", column = "type" }]\n'
        + "".join(
            f'[[tables.rules]]\nwhen = {{ type = "{type_}" }}\nthen = {{ kind = "{kind}" }}\n' for type_, kind in rules
        ),
    )
    mapping = read_mapping(path)
    rows = table("type\nuds_opioid\nuds_thc\nother").astype("str")
    made = apply(mapping, mapping.of_file("e.csv")[0], rows).frame
    assert made["kind"].tolist() == ["hair_test", "urine_test", "plan"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ('{ name = "persn", column = "who" }', "table events has no column 'persn'"),
        ('{ name = "person_id", colum = "who" }', "no key 'tables.columns.colum'"),
        ('{ name = "person_id" }', "exactly one of column, constant, day"),
        ('{ name = "occurred_on", day = 0 }', "need an `epoch`"),
    ],
)
def test_a_mistake_in_a_mapping_names_file_and_key(tmp_path, columns, message):
    path = write(tmp_path, f'[[tables]]\ntable = "events"\nfiles = ["e.csv"]\ncolumns = [{columns}]\n')
    with pytest.raises(ConfigError, match=message) as error:
        read_mapping(path)
    assert "source.toml" in str(error.value)


def test_an_unknown_mapping_lists_the_bundled_ones():
    with pytest.raises(ConfigError, match="ctn0094"):
        read_mapping("nowhere")


def test_the_bundled_mapping_has_a_fixed_epoch():
    assert read_mapping("ctn0094").epoch == date(2000, 1, 1)
