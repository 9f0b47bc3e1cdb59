from datetime import date

import numpy as np
import pandas as pd
import pytest

from features import schema
from features.errors import SchemaError
from features.schema import Arrival, check, conform
from tests.tables import table

EVENT = "P1 | 2024-01-02 | 2024-01-05 | community | urine_test | negative"


def events(*rows):
    return table("\n".join(["person_id | occurred_on | known_on | source | kind | outcome", *rows]))


def incidents(*rows):
    return table("\n".join(["occurred_on | kind | reported_by | longitude | latitude | area_id", *rows]))


def reasons_of(frame, name="events", **terms):
    faults = check(name, frame, **terms)
    return [reason for reasons in faults.rows.values() for reason in reasons]


def test_a_sound_row_has_no_fault():
    assert not check("events", events(EVENT))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (" | 2024-01-02 | 2024-01-05 | community | check_in | kept", "person_id is missing"),
        ("P1 | 02/01/2024 | 2024-01-05 | community | check_in | kept", "occurred_on is not a date (YYYY-MM-DD)"),
        ("P1 | 2024-02-30 | 2024-03-05 | community | check_in | kept", "occurred_on is not a date (YYYY-MM-DD)"),
        ("P1 | ２０２４-01-02 | 2024-01-05 | community | check_in | kept", "occurred_on is not a date (YYYY-MM-DD)"),
        ("P1 | 1024-01-02 | 2024-01-05 | community | check_in | kept", "occurred_on is below the range"),
        ("P1 | 2024-01-06 | 2024-01-05 | community | check_in | kept", "occurred_on is after known_on"),
        ("P1 | 2024-01-02 | 2024-01-05 | community | check_in | positive", "outcome does not belong to the kind"),
        ("P1 | 2024-01-02 | 2024-01-05 | community | check_in | ", "outcome does not belong to the kind"),
        ("P1 | 2024-01-02 | 2024-01-05 | community | death | kept", "outcome does not belong to the kind"),
        (
            "P1 | 2024-01-02 | 2024-01-05 | community | Check in | kept",
            "kind is not a code (lower case, no blanks, up to 64 characters)",
        ),
    ],
)
def test_each_fault_of_a_row_has_its_one_reason(row, reason):
    assert reasons_of(events(row)) == [reason]


def test_all_faults_of_all_rows_are_reported_at_once():
    faults = check("events", events(EVENT, " | yesterday | 2024-01-05 | hospital | check_in | kept"))
    assert list(faults.rows) == [1]
    assert len(faults.rows[1]) == 3  # person, day, source
    assert faults.tally["person_id is missing"] == 1


def test_reasons_never_show_what_was_in_the_row():
    secret = "secret"
    frame = events("secret | secret | secret | secret | secret x | secret").assign(value=secret, revision=secret)
    assert len(reasons_of(frame)) == 6
    assert not any(secret in reason for reason in reasons_of(frame))


def test_kinds_beyond_the_catalogue_are_kept_with_any_outcome():
    assert not check("events", events("P1 | 2024-01-02 | 2024-01-05 | community | 家访 | whatever"))


def test_a_retraction_need_not_repeat_the_outcome():
    row = events("P1 | 2024-01-02 | 2024-01-05 | community | urine_test | ").assign(event_id="e1", revision=2)
    assert not check("events", row.assign(retracted=True))
    assert reasons_of(row.assign(retracted=False)) == ["outcome does not belong to the kind"]


def test_a_later_revision_needs_the_id_of_its_event():
    assert reasons_of(events(EVENT).assign(revision=2)) == [
        "a later revision or a retraction needs the event_id it is about"
    ]
    assert reasons_of(events(EVENT).assign(revision="0", event_id="e")) == ["revision is below the range"]


@pytest.mark.parametrize("value", ["inf", "NaN", "1e999", "1_000", "0x10", "twelve", "1.2.3"])
def test_numbers_must_be_finite_and_plain(value):
    assert reasons_of(events(EVENT).assign(value=value)) == ["value is not a finite number"]


def test_empty_text_is_missing():
    read = conform("events", events(EVENT).assign(substance="  ", value="")).sound()
    assert read["substance"].isna().all()
    assert read["value"].isna().all()


def test_dates_become_days_since_1970_whatever_the_type_they_came_in():
    days = pd.concat([conform("events", events(EVENT).assign(occurred_on=day)).sound() for day in (
        "2024-01-02", date(2024, 1, 2), pd.Timestamp("2024-01-02"), np.datetime64("2024-01-02", "s"),
    )])  # fmt: skip
    assert days["occurred_on"].tolist() == [schema.days_since_epoch(date(2024, 1, 2))] * 4


def test_a_missing_required_column_refuses_the_whole_file_and_names_all():
    with pytest.raises(SchemaError, match=r"occurred_on is absent; column source is absent"):
        check("events", table("person_id | kind\nP1 | check_in"))


def test_day_numbers_without_an_epoch_refuse_the_whole_file():
    with pytest.raises(SchemaError, match="occurred_on holds numbers"):
        check("events", events(EVENT).assign(occurred_on=19_724))


def test_in_an_ordinary_batch_nothing_was_known_before_it_came():
    arrival = Arrival(date(2024, 1, 10))
    frame = events(EVENT, "P2 | 2024-01-02 |  | community | check_in | kept")
    known = conform("events", frame, arrival=arrival).frame["known_on"]
    assert known.tolist() == [schema.days_since_epoch(date(2024, 1, 10))] * 2


def test_a_backfill_trusts_the_declared_day_and_falls_back_on_the_arrival():
    frame = events(EVENT, "P2 | 2024-01-02 |  | community | check_in | kept")
    known = conform("events", frame, arrival=Arrival(date(2024, 1, 10), backfill=True)).frame["known_on"]
    assert known.tolist() == [schema.days_since_epoch(date(2024, 1, 5)), schema.days_since_epoch(date(2024, 1, 10))]


@pytest.mark.parametrize("backfill", [True, False])
def test_what_claims_to_be_known_after_it_came_is_a_fault(backfill):
    arrival = Arrival(date(2024, 1, 4), backfill)
    assert reasons_of(events(EVENT), arrival=arrival) == ["known_on is after the day of arrival"]


def test_same_key_conflicts_only_when_contents_differ():
    twice = events(EVENT, EVENT).assign(event_id="e1")
    assert not check("events", twice)
    other = twice.assign(outcome=["negative", "positive"])
    assert list(check("events", other).rows) == [0, 1]


def test_incidents_of_a_person_may_not_carry_coordinates():
    reason = "this kind may carry an area_id only, coordinates would give the person away"
    assert reasons_of(incidents("2024-01-02 | first_positive | service | 106.6 | 26.6 | T1"), "incidents") == [reason]
    assert not check("incidents", incidents("2024-01-02 | first_positive | service |  |  | T1"))


@pytest.mark.parametrize(
    ("place", "reasons"),
    [
        ("106.6 | 26.6 | ", []),
        (" |  | ", ["neither coordinates nor area_id is given"]),
        ("106.6 |  | T1", ["longitude and latitude go together"]),
        ("26.6 | 106.6 | ", ["latitude is above the range"]),
    ],
)
def test_an_incident_lies_somewhere_plausible(place, reasons):
    assert reasons_of(incidents(f"2024-01-02 | overdose | citizen | {place}"), "incidents") == reasons


def test_areas_have_outlines_and_weeks_begin_on_monday():
    areas = table('area_id | level | geometry\nT1 | township | {"type": "Point"}')
    assert reasons_of(areas, "areas") == ["geometry is not a GeoJSON Polygon or MultiPolygon"]
    effort = table("area_id | week | known_on | tests\nT1 | 2024-01-02 | 2024-01-09 | 3")
    assert reasons_of(effort, "effort") == ["week is not a Monday"]


def test_columns_beyond_the_contract_are_kept_as_json():
    persons = table("person_id | registered_on | arm\nP1 | 2024-01-02 | A\nP2 | 2024-01-02 |")
    assert conform("persons", persons).sound()["extra"].fillna("").tolist() == ['{"arm": "A"}', ""]


def test_the_pandera_schema_covers_every_column():
    for name, contract in schema.TABLES.items():
        assert tuple(schema.pandera_schema(name).columns) == contract.names
