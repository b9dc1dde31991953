"""In the notebook: asking the oracle for what a student's machine cannot judge. Standard library
only.

Where the Hub's configuration set CHAINRULE_ORACLE_URL there is an oracle. When it is away, ``away``
says so in a line, the checks that need it wait for grading as they do anywhere else, and nothing
fails."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from ..exercise.trial import AnswerFailed, Check, Trial
from ..language.codec import finding_from_public
from ..language.probe import Case
from ..language.verdict import Failure, Finding, replace
from .packets import MAX_OUTPUT_BYTES, Challenge, pack_outputs, read_challenge

URL = "CHAINRULE_ORACLE_URL"
TOKEN = "JUPYTERHUB_API_TOKEN"
WAITS = "waits for grading"
PATIENCE_SECONDS = 15.0
SULKS_SECONDS = 60.0
"""After it did not answer in time it is not asked for so long, lest every check in a notebook waits
for it.
"""
LONGEST_ANSWER = 64 << 20

_not_before = 0.0


class _Away(Exception):
    """It cannot be asked: why, in words."""


class _Waits(Exception):
    """It does not judge this exercise: its own words."""


class Oracle:
    """The oracle for one ``check``. Called for each check that needs the reference; asks once for
    all of them.
    """

    def __init__(self, url: str, token: str, assignment: str) -> None:
        self._url = url.rstrip("/") + "/"
        self._token = token
        self._assignment = assignment
        self._findings: list[Finding] | None = None
        self._failed: AnswerFailed | None = None
        self._message = WAITS
        self.away = ""

    def __call__(self, trial: Trial, check: Check) -> Finding:
        """The finding of one check. Raises AnswerFailed when the answer fails on the oracle's
        inputs.
        """
        if self._findings is None and self._failed is None:
            self._findings = self._ask(trial)
        if self._failed is not None:
            raise self._failed
        asking = [one for one in trial.exercise.checks if one.needs_reference]
        place = next(index for index, one in enumerate(asking) if one is check)
        if self._findings and place < len(self._findings):
            found = self._findings[place]
            return replace(found, check=check.title, share=check.share)
        return Finding(check.title, None, self._message, share=check.share)

    def _ask(self, trial: Trial) -> list[Finding]:
        try:
            return self._judged(trial)
        except AnswerFailed as failed:
            self._failed = failed
        except _Waits as words:
            self._message = str(words)
        except _Away as why:
            self.away = f"The oracle is away ({why}): what it would say waits for grading."
        except Exception as broken:  # whatever it sent: a check must not fail for it
            self.away = (
                f"The oracle is not understood ({type(broken).__name__}): what it would say waits "
                "for grading."
            )
        return []

    def _judged(self, trial: Trial) -> list[Finding]:
        exercise = trial.exercise
        asked = json.dumps({"assignment": self._assignment, "exercise": exercise.name}).encode()
        challenge = read_challenge(self._post("challenges", asked))
        if any(set(inputs) != set(exercise.inputs) for _, inputs in challenge.cases):
            raise _Away("it has another release of this assignment: fetch it again")
        answered = json.loads(
            self._post(f"challenges/{challenge.id}/outputs", self._outputs(trial, challenge))
        )
        return [finding_from_public(one) for one in answered["findings"]]

    def _outputs(self, trial: Trial, challenge: Challenge) -> bytes:
        evaluations = trial.evaluate([inputs for _, inputs in challenge.cases])
        failures = [one.failure for one in evaluations]
        for (title, _), failure in zip(challenge.cases, failures, strict=True):
            if failure is not None and (failure.kind != "error" or all(failures)):
                raise AnswerFailed(failure, Case(title))
        asked = set(trial.exercise.outputs)
        outputs = [
            {name: array for name, array in evaluation.arrays().items() if name in asked}
            for evaluation in evaluations
        ]
        data = pack_outputs(outputs)
        if len(data) > MAX_OUTPUT_BYTES:
            raise AnswerFailed(
                Failure("error", f"the outputs take {len(data) >> 20} MB: more than can be right")
            )
        return data

    def _post(self, path: str, body: bytes) -> bytes:
        global _not_before
        if time.monotonic() < _not_before:
            raise _Away("it did not answer a moment ago")
        request = urllib.request.Request(
            self._url + path, body, {"Authorization": f"token {self._token}"}
        )
        try:
            with _opener().open(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.read(LONGEST_ANSWER)
        except urllib.error.HTTPError as refused:
            words = _detail(refused)
            if refused.code == 409:
                raise _Waits(words) from None
            raise _Away(words) from None
        except TimeoutError:
            _not_before = time.monotonic() + SULKS_SECONDS
            raise _Away(f"no answer in {PATIENCE_SECONDS:.0f} s") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                _not_before = time.monotonic() + SULKS_SECONDS
            raise _Away("nobody answers") from None
        except OSError:
            raise _Away("it hung up") from None


def here(assignment: str) -> Oracle | None:
    """The oracle of this Hub, if this is a Hub that has one."""
    url, token = os.environ.get(URL, ""), os.environ.get(TOKEN, "")
    if not url or not token or urlsplit(url).scheme not in ("http", "https"):
        return None
    return Oracle(url, token, assignment)


class _StayThere(urllib.request.HTTPRedirectHandler):
    """The token is for the oracle: it does not follow a redirection."""

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
    ) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayThere())


def _detail(refused: urllib.error.HTTPError) -> str:
    try:
        detail = json.loads(refused.read(4096))["detail"]
    except Exception:
        detail = None
    return detail[:300] if isinstance(detail, str) else f"status {refused.code}"
