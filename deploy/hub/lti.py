"""Sign-in from a learning management system by LTI 1.3, with jupyterhub-ltiauthenticator.

``lti.toml`` in the hub's state folder says who vouches for people; where it is, nobody has a password:

    issuer = "https://canvas.instructure.com"
    client_id = "10000000000001"
    authorize_url = "https://sso.canvaslms.com/api/lti/authorize_redirect"
    jwks_endpoint = "https://sso.canvaslms.com/api/lti/security/jwks"
    username = "custom_login"

``username`` is the claim with the people's names as the hub has them. The system says who somebody
is; whether they may come in is still up to the hub's own list of people.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FILE = "lti.toml"
NEEDED = ("issuer", "client_id", "authorize_url", "jwks_endpoint", "username")


class LtiSettingsError(Exception):
    """An lti.toml that cannot be used: one sentence with what to write."""


def sign_in_by_lti(config: Any, state: Path) -> bool:
    """Let a hub's configuration ask the system of ``lti.toml`` who people are; whether there is
    one. Raises LtiSettingsError.
    """
    path = state / FILE
    if not path.is_file():
        return False
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LtiSettingsError(f"{FILE} cannot be read: {error}") from None
    if set(stated) != {*NEEDED} or not all(isinstance(one, str) for one in stated.values()):
        raise LtiSettingsError(f"{FILE} says {', '.join(NEEDED)}, each as a text, and nothing else")
    config.JupyterHub.authenticator_class = "ltiauthenticator.lti13.auth.LTI13Authenticator"
    config.LTI13Authenticator.issuer = stated["issuer"]
    config.LTI13Authenticator.client_id = {stated["client_id"]}
    config.LTI13Authenticator.authorize_url = stated["authorize_url"]
    config.LTI13Authenticator.jwks_endpoint = stated["jwks_endpoint"]
    config.LTI13Authenticator.username_key = stated["username"]
    config.LTI13Authenticator.tool_name = "Chain Rule"
    return True
