"""Tokens of an issuer: what makes one good, and every attack that must end in the same 401."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import KeySet, OctKey, OKPKey, RSAKey

from features.errors import ConfigError
from serving.jwks import FRESH_SECONDS, TRY_AGAIN_SECONDS, Jwks
from serving.roles import Caller
from serving.tokens import LEEWAY_SECONDS, LONGEST_TOKEN, Issuer, Tokens
from tests.serving_helpers import AS_OF, CANARY, QUESTION, ask, bearer, build_city, problem, serving

NOW, DAY = int(datetime.now(UTC).timestamp()), 86_400
ISSUER = "https://id.example"
RSA = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
ED = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
STRANGER = RSAKey.generate_key(2048, {"kid": RSA.kid})  # goes by the name of a key that is trusted
CLAIMS = {
    "iss": ISSUER,
    "aud": "waystation",
    "sub": "wang",
    "exp": NOW + DAY,
    "iat": NOW,
    "waystation_role": "station_worker",
    "waystation_station": "S1",
}


def at_that_moment():
    return datetime.fromtimestamp(NOW, UTC)


def signed(claims=CLAIMS, key=RSA, alg="RS256", **header):
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, dict(claims), key, algorithms=[alg])


def without(name):
    return {each: value for each, value in CLAIMS.items() if each != name}


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header, claims=CLAIMS, signature=b""):
    return f"{part(header)}.{part(claims)}.{part(signature)}"


def with_public_key_as_secret(secret):
    """Signed with HS256, the secret being what everybody knows; by hand, since no library would do it."""
    text = f"{part({'alg': 'HS256', 'kid': RSA.kid})}.{part(CLAIMS)}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def forged_by_us(subject):
    """Rightly signed, with a subject that is spelled as JSON may and no encoder would."""
    claims = json.dumps(CLAIMS).encode().replace(b'"wang"', subject)
    return jws.serialize_compact({"alg": "RS256", "kid": RSA.kid}, claims, RSA)


@cache
def attacks():
    """Tokens that must open nothing, by name."""
    good = signed()
    head, claims, signature = good.split(".")
    admin = {**CLAIMS, "waystation_role": "administrator"}
    public = RSA.as_dict(private=False)
    return {
        "expired": signed({**CLAIMS, "exp": NOW - LEEWAY_SECONDS - 1}),
        "no expiry": signed(without("exp")),
        "expiry that is no number": signed({**CLAIMS, "exp": "2099"}),
        "expiry that is not a number": forged({"alg": "RS256"}, {**CLAIMS, "exp": float("nan")}),
        "not yet": signed({**CLAIMS, "nbf": NOW + DAY}),
        "issued in the future": signed({**CLAIMS, "iat": NOW + DAY}),
        "other audience": signed({**CLAIMS, "aud": "elsewhere"}),
        "no audience": signed(without("aud")),
        "other issuer": signed({**CLAIMS, "iss": "https://evil.example"}),
        "no issuer": signed(without("iss")),
        "no subject": signed(without("sub")),
        "subject that is no text": signed({**CLAIMS, "sub": 7}),
        "subject with a line break": signed({**CLAIMS, "sub": "a\nb"}),
        "subject that no file can hold": forged_by_us(b'"\\ud800"'),
        "no role": signed(without("waystation_role")),
        "unknown role": signed({**CLAIMS, "waystation_role": "king"}),
        "roles": signed({**CLAIMS, "waystation_role": ["administrator"]}),
        "worker of no station": signed(without("waystation_station")),
        "worker of an empty station": signed({**CLAIMS, "waystation_station": ""}),
        "other claims": f"{head}.{part(admin)}.{signature}",
        "no signature": f"{head}.{claims}.",
        "other signature": f"{head}.{claims}.{part(b'x' * 256)}",
        "two parts": f"{head}.{claims}",
        "four parts": f"{good}.{signature}",
        "wrong key": signed(key=STRANGER),
        "unknown key": signed(key=RSAKey.generate_key(2048, auto_kid=True)),
        "algorithm none": forged({"alg": "none"}),
        "algorithm None": forged({"alg": "None", "kid": RSA.kid}),
        "algorithm none with our signature": f"{part({'alg': 'none'})}.{claims}.{signature}",
        "no algorithm": forged({"kid": RSA.kid}),
        "algorithm of another kind": signed(key=OctKey.generate_key(256, auto_kid=True), alg="HS256"),
        "public key as secret (PEM)": with_public_key_as_secret(RSA.as_pem(private=False)),
        "public key as secret (JSON)": with_public_key_as_secret(json.dumps(public).encode()),
        "public key as secret (modulus)": with_public_key_as_secret(public["n"].encode()),
        "other hash": signed(key=RSAKey.import_key(RSA.as_dict(private=True), {"alg": "RS512"}), alg="RS512"),
        "brings its own key": signed(key=STRANGER, jwk=STRANGER.as_dict(private=False)),
        "says where its key is": signed(key=STRANGER, jku="http://127.0.0.1:9/keys"),
        "must understand": forged({"alg": "RS256", "kid": RSA.kid, "crit": ["exp"], "exp": 1}),
        "encrypted": ".".join([part({"alg": "dir", "enc": "A128GCM"}), "", "AA", "AA", "AA"]),
        "too long": signed({**CLAIMS, "more": "x" * LONGEST_TOKEN}),
        "claims that are a list": forged({"alg": "RS256", "kid": RSA.kid}, []),
        "deep": forged({"alg": "RS256"}, b"[" * 3000),
        "not base64": "a.b.c",
        "empty": "..",
        "key id of another kind": signed(kid="../../etc/passwd"),
    }


@pytest.fixture(scope="module")
def jwks(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps(KeySet([RSA, ED]).as_dict(private=False)))
    return path


@pytest.fixture(scope="module")
def tokens(jwks):
    return tokens_of(jwks)


def tokens_of(place, **other):
    return Tokens(Issuer(ISSUER, "waystation", str(place), **other), Jwks(str(place), lambda: 0.0), at_that_moment)


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (ED, "EdDSA"), (ED, "Ed25519")])
def test_a_token_of_the_issuer_says_who_asks(tokens, key, alg):
    assert tokens.caller_of(signed(key=key, alg=alg)) == Caller("sub:wang", "station_worker", "S1")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Wang Fang", "preferred_username": "wangf"}, "Wang Fang"),
        ({"name": "two\nlines", "preferred_username": "wangf"}, "wangf"),
        ({"name": ["Wang"], "preferred_username": ""}, "wang"),
    ],
)
def test_a_token_names_who_asks_by_the_best_name_it_carries_for_their_eyes_alone(tokens, claims, name):
    caller = tokens.caller_of(signed({**CLAIMS, **claims}))
    assert caller.name == name
    assert "Wang Fang" not in repr(caller)


def test_one_audience_of_several_is_enough_and_clocks_may_differ_a_little(tokens):
    assert tokens.caller_of(signed({**CLAIMS, "aud": ["other", "waystation"]}))
    assert tokens.caller_of(signed({**CLAIMS, "exp": NOW - LEEWAY_SECONDS // 2}))


def test_only_who_works_at_a_station_is_held_to_one(tokens):
    planner = signed({**CLAIMS, "waystation_role": "planner"})
    assert tokens.caller_of(planner) == Caller("sub:wang", "planner", None)
    assert tokens.caller_of(signed({**CLAIMS, "waystation_role": "machine"})).station == "S1"


def test_the_claims_of_role_and_station_may_have_other_names(jwks):
    named = tokens_of(jwks, role_claim="role", station_claim="unit")
    told = {**without("waystation_role"), "role": "station_lead", "unit": "S7"}
    assert named.caller_of(signed(told)) == Caller("sub:wang", "station_lead", "S7")


@pytest.mark.parametrize("name", attacks())
def test_no_attack_opens_anything(tokens, name):
    assert tokens.caller_of(signed())
    assert tokens.caller_of(attacks()[name]) is None


@settings(max_examples=200, deadline=None)
@given(st.text() | st.lists(st.text(alphabet="AeyJ._-0", max_size=8), min_size=3, max_size=3).map(".".join))
def test_no_text_at_all_raises(tokens, text):
    assert tokens.caller_of(text) is None


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.characters(max_codepoint=127))
def test_a_token_with_one_character_changed_is_none(tokens, place, character):
    good = signed(key=ED, alg="EdDSA")
    place %= len(good) - 1  # the last one holds bits that mean nothing
    changed = good[:place] + character + good[place + 1 :]
    assert changed == good or tokens.caller_of(changed) is None


# Where the keys come from


def test_keys_of_other_kinds_are_passed_over(tmp_path):
    weak = RSAKey.generate_key(1024, {"kid": "weak"}).as_dict(private=False)
    others = [
        OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True),
        weak,
        {**RSA.as_dict(private=False), "use": "enc", "kid": "for-encryption"},
        {"kty": "ML-DSA", "kid": "later"},
        {"kty": "RSA", "n": "!", "e": "!", "kid": "broken"},
        "nonsense",
    ]
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [*others, ED.as_dict(private=False)]}))
    assert [key.kid for key in Jwks(str(file), lambda: 0.0).keys_for(None)] == [ED.kid]


def test_a_file_of_keys_is_read_again_when_it_changes_and_a_broken_one_changes_nothing(tmp_path):
    file = tmp_path / "jwks.json"
    tokens = tokens_of(file)
    assert tokens.caller_of(signed()) is None  # not there yet
    file.write_text(json.dumps(KeySet([RSA]).as_dict(private=False)))
    assert tokens.caller_of(signed())
    file.write_text('{"keys": [')
    assert tokens.caller_of(signed())
    file.write_text(json.dumps(KeySet([ED]).as_dict(private=False)))
    assert tokens.caller_of(signed()) is None
    assert tokens.caller_of(signed(key=ED, alg="EdDSA"))


class Issuing(http.server.BaseHTTPRequestHandler):
    """An issuer of tokens: what it answers is set on its server."""

    def do_GET(self):
        self.server.asked += 1
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def issuing():
    server = http.server.HTTPServer(("127.0.0.1", 0), Issuing)
    server.asked, server.status, server.body = 0, 200, json.dumps(KeySet([RSA]).as_dict(private=False)).encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_keys_at_an_address_are_fetched_again_when_old_or_unknown_and_kept_while_it_does_not_answer(issuing):
    clock = [0.0]
    jwks = Jwks(f"http://127.0.0.1:{issuing.server_port}/keys", lambda: clock[0])
    tokens = Tokens(Issuer(ISSUER, "waystation", ""), jwks, at_that_moment)
    assert [bool(tokens.caller_of(signed())) for _ in range(3)] == [True] * 3
    assert issuing.asked == 1
    rotated = signed(key=ED, alg="EdDSA")
    issuing.body = json.dumps(KeySet([RSA, ED]).as_dict(private=False)).encode()
    assert tokens.caller_of(rotated) is None  # unknown keys make it ask again, but not at once
    clock[0] += TRY_AGAIN_SECONDS
    assert tokens.caller_of(rotated)
    assert issuing.asked == 2
    clock[0] += FRESH_SECONDS
    for status, body in ((500, b""), (302, b""), (200, b"[]"), (200, b"x" * 2_000_000)):
        issuing.status, issuing.body = status, body
        assert tokens.caller_of(rotated)
        clock[0] += FRESH_SECONDS
    assert issuing.asked == 2 + 4


def test_keys_come_over_https_unless_from_this_machine():
    with pytest.raises(ConfigError, match="over https"):
        Jwks("http://id.example/keys", lambda: 0.0)


# Over HTTP


def test_tokens_open_the_service_and_every_attack_ends_in_the_same_calm_401(jwks, tmp_path):
    city = build_city(tmp_path / "city", n_persons=30)
    named = {
        "WAYSTATION_OIDC_ISSUER": ISSUER,
        "WAYSTATION_OIDC_AUDIENCE": "waystation",
        "WAYSTATION_OIDC_JWKS": str(jwks),
    }
    body = {**QUESTION, "person_id": "P002"}
    with serving(city.home, tmp_path / "log", **named) as url:
        assert ask(f"{url}/v1/scores", body, headers=bearer(signed())).status == 200
        problem(ask(f"{url}/v1/scores", {**body, "person_id": "P003"}, headers=bearer(signed())), 404, "unknown_person")
        details = {
            problem(ask(f"{url}/v1/hotspots?as_of={AS_OF}", headers=bearer(attack)), 401, "bad_key")["detail"]
            for attack in attacks().values()
            if len(attack) < 60_000
        }
        assert len(details) == 1
        for odd in ("Basic d2FuZzp3YW5n", "Bearer", "Bearer  ", "bearer", CANARY, "Bearer ws_", "Bearer " + "é" * 20):
            answer = ask(f"{url}/v1/scores", body, headers={"Authorization": odd.encode().decode("latin-1")})
            assert answer.status in {401, 429}
        refused = ask(f"{url}/v1/hotspots?as_of={AS_OF}", headers={"Authorization": None})
        for _ in range(60):
            refused = ask(f"{url}/v1/hotspots?as_of={AS_OF}", headers={"Authorization": None})
        problem(refused, 429, "too_many")
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert ask(f"{url}/v1/scores", body, headers=bearer(signed())).status == 200  # a good one always passes
    told = (tmp_path / "log").read_text()
    assert "Traceback" not in told
    assert "bug:" not in told
    assert CANARY not in told
