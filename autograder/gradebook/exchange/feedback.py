"""Releasing feedback to a class in which somebody's files are missing."""

from __future__ import annotations

import glob
from typing import Any

from nbgrader.exchange.default import ExchangeReleaseFeedback


class ReleaseFeedback(ExchangeReleaseFeedback):
    """nbgrader's release of feedback, folder by folder.

    What students handed in tells it where their page goes (submission_secret.txt, timestamp.txt);
    where these cannot be read it stops, and nobody after that student gets a page. Here that
    student alone gets none, and the log says why."""

    src_path: str

    def copy_files(self) -> None:
        """Release everybody's page."""
        everybody = self.src_path
        log: Any = self.log
        for folder in sorted(glob.glob(everybody)):
            self.src_path = glob.escape(folder)
            try:
                super().copy_files()
            except (OSError, ValueError) as error:
                log.error(
                    "%r is not released: %s. Hand the page out by other means.", folder, error
                )
        self.src_path = everybody
