"""A station's worklist: who is on it, in which order, with what to do; read by page, recorded once and held."""

from datetime import date, timedelta

import pytest

from features.catalogue import CATALOGUE
from features.intake import ingest
from features.store import Store
from features.vocabulary import PURPOSES
from serving.guard import Visit
from serving.messages import ScoreRequest
from serving.paging import Cursor, name_of
from serving.problems import Fault, ProblemError
from serving.roles import Caller
from serving.support import LEVELS
from serving.volume import MOST_PERSONS_A_DAY
from serving.wording import wording
from serving.worklist import AskedFor
from tests.asked_in_process import WORKER, entries, lists_of, open_desk
from tests.serving_helpers import AS_OF, TODAY, build_city, copied

ACT = "GET /v1/worklist"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"))


@pytest.fixture
def lists(city):
    return lists_of(city)


def read(
    lists, caller=WORKER, *, station=None, limit=1000, cursor=None, language="en", purpose="support_plan", as_of=AS_OF
):
    asked = AskedFor(date.fromisoformat(str(as_of)), purpose, station, limit, cursor, wording(language))
    return lists.page(asked, Visit(ACT, "request", caller))


def refusal(lists, *args, **asked):
    with pytest.raises(ProblemError) as refused:
        read(lists, *args, **asked)
    return refused.value


# Who is on it


def test_the_list_holds_the_stations_own_persons_and_no_others(lists):
    told = read(lists)
    ids = {case.person_id for case in told.cases}
    even = {f"P{number:03}" for number in range(2, 80, 2)}
    assert even <= ids
    assert not {f"P{number:03}" for number in range(1, 80, 2)} & ids
    assert told.persons == len(told.cases) == len(ids)
    assert {case.person_id for case in read(lists, Caller("m", "machine"), station="S2").cases} == {
        f"P{number:03}" for number in range(1, 80, 2)
    }


def test_who_is_no_case_is_not_listed_and_who_may_not_be_scored_has_no_level(lists):
    cases = {case.person_id: case for case in read(lists).cases}
    assert not {"SEALED", "LATER_SEALED", "ABSTINENT", "OUTSIDE", "EMPTY"} & set(cases)
    for person_id, reason in (("OBJECTED", "objected"), ("LATER_OBJECTED", "objected"), ("MINOR", "under_18")):
        case = cases[person_id]
        assert (case.refused, case.level, case.risk, case.score_id, case.reasons) == (reason, None, None, None, [])
        assert case.article
        assert case.refused_text
    assert cases["ISOLATED"].refused == "isolated"
    assert cases["ISOLATED"].to_do == []


def test_the_order_is_by_level_then_risk_and_without_score_last(lists):
    cases = read(lists).cases
    assert [case.level is None for case in cases] == sorted(case.level is None for case in cases)
    scored = [case for case in cases if case.level]
    places = [(LEVELS.index(case.level), -case.risk) for case in scored]
    assert places == sorted(places)
    assert {case.level for case in scored} >= {"intensive", "enhanced", "regular"}


def test_a_case_says_what_the_score_of_the_person_says(city, lists):
    case = next(case for case in read(lists).cases if case.person_id == "P002")
    question = ScoreRequest(person_id="P002", as_of=AS_OF, purpose="support_plan", language="en", most=3)
    score = open_desk(city).score(question, Visit("POST /v1/scores", "r", WORKER), accept_language="")
    assert (case.risk, case.low, case.high) == (score.risk, score.low, score.high)
    assert case.reasons == score.reasons
    assert case.missing == score.missing
    assert case.known_until == score.known_until <= score.as_of
    assert case.level_ends_on <= score.expires_on


def test_who_has_no_score_has_no_level_nobody_set_one_and_none_ends(lists):
    cases = read(lists).cases
    assert {case.score_id is None for case in cases} == {True, False}
    for case in cases:
        none = case.score_id is None
        assert (case.level is None, case.level_by is None, case.level_ends_on is None) == (none, none, none)
        assert none or case.level_by == "rule"


def test_what_help_may_change_raises_the_estimate_and_is_changeable(lists):
    told = [reason for case in read(lists).cases for reason in case.changeable]
    assert told
    assert all(reason.changeable and reason.contribution > 0 for reason in told)


def test_of_reasons_of_one_family_the_strongest_alone_tells_what_help_may_change(lists):
    by_family = [[CATALOGUE[each.code].family for each in case.changeable] for case in read(lists).cases]
    assert max(map(len, by_family)) > 1
    assert [each for each in by_family if len(set(each)) < len(each)] == []
    for case in read(lists).cases:
        contributions = [each.contribution for each in case.changeable]
        assert contributions == sorted(contributions, reverse=True)


def test_what_is_overdue_is_told_and_counted(lists):
    told = read(lists)
    late = [case for case in told.cases if case.overdue]
    assert late
    assert told.overdue == len(late)
    for case in told.cases:
        assert case.overdue == any(each.due_on < date.fromisoformat(AS_OF) for each in case.to_do)
        assert [each.due_on for each in case.to_do] == sorted(each.due_on for each in case.to_do)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_word_is_in_the_language_asked_for(lists, language):
    told = read(lists, language=language)
    assert told.language == language
    texts = [told.rule, told.note, *(case.level_text for case in told.cases), *(each.text for each in told.levels)]
    texts += [each.text for case in told.cases for each in (*case.to_do, *case.reasons, *case.missing)]
    assert all(texts)
    assert not any(set("{}") & set(text) for text in texts)
    assert all(
        ("一" <= min(text, key=lambda each: not "一" <= each <= "鿿") <= "鿿") == (language == "zh-CN")
        for text in texts
    )


def test_the_station_is_told_its_capacity_and_by_how_much_it_is_exceeded(city, tmp_path):
    crowded = copied(city, tmp_path / "home")
    (tmp_path / "delivery").mkdir()
    (tmp_path / "delivery" / "stations.csv").write_text("station_id,social_workers\nS1,1\n")
    assert not read(lists_of(city)).workers_told
    with Store.open(f"sqlite:///{crowded.home.path / 'store.db'}") as store:
        ingest(tmp_path / "delivery", store, received_on=TODAY)
    told = read(lists_of(crowded))
    assert (told.workers, told.workers_told, told.capacity) == (1, True, 30)
    assert told.over_capacity_by == told.persons - 30 > 0
    assert next(each.persons for each in told.levels if each.level == "intensive") == 3


def test_names_are_for_the_workers_of_the_station_alone(city, tmp_path):
    named = copied(city, tmp_path / "home")
    (tmp_path / "delivery").mkdir()
    with Store.open(f"sqlite:///{named.home.path / 'store.db'}") as store:
        born = store.read("persons").set_index("person_id")["birth_year"].astype("Int64")
    rows = f"P002,Wang Wu,{born['P002']},2022-06-01\nP003,Li Si,{born['P003']},2022-06-01\n"
    (tmp_path / "delivery" / "persons.csv").write_text("person_id,display_name,birth_year,registered_on\n" + rows)
    with Store.open(f"sqlite:///{named.home.path / 'store.db'}") as store:
        ingest(tmp_path / "delivery", store, received_on=TODAY)
    lists = lists_of(named)

    def names(*caller, **asked):
        return {case.display_name for case in read(lists, *caller, **asked).cases}

    assert names() == {"Wang Wu", None}
    assert names(Caller("lead", "station_lead", "S2")) == {"Li Si", None}
    assert names(Caller("m", "machine"), station="S1") == {None}  # though the list is held
    assert names(Caller("m", "machine", "S1")) == {None}


# Who may read it


def test_another_station_answers_as_one_that_does_not_exist(lists):
    refused = [refusal(lists, station=station) for station in ("S2", "NOWHERE")]
    assert refused[0] == refused[1]
    assert refused[0].code == "unknown_station"
    assert refusal(lists, Caller("m", "machine"), station="NOWHERE").code == "unknown_station"
    assert refusal(lists, Caller("m", "machine", "S1"), station="S2").code == "unknown_station"
    assert refusal(lists, Caller("m", "machine")).code == "invalid"
    assert read(lists, Caller("m", "machine", "S1")).station_id == "S1"


def test_a_held_list_is_not_read_without_a_purpose_of_the_role(city, lists):
    read(lists)
    for purpose in (*set(PURPOSES) - {"support_plan", "review", "transfer", "own_request"}, "enforcement"):
        code = refusal(lists, purpose=purpose).code
        assert code == ("purpose_refused" if purpose == "enforcement" else "purpose_of_others")
        newest = entries(city)[-1]
        assert (newest["outcome"], newest["purpose"], newest["person_hash"]) == (code, purpose, None)


def test_no_list_of_a_day_to_come(lists):
    assert refusal(lists, as_of=TODAY + timedelta(days=1)).code == "invalid"


# The record


def test_each_score_is_recorded_once_and_each_reading_names_the_list(city, lists):
    before = len(entries(city))
    told = read(lists, limit=2)
    first = entries(city)[before:]
    assert len(first) == told.persons + 1
    assert {each["detail"] for each in first[:-1]} == {f"list {told.list_id}"}
    assert {each["purpose"] for each in first} == {"support_plan"}
    shown = {case.score_id for case in told.cases}
    assert shown <= {each["score_id"] for each in first if each["outcome"] == "scored"}
    assert {each["outcome"] for each in first} == {"scored", "objected", "under_18", "isolated", "listed"}
    read(lists, Caller("lead", "station_lead", "S1"), limit=2, cursor=told.next, purpose="review")
    (again,) = entries(city)[before + len(first) :]
    assert (again["actor"], again["outcome"], again["purpose"], again["station"]) == ("lead", "listed", "review", "S1")
    assert again["detail"] == f"list {told.list_id} places 3 to 4"


def test_where_the_record_cannot_be_written_there_is_no_list(city, lists):
    lists.desk.reading.records._connection.execute("PRAGMA query_only = 1")
    assert refusal(lists).code == "record_failed"
    lists.desk.reading.records._connection.execute("PRAGMA query_only = 0")
    before = len(entries(city))
    told = read(lists)
    assert len(entries(city)) == before + told.persons + 1  # the scores as well: none was written before


def test_reading_the_list_of_the_own_station_is_no_unusual_volume(city):
    few = dict.fromkeys(MOST_PERSONS_A_DAY, 5)
    busy = Caller("busy", "station_worker", "S1")
    lists = lists_of(city)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("serving.volume.MOST_PERSONS_A_DAY", few)
        assert read(lists, busy).persons > 5
    assert entries(city, "actor = 'busy' AND outcome = 'unusual_volume'") == []


# Pages, and what is held


def test_pages_together_are_the_list(lists):
    whole, found, cursor = read(lists), [], None
    while True:
        part = read(lists, limit=7, cursor=cursor)
        found += part.cases
        cursor = part.next
        if cursor is None:
            break
    assert found == whole.cases
    assert "P0" not in str(read(lists, limit=7).next)


def test_a_cursor_of_another_list_is_told_so(lists):
    cursor = read(lists, limit=7).next
    assert refusal(lists, cursor=cursor, as_of="2024-05-01").code == "list_changed"
    refused = refusal(lists, cursor="nonsense")
    assert (refused.code, refused.faults) == ("invalid", (Fault("cursor", "no_cursor"),))  # a sentence without a slot


def test_a_cursor_of_another_station_or_of_feedback_is_a_fault_of_the_request(lists):
    machine, of_feedback = Caller("m", "machine"), str(Cursor(name_of("feedback"), 7))
    for cursor in (read(lists, limit=7).next, of_feedback):
        refused = refusal(lists, machine, station="S2", cursor=cursor)
        assert (refused.status, refused.faults) == (422, (Fault("cursor", "of_another_list"),))


def test_a_list_is_held_until_the_store_says_something_new(city, tmp_path):
    own = copied(city, tmp_path / "home")
    lists = lists_of(own)
    first = read(lists)
    assert read(lists).list_id == first.list_id
    (tmp_path / "delivery").mkdir()
    row = f"P002,{TODAY},{TODAY},community,transfer_in,,,,S2\n"
    text = "person_id,occurred_on,known_on,source,kind,outcome,substance,value,station_id\n" + row
    (tmp_path / "delivery" / "events.csv").write_text(text)
    with Store.open(f"sqlite:///{own.home.path / 'store.db'}") as store:
        ingest(tmp_path / "delivery", store, received_on=TODAY)
    after = read(lists)
    assert after.list_id != first.list_id
    assert "P002" in {case.person_id for case in first.cases}
    assert "P002" not in {case.person_id for case in after.cases}  # seen at S2 today
    assert refusal(lists, cursor=read(lists, limit=7, as_of="2024-05-01").next).code == "list_changed"
