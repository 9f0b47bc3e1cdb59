"""The bulletin counts work as it was known on its day, gives colours by control limits, and blames no gap."""

import re
import shutil
from datetime import date

import pytest
from scipy.stats import binom

from features.errors import ConfigError
from features.history import History
from features.intake import ingest
from features.languages import LANGUAGES
from features.schema import TABLES
from features.stations import StationMonths
from features.store import Store, frame_of
from serving.bulletin import Cell, Tally, bulletin, cell_of, city_share, lower_limit, of_store, tallies, upper_limit
from serving.bulletin_command import bulletin as command
from serving.bulletin_dues import dues, half_month_before
from serving.bulletin_page import page_of
from serving.wording import wording
from tests.small_city import UNTIL as CITY_UNTIL
from tests.tables import day, events, history
from tests.test_cli import waystation

UNTIL = date(2024, 6, 30)


def counted(text, until=UNTIL):
    return {code: (each.due, each.done) for (_, code), each in tallies(dues(history(text), until)).items()}


def urine_tests(station, *, given, missed, on="2024-06-20", of="P"):
    rows = [(outcome, n) for outcome, n in (("negative", given), ("missed", missed))]
    lines = [f"{of}{station}{at} | {on} | urine_test | {outcome} | {station}" for outcome, n in rows for at in range(n)]
    return "\n".join(lines) + "\n"


def bulletin_of(text, *, listed=(), until=UNTIL):
    made = events("person_id | occurred_on | kind | outcome | station_id\n" + text)
    months = StationMonths.of(frame_of(TABLES["station_months"], (*TABLES["station_months"].names, "extra"), []))
    return bulletin(History.of(made, made[["person_id"]].drop_duplicates(), months), listed, until)


@pytest.mark.parametrize(
    ("until", "before"),
    [
        ("2024-03-31", "2024-03-15"),
        ("2024-03-16", "2024-03-15"),
        ("2024-03-15", "2024-02-29"),
        ("2024-01-01", "2023-12-31"),
    ],
)
def test_half_months_end_on_the_fifteenth_and_on_the_last_day(until, before):
    assert half_month_before(date.fromisoformat(until)) == date.fromisoformat(before)


def test_a_report_is_in_time_by_the_fifteenth_day_and_due_only_when_its_term_is_over():
    assert counted("""
        person_id | occurred_on | kind            | outcome             | station_id
        P1        | 2024-03-01  | order           | community_treatment | S1
        P1        | 2024-03-16  | programme_start | community_treatment | S1
        P2        | 2024-03-01  | order           | community_treatment | S1
        P2        | 2024-03-17  | programme_start | community_treatment | S1
        P3        | 2024-03-01  | order           | community_treatment | S1
        P4        | 2024-06-20  | order           | community_treatment | S1
    """)["report"] == (3, 1)  # P1 in time, P2 a day late, P3 never; the term of P4 still runs


def test_an_order_and_a_release_of_one_day_await_one_report():
    assert counted("""
        person_id | occurred_on | kind            | outcome                  | station_id
        P1        | 2024-03-01  | order           | community_rehabilitation | S1
        P1        | 2024-03-01  | isolation_end   |                          | S1
        P1        | 2024-03-05  | programme_start | community_rehabilitation | S1
    """)["report"] == (1, 1)


def test_who_could_not_be_reached_within_the_term_was_not_due():
    assert counted("""
        person_id | occurred_on | kind            | outcome             | station_id
        P1        | 2024-03-01  | order           | community_treatment | S1
        P1        | 2024-03-10  | isolation_start |                     |
        P2        | 2024-03-01  | order           | community_treatment | S1
        P2        | 2024-03-10  | death           |                     |
        P3        | 2024-03-01  | order           | community_treatment | S1
        P3        | 2024-03-17  | isolation_start |                     |
    """)["report"] == (1, 0)  # only P3 had the whole term


def test_an_agreement_may_be_signed_before_or_after_the_start():
    assert counted("""
        person_id | occurred_on | kind            | outcome             | station_id
        P1        | 2024-02-20  | agreement       |                     | S1
        P1        | 2024-03-01  | programme_start | community_treatment | S1
        P2        | 2024-03-01  | programme_start | community_treatment | S1
        P2        | 2024-03-16  | agreement       |                     | S1
        P3        | 2024-03-01  | programme_start | community_treatment | S1
        P3        | 2024-03-17  | agreement       |                     | S1
        P4        | 2024-03-01  | programme_start | methadone           | S1
    """)["agreement"] == (3, 2)  # methadone asks for none


def test_a_hand_over_counts_at_the_station_that_began_it():
    made = dues(history("""
        person_id | occurred_on | kind         | station_id
        P1        | 2024-03-01  | transfer_out | S1
        P1        | 2024-03-10  | transfer_in  | S2
        P2        | 2024-03-01  | transfer_out | S1
        P2        | 2024-03-20  | transfer_in  | S2
    """), UNTIL)  # fmt: skip
    assert tallies(made) == {("S1", "hand_over"): Tally(due=2, done=1, answered=2)}


def test_tests_and_contacts_are_those_of_the_half_month():
    found = counted("""
        person_id | occurred_on | kind         | outcome  | station_id
        P1        | 2024-06-15  | urine_test   | missed   | S1
        P1        | 2024-06-16  | urine_test   | negative | S1
        P1        | 2024-06-20  | urine_test   | positive | S1
        P1        | 2024-06-30  | urine_test   | refused  | S1
        P1        | 2024-07-01  | urine_test   | negative | S1
        P1        | 2024-06-20  | check_in     | kept     | S1
        P1        | 2024-06-21  | home_visit   | missed   | S1
    """)
    assert found["test"] == (1 + 1 + 1, 1 + 1)
    assert found["contact"] == (2, 1)


def test_a_plan_is_due_of_who_has_been_in_a_community_programme_for_ninety_days():
    assert counted("""
        person_id | occurred_on | kind            | outcome             | station_id
        P1        | 2024-01-01  | programme_start | community_treatment | S1
        P1        | 2024-06-01  | plan            |                     | S1
        P2        | 2024-01-01  | programme_start | community_treatment | S1
        P2        | 2024-02-01  | plan            |                     | S1
        P3        | 2024-05-01  | programme_start | community_treatment | S1
        P4        | 2024-01-01  | programme_start | community_treatment | S1
        P4        | 2024-05-01  | programme_end   | completed           | S1
    """)["plan"] == (2, 1)


def test_only_what_was_known_by_the_end_of_the_day_counts():
    text = """
        event_id | revision | retracted | person_id | occurred_on | known_on   | kind       | outcome  | station_id
        late     | 1        |           | P1        | 2024-06-20  | 2024-07-02 | urine_test | negative | S1
        mended   | 1        |           | P1        | 2024-06-21  | 2024-06-21 | urine_test | missed   | S1
        mended   | 2        |           | P1        | 2024-06-21  | 2024-07-03 | urine_test | negative | S1
        gone     | 1        |           | P1        | 2024-06-22  | 2024-06-22 | urine_test | negative | S1
        gone     | 2        | yes       | P1        | 2024-06-22  | 2024-06-30 | urine_test | negative | S1
    """
    assert counted(text)["test"] == (1, 0)


def test_nothing_is_counted_of_a_sealed_record():
    assert counted("""
        person_id | occurred_on | kind       | outcome  | station_id
        P1        | 2024-06-20  | urine_test | negative | S1
        P2        | 2024-06-20  | urine_test | negative | S1
        P2        | 2024-06-25  | sealed     |          |
    """)["test"] == (1, 1)


def test_what_names_no_station_goes_to_the_persons_own_on_the_day_it_was_due():
    made = dues(history("""
        person_id | occurred_on | kind     | outcome             | station_id
        P1        | 2024-02-01  | check_in | kept                | S1
        P1        | 2024-03-01  | order    | community_treatment |
        P2        | 2024-03-01  | order    | community_treatment |
    """), UNTIL)  # fmt: skip
    assert made["station_id"].tolist().count("S1") == 1
    assert made["station_id"].isna().sum() == 1


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8, 0.97])
def test_colours_are_those_of_the_binomial_distribution_summed_by_hand(share):
    for due in (10, 37, 120):
        for done in range(due + 1):
            chance = sum(float(binom.pmf(each, due, share)) for each in range(done + 1))
            expected = "green" if chance >= 0.025 else "yellow" if chance >= 0.001 else "orange"
            assert cell_of(Tally(due, done, due), share, was_low=False).state == expected
            assert cell_of(Tally(due, done, due), share, was_low=True).state == expected.replace("orange", "red")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_spot_lies_under_the_drawn_limit_just_when_it_has_the_colour(share):
    for due in (10, 50, 200):
        lower = lower_limit(due, share, 0.025)
        below = [done for done in range(due + 1) if done / due < lower - 1e-12]
        assert below == [done for done in range(due + 1) if binom.cdf(done, due, share) < 0.025]
        assert lower <= share <= upper_limit(due, share, 0.025)


def test_a_station_with_fewer_than_ten_due_has_no_colour_and_no_number():
    assert cell_of(Tally(9, 0, 9), 0.9, was_low=True) == Cell("too_few")


def test_where_nothing_is_recorded_it_is_not_known_and_never_red():
    assert cell_of(Tally(40, 0, 0), 0.9, was_low=True) == Cell("not_known")
    assert city_share([Tally(40, 0, 0), Tally(10, 8, 10)]) == 8 / 10  # nor does it pull the others' share down
    assert cell_of(Tally(), None, was_low=False) == Cell("not_known")


def test_red_needs_two_bulletins():
    good = urine_tests("S1", given=100, missed=0, of="A") + urine_tests(
        "S1", given=100, missed=0, on="2024-06-10", of="B"
    )
    bad, bad_before = (
        urine_tests("S2", given=5, missed=15),
        urine_tests("S2", given=5, missed=15, on="2024-06-10", of="C"),
    )

    def state(text):
        return bulletin_of(text).lines[1].cells["test"].state

    assert state(good + bad) == "orange"
    assert state(good + bad + bad_before) == "red"
    assert state(good + bad_before + urine_tests("S2", given=20, missed=0)) == "green"


def planned(station, *, on):
    """Twelve persons of a station in a community programme since January, each with a plan of a day."""
    rows = [("2024-01-02", "programme_start", "community_treatment"), (on, "plan", "")]
    return "".join(
        f"P{at} | {day} | {kind} | {outcome} | {station}\n" for at in range(12) for day, kind, outcome in rows
    )


def states(made):
    return {cell.state for line in made.lines for cell in line.cells.values()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_records_of_all_had_stopped_no_station_has_a_colour_and_the_head_says_so(language):
    text = planned("S1", on="2024-04-30") + urine_tests("S1", given=30, missed=0, on="2024-05-01")
    going_on, stopped = (bulletin_of(text, listed=["S1"], until=until) for until in (date(2024, 6, 29), UNTIL))
    assert states(going_on) >= {"green"}  # 59 days after the last record; on the thirtieth it is 60
    assert states(stopped) == {"not_known"}
    assert set(stopped.city.values()) == {None}
    told = wording(language).text("bulletin", "stopped", days=60)
    assert [told in page_of(made, {}, wording(language)) for made in (going_on, stopped)] == [False, True]
    assert "<svg" not in page_of(stopped, {}, wording(language))


def test_where_nothing_was_done_in_time_in_the_whole_city_nobody_is_green():
    text = planned("S1", on="2024-02-01") + urine_tests("S1", given=10, missed=0, of="B")
    made = bulletin_of(text)
    assert (made.stopped, made.city["plan"], made.city["test"]) == (False, 0 / 12, 10 / 10)
    assert [made.lines[0].cells[code].state for code in ("plan", "test")] == ["not_known", "green"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_colours_in_words_names_gaps_and_holds_no_person(language):
    made = bulletin_of(
        urine_tests("S1", given=40, missed=0) + urine_tests("S2", given=3, missed=0), listed=["S1", "S2", "S3"]
    )
    page = page_of(made, {"S1": "<b>One</b>", "S3": "Three"}, wording(language))
    words = wording(language).texts["bulletin"]
    assert f"{words['green']} 100% (40)" in page
    assert words["too_few"] in page
    assert words["silent"].format(names="Three") in page
    assert "&lt;b&gt;One" in page
    assert "<b>One" not in page
    assert "PS1" not in page  # the ids of the invented persons begin so
    assert "<script" not in page
    assert page.count("<svg") == 1


def test_the_plot_names_the_stations_under_a_limit_and_no_other():
    made = bulletin_of(
        urine_tests("S1", given=200, missed=0) + urine_tests("S2", given=20, missed=20), listed=["S1", "S2"]
    )
    assert [line.cells["test"].state for line in made.lines] == ["green", "orange"]
    page = page_of(made, {"S1": "One", "S2": "Two<"}, wording("en"))
    assert re.findall(r'paint-order="stroke">([^<]*)</text>', page) == ["Two&lt;"]


def test_a_later_batch_does_not_change_an_earlier_bulletin(small_home, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(small_home.path, home)
    with Store.open_home(home) as store:
        before = of_store(store, CITY_UNTIL)
        late = tmp_path / "late"
        late.mkdir()
        person, station = (
            store.read("events").loc[lambda rows: rows["station_id"].notna()].iloc[0][["person_id", "station_id"]]
        )
        rows = [f"{person},2025-12-{at},community,urine_test,negative,{station}" for at in range(16, 31)]
        (late / "events.csv").write_text(
            "person_id,occurred_on,source,kind,outcome,station_id\n" + "\n".join(rows), encoding="utf-8"
        )
        ingest(late, store, received_on=date(2026, 1, 10))
        assert of_store(store, CITY_UNTIL) == before
        after = tallies_of(of_store(store, date(2026, 1, 10)))
    assert tallies_of(before)
    assert after != tallies_of(before)


def test_workload_is_of_the_last_month_that_was_closed(small_home):
    with Store.open(small_home.store_url) as store:
        made, months = of_store(store, CITY_UNTIL), store.read("station_months")
    known = months[months["closed_on"] <= day(CITY_UNTIL.isoformat())]
    last = known[known["month"] == known["month"].max()].set_index("station_id")
    expected = {name: row["persons"] / row["social_workers"] for name, row in last.iterrows()}
    assert expected
    assert {line.station_id: line.cases_a_worker for line in made.lines if line.cases_a_worker is not None} == expected


def tallies_of(made):
    return {(line.station_id, code): cell for line in made.lines for code, cell in line.cells.items()}


def test_the_command_writes_the_page(small_home, tmp_path):
    page = tmp_path / "b.html"
    ran = waystation(small_home.path, "bulletin", "--until", CITY_UNTIL, "--out", page)
    assert ran.returncode == 0, ran.stderr
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("2025-12-20", "should be one of: YYYY-MM-15"),
        ("1990-01-15", "lies before the first record"),
        ("2199-12-31", "lies in the future"),
    ],
)
def test_the_command_refuses_what_the_page_refuses(small_home, tmp_path, monkeypatch, until, why):
    monkeypatch.setenv("WAYSTATION_HOME", str(small_home.path))
    with pytest.raises(ConfigError, match=why):
        command(until, tmp_path / "b.html")
    assert list(tmp_path.iterdir()) == []


def test_of_a_store_without_records_there_is_no_bulletin(tmp_path, monkeypatch):
    monkeypatch.setenv("WAYSTATION_HOME", str(tmp_path / "home"))
    with pytest.raises(ConfigError, match="the store holds no records"):
        command("2025-12-31", tmp_path / "b.html")
    assert not (tmp_path / "b.html").exists()


def test_without_a_chromium_a_pdf_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="print that"):
        command(CITY_UNTIL.isoformat(), tmp_path / "b.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_day_that_is_none_and_a_file_of_another_sort_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="--until takes a day"):
        command("2025-12-32", tmp_path / "b.html")
    for out, why in (("b.docx", "expected one of .html, .htm, .pdf"), ("no/folder/b.html", "cannot be written")):
        done = waystation(tmp_path, "bulletin", "--until", "2025-12-31", "--out", tmp_path / out)
        assert done.returncode == 2
        assert why in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
