"""Collecting from an inbound folder in which every student has a room of their own.

nbgrader tells whose a submission is by the name of its folder, which its sender writes, and by the
owner of the files, which says nothing where everybody is user 1000 of their own pod. So each
student's pod is given ``inbound/ROOM`` alone as
its inbound folder: releasing, fetching, submitting and feedback are nbgrader's own, unchanged, and
what lies in a room was put there by whoever owns it. ROOM is the user's name as KubeSpawner writes
it into the names of pods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from traitlets import default

from .careful import CollectWithCare


class CollectFromRooms(CollectWithCare):
    """nbgrader's collect, for ``inbound/ROOM/STUDENT+ASSIGNMENT+TIMESTAMP+RANDOM``."""

    @default("check_owner")
    def _no_owner(self) -> bool:
        """The room says more than the owner of the files."""
        return False

    def folders(self, inbound: Path) -> Iterator[Path]:
        """What lies in everybody's room."""
        for room in sorted(inbound.iterdir()):
            if not room.is_symlink() and room.is_dir():
                yield from sorted(room.iterdir())

    def sent_by(self, student: str, folder: Path) -> bool:
        """Whether it lies in the student's own room."""
        from kubespawner.slugs import safe_slug

        return safe_slug(student) == folder.parent.name
