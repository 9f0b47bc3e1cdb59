"""A small OIDC issuer with keys of its own, which signs in whoever comes: authorization code with PKCE, on loopback."""

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from time import time
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

CLIENT, SECRET = "waystation", "s3cret of the client"
KEY = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
STRANGER = OKPKey.generate_key("Ed25519", {"kid": KEY.kid})
WANG = {"sub": "wang", "waystation_role": "station_lead", "waystation_station": "S1"}


class Issuer(ThreadingHTTPServer):
    """What it says of who signs in is in `claims`; what each code stands for in `codes`, until it is used."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.url, self.numbers = f"http://127.0.0.1:{self.server_port}", count()
        self.codes, self.claims, self.key, self.status = {}, {}, KEY, 200

    def settings(self, port):
        """The environment of a service on a port that trusts this issuer."""
        named = {"ISSUER": self.url, "AUDIENCE": CLIENT, "JWKS": f"{self.url}/keys", "SECRET": SECRET}
        named |= {"AUTHORIZE": f"{self.url}/authorize", "TOKEN": f"{self.url}/token"}
        named |= {"RETURN": f"http://127.0.0.1:{port}/ui/sign-in/back"}
        return {f"WAYSTATION_OIDC_{name}": value for name, value in named.items()}

    def code_for(self, asked):
        """A code for a question of a browser, as the address it is sent back to."""
        assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid")
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{next(self.numbers)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def token_for(self, form, authorization):
        """The ID token for a code, once, for who was given it; None for anybody else."""
        asked = self.codes.pop(form.get("code"), None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        if asked is None or authorization != f"Basic {pair}" or form["grant_type"] != "authorization_code":
            return None
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if digest.decode() != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(time())
        claims = {"iss": self.url, "aud": CLIENT, "exp": now + 600, "iat": now, "nonce": asked["nonce"]}
        claims = {name: value for name, value in {**claims, **WANG, **self.claims}.items() if value is not None}
        return jwt.encode({"alg": "EdDSA", "kid": KEY.kid}, claims, self.key, algorithms=["EdDSA"])


class Answers(BaseHTTPRequestHandler):
    """Its three addresses."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/keys":
            self.answer(200, KeySet([KEY]).as_dict(private=False))
        else:
            self.answer(303, {}, location=self.server.code_for(dict(parse_qsl(query))))

    def do_POST(self):
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        token = self.server.token_for(form, self.headers["Authorization"])
        status = 400 if token is None else self.server.status
        self.answer(status, {"error": "invalid_grant"} if token is None else {"id_token": token})

    def answer(self, status, told, *, location=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_):
        pass


@contextmanager
def issuing():
    """A running issuer."""
    server = Issuer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def query_of(address):
    """The query of an address, one value for each name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
