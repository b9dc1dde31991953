"""Debian's Slurm on this machine alone: one node that pretends to have two cards, and the jobs that
grade on it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from courses.course import ROOT

from .ambush import until

DEVICES = ("/dev/null", "/dev/zero")
"""Slurm hands out whatever is a device: a pretend card each."""
CARDS = len(DEVICES)
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue", "sinfo")
INSTALL = "apt install munge slurmctld slurmd slurm-client"
ENDING_SECONDS = 20.0
"""How long what was cancelled with its job may take to say goodbye."""
START = (sys.executable, "-m", "deploy.slurm", "--gpu")
MEANWHILE = {"CUDA_VISIBLE_DEVICES", "DASK_CONFIG", "SLURM_CONF"}
CONFIGURATION = """
ClusterName=chainrule
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
ReturnToService=2
KillWait=2
NodeName={node} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000 Gres=gpu:{cards} State=UNKNOWN
PartitionName=course Nodes=ALL Default=YES MaxTime=60 State=UP
"""


def missing() -> str | None:
    """Why Slurm cannot be started here, in one sentence; None when it can."""
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    absent = [program for program in PROGRAMS if shutil.which(program, path=search) is None]
    if absent:
        return f"Slurm is not installed here ({', '.join(absent)}): {INSTALL}"
    return (
        "Slurm's daemons start jobs as their users, for which they must be root"
        if os.geteuid()
        else None
    )


class Slurm:
    """munged, slurmctld and slurmd, which keep all they have in one folder and listen on the
    loopback alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        for name in ("munge", "state", "spool", "cards"):
            (folder / name).mkdir(mode=0o755)
        for card, device in enumerate(DEVICES):
            (folder / "cards" / f"gpu{card}").symlink_to(device)
        node = socket.gethostname().split(".")[0]
        controller, daemon = _free_ports(2)
        text = CONFIGURATION.format(
            node=node, folder=folder, controller=controller, daemon=daemon, cards=CARDS
        )
        (folder / "slurm.conf").write_text(text)
        (folder / "gres.conf").write_text(
            f"NodeName={node} Name=gpu File={folder}/cards/gpu[0-{CARDS - 1}]\n"
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in MEANWHILE},
            "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
            "SLURM_CONF": str(folder / "slurm.conf"),
        }

    def start(self) -> None:
        """Start everything, and wait until jobs can be submitted."""
        munge = self.folder / "munge"
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o600)
        self._start(
            *(
                "munged",
                "--foreground",
                "--force",
                f"--key-file={munge / 'key'}",
                f"--socket={munge / 'socket'}",
            ),
            *(
                f"--pid-file={munge / 'pid'}",
                f"--seed-file={munge / 'seed'}",
                f"--log-file={munge / 'log'}",
            ),
        )
        until((munge / "socket").exists, f"munged does not start: {self._said()}", 20)
        self._start("slurmctld", "-D")
        self._start("slurmd", "-D")
        until(
            lambda: self.ask("sinfo", "-h", "-o", "%t", ok=False) == "idle",
            f"no node: {self._said()}",
            60,
        )

    def ask(self, *command: str, ok: bool = True) -> str:
        """What one of Slurm's commands prints."""
        ran = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert not ok or ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def jobs(self) -> set[str]:
        """The jobs that wait, run or are being ended."""
        return set(self.ask("squeue", "-h", "-o", "%i").split())

    def listeners(self) -> set[str]:
        """The addresses at which Slurm can be reached over the network."""
        found: set[str] = set()
        for daemon in self._daemons:
            for one in psutil.Process(daemon.pid).net_connections("inet"):
                if one.status == psutil.CONN_LISTEN:
                    found.add(one.laddr.ip)
        return found

    def stop(self) -> list[str]:
        """End the jobs and the daemons. Returns the command lines of what did not end by itself,
        and ends it.
        """
        try:
            for job in self.jobs():
                self.ask("scancel", "--signal=KILL", "--full", job, ok=False)
                self.ask("scancel", job, ok=False)
            until(lambda: not self.jobs(), "jobs do not end", 30)
        finally:
            for daemon in reversed(self._daemons):
                daemon.terminate()
            for daemon in self._daemons:
                try:
                    daemon.wait(20)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
        try:
            until(lambda: not self._left(), "processes are left", ENDING_SECONDS)
        except AssertionError:
            left = self._left()
            for process in left:
                process.kill()
            return list(left.values())
        return []

    def _left(self) -> dict[psutil.Process, str]:
        """Processes that know this Slurm, by their command line or by what they found in their
        environment, and what they run.
        """
        mark = str(self.folder)
        found: dict[psutil.Process, str] = {}
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
                known = mark in line or mark in process.environ().get("SLURM_CONF", "")
            except psutil.Error:  # ended, or a zombie
                continue
            if known and process.pid != os.getpid():
                found[process] = line
        return found

    def _start(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("ab") as out:
            self._daemons.append(
                subprocess.Popen(
                    command,
                    env=self.environment,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            )

    def _said(self) -> str:
        files = [
            *self.folder.glob("*.out"),
            *self.folder.glob("*.log"),
            *self.folder.glob("munge/log"),
        ]
        return " | ".join(f"{path.name}: {path.read_text()[-500:]}" for path in sorted(files))


class Workers:
    """``python -m deploy.slurm``, as an instructor starts it on the head node, and what it says to
    do next.
    """

    def __init__(self, slurm: Slurm, folder: Path, environment: Mapping[str, str]) -> None:
        section = "DASK_JOBQUEUE__CHAINRULE_GPU__"
        self._environment = {
            **slurm.environment,
            **environment,
            "PATH": slurm.environment["PATH"],
            f"{section}INTERFACE": "lo",
            f"{section}QUEUE": "course",
            f"{section}MEMORY": "3 GiB",
            f"{section}WALLTIME": "00:30:00",
            f"{section}LOCAL_DIRECTORY": str(folder / "local"),
            f"{section}LOG_DIRECTORY": str(folder / "log"),
            "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "1s",
        }
        self._folder = folder
        folder.mkdir()
        self._said = folder / "said"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [*START, "--workers", str(CARDS), "--into", str(folder / "keys")],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def follow(self) -> tuple[str, dict[str, str]]:
        """Wait for it; returns the scheduler's address and the environment that ``chainrule grade``
        is told to have.
        """
        until(
            lambda: "--scheduler" in self.said() or self._process.poll() is not None,
            "no job begins",
            90,
        )
        assert self._process.poll() is None, self.said()
        words = self.said().split()
        (config,) = (
            word.removeprefix("DASK_CONFIG=") for word in words if word.startswith("DASK_CONFIG=")
        )
        return words[words.index("--scheduler") + 1], {**self._environment, "DASK_CONFIG": config}

    def said(self) -> str:
        """What it printed so far."""
        return self._said.read_text()

    def stop(self) -> int:
        """Ctrl-C. Returns the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
