"""Whatever a page is asked with, signed in or not: never a bug, never a trace, and what was sent is never run."""

from urllib.parse import quote, urlencode

import pytest

from serving.roles import OF_A_STATION
from tests.serving_helpers import AS_OF, key_for
from tests.ui_helpers import HOSTILE, fetched, session_of

NASTY = [
    "", " ", "0", "-1", "９", "1" * 400, "x" * 3_000, "\x00", "\r\nSet-Cookie: a=b", "../../etc/passwd", "%", "%00",
    "é", "驿站", "\U0001f600", HOSTILE, "'; DROP TABLE events; --", "{{7*7}}", "nan", "1e309", "9999-99-99",
    "0000-01-01", "2199-12-31", "null", "true",
]  # fmt: skip
FIELDS = {
    "/ui/map": ("as_of", "weeks", "level", "colour", "lang"),
    "/ui/map/data.json": ("as_of", "weeks", "level"),
    "/ui/map/shown.json": ("as_of", "weeks"),
    "/ui/map/areas.csv": ("as_of", "level"),
    "/ui/map/picture.svg": ("as_of", "colour"),
    "/ui/worklist": ("q", "level", "tab", "sort", "page", "as_of", "station", "lang", "print"),
    "/ui/worklist.csv": ("q", "sort"),
    "/ui/person": ("of", "as_of", "kept"),
    "/ui/bulletin": ("until", "lang"),
    "/ui/models": ("lang",),
    "/ui/sign-in": ("next", "lang"),
}
TOO_MANY = 429
ROLE_OF = {"/ui/models": "auditor"}


@pytest.mark.parametrize("path", FIELDS)
def test_no_address_is_a_bug(ui_site, path):
    cookie = session_of(ui_site, own_key(ui_site, ROLE_OF.get(path, "station_lead")))
    for field in FIELDS[path]:
        for value in NASTY:
            query = urlencode({"as_of": AS_OF, field: value})
            answer = fetched(ui_site, f"{path}?{query}", cookie=cookie)
            sound(answer, (path, field, value))
            assert answer.status != TOO_MANY, "not looked at"


@pytest.mark.parametrize(
    "path", ["/ui/person", "/ui/person/review", "/ui/person/report", "/ui/worklist", "/ui/sign-in", "/ui/sign-out"]
)
def test_no_form_is_a_bug(ui_site, path):
    cookie = session_of(ui_site, own_key(ui_site, "station_lead"))
    page = fetched(ui_site, f"/ui/worklist?as_of={AS_OF}", cookie=cookie).text()
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    for field in ("q", "kind", "until", "level", "text", "reason.<x>", "note_id", "state", "key", "purpose", "next"):
        for value in NASTY:
            form = {"form_token": token, "kind": "override", "key": "k" * 32, field: value}
            sound(fetched(ui_site, path, form=form, cookie=cookie), (path, field, value))


def test_no_cookie_or_static_address_is_a_bug(ui_site):
    for value in NASTY:
        sound(fetched(ui_site, "/ui/worklist", cookie=quote(value)), ("cookie", value))
        sound(fetched(ui_site, f"/ui/static/{quote(value)}"), ("static", value))
        sound(fetched(ui_site, f"/ui/{quote(value)}"), ("path", value))
    assert fetched(ui_site, "/ui/static/..%2f..%2fsettings.py").status == 404


def own_key(site, role):
    """A key that no other test asks with: so many requests would use up what it may ask in a minute."""
    return key_for(site.home, role, "S1" if role in OF_A_STATION else None)


def sound(answer, asked):
    assert answer.status < 500, asked
    text = answer.body.decode("utf-8", errors="replace")
    assert "Traceback" not in text, asked
    if answer.headers.get("content-type", "").startswith(
        ("text/html", "image/svg")
    ):  # no browser runs what else there is
        assert "<script>alert" not in text, asked
    assert answer.headers["x-content-type-options"] == "nosniff", asked
    assert "set-cookie" not in answer.headers or "a=b" not in answer.headers["set-cookie"], asked
