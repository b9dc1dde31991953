"""Signing in to a real JupyterHub from a learning management system by LTI 1.3: the platform is one
of our own, with its own key.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from deploy.hub.lti import FILE, LtiSettingsError, sign_in_by_lti

from .conftest import ROOT

CLIENT, CLAIM = "10000000000001", "https://purl.imsglobal.org/spec/lti/claim/"
CONFIG = """
import sys
from pathlib import Path
from deploy.hub.lti import sign_in_by_lti
state = Path({state!r})
assert sign_in_by_lti(c, state)
c.Authenticator.allowed_users = {{"ada"}}
c.JupyterHub.bind_url = {address!r}
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = [sys.executable, "-m", "deploy.hub.proxy"]
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{{state}}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "secret")
c.JupyterHub.spawner_class = "simple"
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Platform:
    """Who vouches for people: a key, and where its public half is read."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.key.public_key(), True)
        keys = json.dumps({"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]})

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(keys.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, nonce: str, who: str, hub: str, key: Any = None, **claims: Any) -> str:
        """What the platform says of somebody who was sent to it."""
        now = int(time.time())
        said = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": "opaque",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}deployment_id": "1",
            f"{CLAIM}target_link_uri": f"{hub}/hub",
            f"{CLAIM}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            f"{CLAIM}resource_link": {"id": "course"},
            f"{CLAIM}custom": {"login": who},
        }
        return jwt.encode(said | claims, key or self.key, "RS256", headers={"kid": "one"})


@contextmanager
def running(state: Path, address: str) -> Iterator[None]:
    """A hub that signs people in by the lti.toml in its folder, and nothing else."""
    config = state / "config.py"
    config.write_text(
        "c = get_config()\n"
        + CONFIG.format(state=str(state), address=address, hub=free_port(), proxy=free_port())
    )
    log = state / "log"
    with log.open("w") as out:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
    try:
        for _ in range(1200):
            assert hub.poll() is None, log.read_text()[-4000:]
            try:
                if requests.get(f"{address}/hub/lti13/config", timeout=5).status_code == 200:
                    break
            except requests.RequestException:
                time.sleep(0.1)
        yield
    finally:
        hub.terminate()
        hub.wait(timeout=60)


@pytest.mark.hub
@pytest.mark.timeout(600)
def test_somebody_comes_from_the_lms(tmp_path: Path) -> None:
    platform, address = Platform(), f"http://127.0.0.1:{free_port()}"
    (tmp_path / FILE).write_text(
        f'issuer = "{platform.address}"\nclient_id = "{CLIENT}"\nusername = "custom_login"\n'
        f'authorize_url = "{platform.address}/authorize"\njwks_endpoint = "{platform.address}/keys"\n'
    )
    with running(tmp_path, address):
        assert signed_in(platform, address, "ada").status_code == 302
        assert signed_in(platform, address, "mallory").status_code == 403
        forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert signed_in(platform, address, "ada", key=forger).status_code >= 400
        assert signed_in(platform, address, "ada", aud="another").status_code >= 400
        assert signed_in(platform, address, "ada", nonce="another").status_code >= 400


def signed_in(
    platform: Platform, address: str, who: str, nonce: str = "", **forged: Any
) -> requests.Response:
    """The whole way of one browser: to the hub, to the platform, back with its word."""
    browser = requests.Session()
    asked = {"iss": platform.address, "login_hint": "7", "client_id": CLIENT}
    asked |= {"target_link_uri": f"{address}/hub", "lti_message_hint": "course"}
    sent = browser.post(f"{address}/hub/lti13/oauth_login", data=asked, allow_redirects=False)
    assert sent.status_code == 302
    where = urlsplit(sent.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{platform.address}/authorize"
    assert query["redirect_uri"] == f"{address}/hub/lti13/oauth_callback"
    assert (query["response_type"], query["scope"], query["prompt"]) == (
        "id_token",
        "openid",
        "none",
    )
    assert (query["client_id"], query["login_hint"]) == (CLIENT, "7")
    assert query["lti_message_hint"] == "course"
    word = platform.token(nonce or query["nonce"], who, address, **forged)
    back = {"id_token": word, "state": query["state"]}
    return browser.post(query["redirect_uri"], data=back, allow_redirects=False)


def test_settings_that_cannot_be_used(tmp_path: Path) -> None:
    from traitlets.config import Config

    assert not sign_in_by_lti(Config(), tmp_path)
    for text, says in (("issuer = ", "cannot be read"), ('issuer = "x"', "says issuer, client_id")):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(LtiSettingsError, match=says):
            sign_in_by_lti(Config(), tmp_path)
