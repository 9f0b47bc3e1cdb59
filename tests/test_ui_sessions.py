"""Sign-in: who gets a session, what it is worth, and that no other site can use it."""

import urllib.parse
from datetime import UTC, datetime

import pytest

from serving.access import revoked
from serving.ui.sessions import LASTS_SECONDS, Session, Sessions
from tests.serving_helpers import key_for
from tests.test_access import newest
from tests.ui_helpers import fetched, session_of

SESSIONS = Sessions(b"k" * 32)
SESSION = Session("ws_abc_def", "support_plan", 1_000, "f" * 32)


def test_a_session_comes_back_until_its_day_is_over():
    sealed = SESSIONS.sealed(SESSION)
    assert SESSIONS.opened(sealed, at=1_000) == SESSION
    assert SESSIONS.opened(sealed, at=1_000 + LASTS_SECONDS - 1) == SESSION
    assert SESSIONS.opened(sealed, at=1_000 + LASTS_SECONDS) is None
    assert SESSIONS.opened(sealed, at=999) is None


def test_the_cookie_does_not_show_the_key():
    assert SESSION.credential not in SESSIONS.sealed(SESSION)


@pytest.mark.parametrize("broken", ["", "x", "a.b.c.d.e", "eyJhbGciOiJub25lIn0..", "é", "x" * 20_000])
def test_what_is_no_session_is_none(broken):
    assert SESSIONS.opened(broken, at=1_000) is None


def test_a_session_that_was_altered_or_sealed_elsewhere_is_none():
    sealed = SESSIONS.sealed(SESSION)
    head, _, rest = sealed.partition("..")
    assert SESSIONS.opened(f"{head}..A{rest[1:]}" if rest[0] != "A" else f"{head}..B{rest[1:]}", at=1_000) is None
    assert Sessions(b"x" * 32).opened(sealed, at=1_000) is None


def test_the_token_of_a_form_is_that_of_its_session_alone():
    other = Session("ws_abc_def", "support_plan", 1_000, "e" * 32)
    assert SESSIONS.is_from_our_form(SESSION, SESSIONS.form_token(SESSION))
    assert not SESSIONS.is_from_our_form(other, SESSIONS.form_token(SESSION))
    assert not SESSIONS.is_from_our_form(SESSION, "")


# Over HTTP


def test_a_good_key_opens_the_page_that_was_wanted(ui_site):
    answer = fetched(ui_site, "/ui/sign-in", form={"key": ui_site.keys["planner"], "next": "/ui/map?level=cell"})
    assert (answer.status, answer.headers["location"]) == (303, "/ui/map?level=cell")
    flags = {each.strip().lower() for each in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/ui"} <= flags
    assert newest(ui_site.home)["act"] == "POST /ui/sign-in"
    assert newest(ui_site.home)["outcome"] == "answered"


def test_sign_in_leads_back_to_a_person(ui_site):
    wanted = f"/ui/person?of={Sessions.open(ui_site.home.path).reference_to('P002')}"
    answer = fetched(ui_site, "/ui/sign-in", form={"key": ui_site.keys["station_worker"], "next": wanted})
    assert answer.headers["location"] == wanted


def test_a_bad_key_opens_nothing_and_is_recorded(ui_site):
    answer = fetched(ui_site, "/ui/sign-in", form={"key": "ws_nobody_nothing"})
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert newest(ui_site.home)["outcome"] == "bad_key"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/ui/../v1", "/ui/\\evil", "/ui/sign-out"]
)
def test_sign_in_leads_to_no_other_site(ui_site, elsewhere):
    answer = fetched(ui_site, "/ui/sign-in", form={"key": ui_site.keys["planner"], "next": elsewhere})
    assert urllib.parse.urljoin("/", answer.headers["location"]).startswith("/ui/")
    assert "evil" not in answer.headers["location"]


def test_nobody_may_sign_in_for_enforcement(ui_site):
    answer = fetched(ui_site, "/ui/sign-in", form={"key": ui_site.keys["station_worker"], "purpose": "enforcement"})
    assert answer.status == 403
    assert newest(ui_site.home)["outcome"] == "purpose_refused"


def test_the_address_without_its_slash_leads_to_the_door(ui_site):
    assert fetched(ui_site, "/ui").headers["location"] == "/ui/sign-in"


def test_without_a_session_a_page_leads_to_the_door(ui_site):
    answer = fetched(ui_site, "/ui/map?level=cell")
    assert answer.status == 303
    assert answer.headers["location"] == "/ui/sign-in?next=%2Fui%2Fmap%3Flevel%3Dcell"


def test_the_session_of_a_revoked_key_is_over_with_the_next_request(ui_site):
    key = key_for(ui_site.home, "planner")
    cookie = session_of(ui_site, key)
    assert fetched(ui_site, "/ui/map?as_of=2024-06-01", cookie=cookie).status == 200
    revoked(ui_site.home, key.split("_")[1], now=datetime.now(UTC))
    assert fetched(ui_site, "/ui/map?as_of=2024-06-01", cookie=cookie).status == 303


def test_a_role_without_a_page_is_told_so_and_recorded(ui_site):
    cookie = session_of(ui_site, ui_site.keys["auditor"])
    assert fetched(ui_site, "/ui/map", cookie=cookie).status == 403
    assert (newest(ui_site.home)["act"], newest(ui_site.home)["outcome"]) == ("GET /v1/hotspots", "not_your_role")
    assert fetched(ui_site, "/ui/", cookie=cookie).headers["location"] == "/ui/models"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_no_other_site_signs_anybody_in(ui_site, headers):
    answer = fetched(ui_site, "/ui/sign-in", form={"key": ui_site.keys["planner"]}, headers=headers)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_a_session_is_ended_by_its_own_form_alone(ui_site):
    cookie = session_of(ui_site, ui_site.keys["planner"])
    assert fetched(ui_site, "/ui/sign-out", form={"form_token": "0" * 64}, cookie=cookie).status == 403
    page = fetched(ui_site, "/ui/map?as_of=2024-06-01", cookie=cookie).text()
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    answer = fetched(ui_site, "/ui/sign-out", form={"form_token": token}, cookie=cookie)
    assert answer.status == 303
    assert 'waystation_session=""' in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("body", "kind"), [(b"{}", "application/json"), (b"\xff=1", None), (b"a=1&" * 200, None), (b"a" * 70_000, None)]
)
def test_what_is_no_form_is_refused(ui_site, body, kind):
    assert fetched(ui_site, "/ui/sign-in", body=body, kind=kind).status in {400, 413}
