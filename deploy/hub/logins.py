"""Who may log in: the people of the settings, each by a password of their own. A university has its
own way instead.
"""

from __future__ import annotations

from secrets import compare_digest

from jupyterhub.auth import Authenticator
from traitlets import Dict


class Logins(Authenticator):
    """Names and passwords from the hub's configuration."""

    passwords = Dict(help="Name -> password. Names without one cannot log in.").tag(config=True)

    async def authenticate(self, handler, data):
        """The name, when the password is theirs."""
        name, given = data["username"], data["password"]
        known = self.passwords.get(name, "")
        return name if known and compare_digest(known.encode(), given.encode()) else None
