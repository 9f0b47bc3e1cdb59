"""Sign-in at a real issuer: it opens the pages, and no answer to another question, browser or client does."""

from time import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from features.errors import ConfigError
from serving.settings import issuer_of_environment
from serving.ui.sessions import AWAY_SECONDS, LASTS_SECONDS, Leaving, Session, Sessions
from tests.oidc_issuer import CLIENT, KEY, STRANGER
from tests.serving_helpers import AS_OF
from tests.test_access import newest
from tests.ui_helpers import fetched, tab

SESSIONS = Sessions(b"k" * 32)
LEAVING = Leaving("state", "nonce", "verifier", "review", "/ui/map", 1_000)
WANTED = f"/ui/worklist?as_of={AS_OF}"


@pytest.fixture
def issuer(ui_site):
    """The issuer that the service trusts, honest again after each test."""
    made = ui_site.issuer
    yield made
    made.claims, made.status, made.key = {}, 200, KEY


def sent_away(site, **query):
    """The cookie of a browser that was sent to the issuer, and the address it was sent to."""
    answer = fetched(site, f"/ui/sign-in/away?{urlencode({'next': WANTED, 'purpose': 'review', **query})}")
    assert answer.status == 303, answer.text()
    return cookie_of(answer, "waystation_sign_on"), answer.headers["location"]


def cookie_of(answer, name):
    """A cookie as the browser sends it back; empty where the answer sets none, or takes it away."""
    named = [each for each in answer.headers["set-cookie"].split(", ") if each.startswith(f"{name}=")]
    found = named[0].partition(";")[0] if named else ""
    return "" if found.endswith('=""') else found


def signed_in_at(issuer, address):
    """What the issuer sends the browser back with, once the reader has signed in there."""
    return dict(parse_qsl(urlsplit(issuer.code_for(dict(parse_qsl(urlsplit(address).query)))).query))


def back(site, cookie, query):
    """The answer to a browser that comes back."""
    return fetched(site, f"/ui/sign-in/back?{urlencode(query)}", headers={"Cookie": cookie})


def refused(site, answer, status=401):
    """That nobody was let in, and that this is recorded."""
    assert answer.status == status, answer.text()
    assert cookie_of(answer, "waystation_session") == ""
    assert newest(site.home)["outcome"] == ("issuer_unavailable" if status == 503 else "sign_on_failed")


# Who is let in


def test_who_signs_in_at_the_issuer_is_led_to_the_page_wanted_in_the_role_it_names(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    answer = back(ui_site, cookie, signed_in_at(issuer, address))
    assert (answer.status, answer.headers["location"]) == (303, WANTED)
    row = newest(ui_site.home)
    assert (row["actor"], row["role"], row["station"]) == ("sub:wang", "station_lead", "S1")
    session = cookie_of(answer, "waystation_session")
    page = fetched(ui_site, WANTED, headers={"Cookie": session})
    assert page.status == 200
    assert newest(ui_site.home)["purpose"] == "review"


def test_the_session_is_a_cookie_that_no_script_reads_and_the_attempt_is_over(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    told = back(ui_site, cookie, signed_in_at(issuer, address)).headers["set-cookie"]
    assert told.lower().count("httponly") == 1
    assert "samesite=lax" in told.lower()
    assert 'waystation_sign_on=""' in told


def test_the_question_to_the_issuer_tells_nothing_that_must_stay_here(ui_site):
    cookie, address = sent_away(ui_site)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["client_id"] == CLIENT
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[each]) for each in ("state", "nonce", "code_challenge")) >= 43  # 256 bits
    assert not {"code_verifier", "purpose", "next"} & set(asked)
    assert asked["state"] not in cookie


def test_a_reader_signs_in_with_one_click(browser, ui_site):
    with tab(browser, ui_site, language="en") as watched:
        page = watched.page
        page.click("text=support plan >> visible=true")
        page.wait_for_url("**/ui/worklist**")
        assert "Station lead" in page.inner_text(".who")
        assert [each for each in watched.faults if not each.startswith(ui_site.issuer.url)] == []


def test_a_page_opened_with_a_token_that_is_over_leads_to_the_issuer_and_back(ui_site):
    sessions = Sessions.open(ui_site.home.path)
    over = sessions.sealed(sessions.begun("a token that is over", "review", at=int(time())))
    opened = {"Cookie": f"waystation_session={over}", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
    answer = fetched(ui_site, WANTED, headers=opened)
    assert answer.status == 303
    away = urlsplit(answer.headers["location"])
    assert (away.path, dict(parse_qsl(away.query))) == ("/ui/sign-in/away", {"next": WANTED, "purpose": "review"})
    for other in ({"Sec-Fetch-Dest": "empty"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Dest": ""}):
        to_the_door = fetched(ui_site, WANTED, headers={**opened, **other}).headers["location"]
        assert urlsplit(to_the_door).path == "/ui/sign-in"  # a script, or a link from elsewhere, is not led away


# Who is not


def test_an_answer_with_another_state_or_without_the_cookie_is_refused(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    other_cookie, _ = sent_away(ui_site)
    told = signed_in_at(issuer, address)
    for spoilt in ({**told, "state": "x"}, {**told, "state": ""}, {**told, "state": "é"}, {"code": told["code"]}):
        refused(ui_site, back(ui_site, cookie, spoilt))
    for other in ("", other_cookie, "waystation_sign_on=x", f"waystation_sign_on={'x' * 5_000}"):
        refused(ui_site, back(ui_site, other, told))
    assert back(ui_site, cookie, told).status == 303  # the code was never shown to the issuer meanwhile


def test_a_code_of_another_browser_is_refused_by_its_proof_key(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    _, of_the_attacker = sent_away(ui_site)
    told = {**signed_in_at(issuer, address), "code": signed_in_at(issuer, of_the_attacker)["code"]}
    refused(ui_site, back(ui_site, cookie, told))


def test_a_code_works_once(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    told = signed_in_at(issuer, address)
    assert back(ui_site, cookie, told).status == 303
    refused(ui_site, back(ui_site, cookie, told))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "elsewhere"},
        {"aud": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"nonce": 7},
        {"azp": "another client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"waystation_role": "king"},
        {"waystation_station": None},
    ],
    ids=str,
)
def test_a_token_not_made_for_us_and_this_sign_in_opens_nothing(ui_site, issuer, claims):
    cookie, address = sent_away(ui_site)
    issuer.claims = claims
    refused(ui_site, back(ui_site, cookie, signed_in_at(issuer, address)))


def test_a_token_that_a_stranger_signed_opens_nothing(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    issuer.key = STRANGER
    refused(ui_site, back(ui_site, cookie, signed_in_at(issuer, address)))


def test_an_answer_in_the_name_of_another_issuer_is_refused(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    refused(ui_site, back(ui_site, cookie, {**signed_in_at(issuer, address), "iss": "https://evil.example"}))


@pytest.mark.parametrize("query", [{"error": "access_denied"}, {"code": ""}, {"code": "x" * 3_000}])
def test_an_answer_without_a_code_is_refused(ui_site, issuer, query):
    cookie, address = sent_away(ui_site)
    refused(ui_site, back(ui_site, cookie, {"state": signed_in_at(issuer, address)["state"], **query}))


def test_an_issuer_with_a_fault_of_its_own_is_told_as_that(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    issuer.status = 500
    refused(ui_site, back(ui_site, cookie, signed_in_at(issuer, address)), status=503)


def test_a_token_no_browser_can_keep_is_told_as_that(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    issuer.claims = {"more": "x" * 4_000}
    answer = back(ui_site, cookie, signed_in_at(issuer, address))
    assert answer.status == 413
    assert cookie_of(answer, "waystation_session") == ""


def test_nobody_signs_in_for_enforcement_or_sent_by_another_site(ui_site, issuer):
    cookie, address = sent_away(ui_site, purpose="enforcement")
    assert back(ui_site, cookie, signed_in_at(issuer, address)).status == 403
    assert newest(ui_site.home)["outcome"] == "purpose_refused"
    other = fetched(ui_site, "/ui/sign-in/away", headers={"Sec-Fetch-Site": "cross-site"})
    assert (other.status, "location" in other.headers) == (403, False)


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/ui/sign-out", "/ui/" + "x" * 2_000])
def test_the_way_back_leads_to_no_other_site(ui_site, issuer, wanted):
    cookie, address = sent_away(ui_site, next=wanted)
    assert back(ui_site, cookie, signed_in_at(issuer, address)).headers["location"] == "/ui/"


def test_neither_codes_nor_tokens_are_in_the_log(ui_site, issuer):
    cookie, address = sent_away(ui_site)
    told = signed_in_at(issuer, address)
    back(ui_site, cookie, told)
    log = (ui_site.home.path.parent / "service.log").read_text()
    assert told["code"] not in log
    assert told["state"] not in log
    assert "eyJ" not in log
    assert "Traceback" not in log


# The parts


def test_who_was_sent_away_too_long_ago_or_holds_another_cookie_of_ours_is_nobody():
    sealed = SESSIONS.sealed(LEAVING)
    assert SESSIONS.back(sealed, at=1_000 + AWAY_SECONDS - 1) == LEAVING
    assert SESSIONS.back(sealed, at=1_000 + AWAY_SECONDS) is None
    session = SESSIONS.sealed(Session("ws_abc_def", "support_plan", 1_000, "f" * 32))
    assert SESSIONS.back(session, at=1_000) is None
    assert SESSIONS.opened(sealed, at=1_000 + LASTS_SECONDS - 1) is None
    assert SESSIONS.person_of(sealed) is None


NAMED = {
    "WAYSTATION_OIDC_ISSUER": "https://id.example",
    "WAYSTATION_OIDC_AUDIENCE": CLIENT,
    "WAYSTATION_OIDC_JWKS": "https://id.example/keys",
    "WAYSTATION_OIDC_AUTHORIZE": "https://id.example/authorize",
    "WAYSTATION_OIDC_TOKEN": "https://id.example/token",
    "WAYSTATION_OIDC_RETURN": "https://waystation.example/ui/sign-in/back",
}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WAYSTATION_OIDC_ISSUER", "", "must be set beside"),
        ("WAYSTATION_OIDC_TOKEN", "", "https address"),
        ("WAYSTATION_OIDC_TOKEN", "http://id.example/token", "https address"),
        ("WAYSTATION_OIDC_RETURN", "https://waystation.example/", "with the path"),
    ],
)
def test_half_a_sign_on_or_one_in_the_open_is_refused_at_start(monkeypatch, name, value, told):
    for each, good in NAMED.items():
        monkeypatch.setenv(each, good)
    assert issuer_of_environment().sign_on.secret is None
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=told):
        issuer_of_environment()
