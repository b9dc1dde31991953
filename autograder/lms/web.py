"""Requests to a learning management system: patient where it asks for patience, and silent about
the token.

``requests`` does the work, urllib3's ``Retry`` the waiting: 429 and 5xx are tried again, after what
``Retry-After`` says or ever longer. Every request that is sent here may be sent twice: reading
changes nothing, and writing a grade again writes the same grade.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ..errors import LmsError

TRIES = 6
SECONDS = 60
"""How long one answer is waited for."""
AGAIN = (429, 500, 502, 503, 504)
MOST_PAGES = 1000
_HERE = ("localhost", "127.0.0.1", "::1")


class LmsWeb:
    """One system at one address. ``pause`` is the first wait in seconds; it doubles. ``busy`` says
    of an answer that it asks for patience without saying so by 429.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        pause: float = 1.0,
        busy: Callable[[requests.Response], bool] = lambda answer: False,
    ) -> None:
        parts = urlsplit(address)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise LmsError(f"{address!r} is no address: write it like https://canvas.example.edu")
        if parts.scheme == "http" and parts.hostname not in _HERE:
            raise LmsError(f"{address} is not encrypted, and the token would be read: use https://")
        self.address = address.rstrip("/")
        self._token = token
        self._pause = pause
        self._busy = busy
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would put its own word in the token's place
        retry = Retry(
            TRIES,
            status_forcelist=AGAIN,
            allowed_methods=None,
            backoff_factor=pause,
            respect_retry_after_header=True,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def bearing(self) -> dict[str, str]:
        """The token as a header."""
        return {"Authorization": f"Bearer {self._token}"}

    def token_field(self, name: str) -> dict[str, str]:
        """The token as a field of a form."""
        return {name: self._token}

    def ask(self, method: str, path: str, **request: Any) -> requests.Response:
        """One answer, with a status below 300. Raises LmsError."""
        address = path if path.startswith("http") else f"{self.address}{path}"
        if urlsplit(address)[:2] != urlsplit(self.address)[:2]:
            raise LmsError(f"{self.address} sends us to another place, {_shown(address)}")
        answer = self._once(method, address, request)
        for waited in range(TRIES):
            if not self._busy(answer):
                break
            time.sleep(self._pause * 2**waited)
            answer = self._once(method, address, request)
        if answer.status_code >= 300:
            raise LmsError(f"{_shown(address)} answers {answer.status_code}: {_said(answer)}")
        return answer

    def _once(self, method: str, address: str, request: dict[str, Any]) -> requests.Response:
        try:
            return self._session.request(
                method, address, timeout=SECONDS, allow_redirects=False, **request
            )
        except requests.RequestException as error:
            why = type(error).__name__  # the error's own text may hold what was sent
            raise LmsError(f"{_shown(address)} cannot be reached ({why}): try again") from None

    def pages(self, path: str, **request: Any) -> Iterator[Any]:
        """The items of a list that comes in pages, each naming the next in its ``Link``. Raises
        LmsError.
        """
        following: str | None = path
        for _ in range(MOST_PAGES):
            answer = self.ask("GET", following, **request)
            items = read_json(answer)
            if not isinstance(items, list):
                raise LmsError(f"{_shown(answer.url)} answers no list: is the address right?")
            yield from items
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return
            request.pop("params", None)  # they are part of the address of the next page
        raise LmsError(f"{_shown(self.address + path)} has no end: is the address right?")


def read_json(answer: requests.Response) -> Any:
    """What was answered. Raises LmsError where that is no JSON."""
    try:
        return answer.json()
    except ValueError:
        raise LmsError(f"{_shown(answer.url)} answers no JSON: is the address right?") from None


def _shown(address: str) -> str:
    """An address without what is after its question mark."""
    return address.partition("?")[0]


def _said(answer: requests.Response) -> str:
    """What a refusal means to people."""
    if answer.status_code in (401, 403):
        return "the token may not do this, or is no longer valid"
    if answer.status_code == 404:
        return "there is no such course or assignment, or the token may not see it"
    if answer.status_code in AGAIN:
        return f"also after {TRIES} tries, so try again later"
    return "is the address right?"
