"""Each attack against the wall, at every level that promises to stop it.

Whatever a submission does, three things hold: its honest answers are worth what they are worth, the
next submission is run as if it had not been there, and no process and no file is left behind.
"""

# ruff: noqa: E501 (cells are one line each)
from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from autograder.exercise.trial import Exercise
from autograder.language.verdict import Evaluation
from autograder.wall.outside import session as session_module
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell, CellResult

from .conftest import EXERCISES, LEVELS, LIMITS, MODULES, STRONGEST, level_or_skip

ALL = LEVELS
WALLED = ("landlock", "bubblewrap")
X = np.arange(6.0).reshape(2, 3)
SECRET = "the-reference-answer-71f3"
MARKER = "CHAINRULE_TEST_TOKEN"


@dataclass
class World:
    """What an attack is after, and what must be untouched afterwards."""

    secret: Path
    victim: Path
    port: int
    heard: list[bytes]
    unix: str


@dataclass
class Outcome:
    """What came of a submission."""

    results: list[CellResult]
    odd: list[Evaluation]

    def text(self, index: int = 0) -> str:
        """Everything one cell put out."""
        parts = []
        for output in self.results[index].outputs:
            parts.append(output.get("text", ""))
            parts.append(output.get("ename", "") + output.get("evalue", ""))
            parts.append(str(output.get("data", "")))
        return "".join(parts)

    def failure(self, index: int = 0) -> str:
        """Why a cell was stopped."""
        failure = self.results[index].failure
        return failure.message if failure else ""


Judge = Callable[[Outcome], None]
PATIENCE = 60.0


@dataclass
class Attack:
    """Cells that misbehave, and what must come of them. ``{secret}`` and its like are filled in."""

    name: str
    cells: list[str]
    judge: Judge = lambda outcome: None
    levels: tuple[str, ...] = ALL
    files: dict[str, bytes] = field(default_factory=dict)
    honest: bool = True  # are the answers in the cells after it worth their points?
    patient: bool = False  # it ends by itself, and is about something else than time


def says(words: str, index: int = 0) -> Judge:
    def judge(outcome: Outcome) -> None:
        assert words in outcome.text(index) + outcome.failure(index)

    return judge


def never_says(words: str) -> Judge:
    def judge(outcome: Outcome) -> None:
        assert words not in str(outcome.results)
        assert words not in str(outcome.odd)
        assert "ran to its end" in outcome.text(0)

    return judge


def odd_fails(kind: str, words: str) -> Judge:
    def judge(outcome: Outcome) -> None:
        failure = outcome.odd[0].failure
        assert failure is not None
        assert failure.kind == kind
        assert words in failure.message

    return judge


def odd_is_no_array(type_name: str) -> Judge:
    def judge(outcome: Outcome) -> None:
        assert outcome.odd[0].failure is None
        value = outcome.odd[0].outputs["y"]
        assert value.array is None
        assert type_name in value.type_name

    return judge


def odd_is(expected: object) -> Judge:
    def judge(outcome: Outcome) -> None:
        np.testing.assert_array_equal(outcome.odd[0].arrays()["y"], expected)

    return judge


FRAME = """
import glob, json, os, stat, struct
def sockets():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): yield fd
        except OSError: pass
def forge(header, payload=b"", size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    for fd in sockets():
        os.write(fd, struct.pack("<II", len(text) if size is None else size, len(payload)) + text + payload)
"""
TRY = "\nprint('ran to its end')"

ATTACKS = [
    # --- forging what a verdict rests on
    Attack("an object equal to everything", [(
        "class E:\n def __eq__(s, o): return True\n def __array__(s, *a, **k): return 1/0\ndef "
        "odd(x): return E()"
    )], odd_is_no_array("E")),
    Attack("an ndarray subclass that lies", [(
        "import numpy as np\nclass L(np.ndarray):\n def __eq__(s, o): return np.array(True)\n def "
        "tobytes(s, *a): return b'0'*8\ndef odd(x): return x.view(L)"
    )], odd_is_no_array("L")),
    Attack("an object array", [(
        "import numpy as np\ndef odd(x): return "
        "np.array([object()])"
    )], odd_is_no_array("dtype object")),
    Attack("a structured array", [(
        "import numpy as np\ndef odd(x): return np.zeros(3, [('a', 'f8'), ('b', "
        "'O')])"
    )], odd_is_no_array("dtype")),
    Attack("a memory-mapped file", [(
        "import numpy as np\ndef odd(x):\n m = np.memmap('m', dtype='f8', mode='w+', shape=(3,)); "
        "return m"
    )], odd_is_no_array("memmap")),
    Attack("a boolean that is two", [(
        "import numpy as np\ndef odd(x): return np.array([2, 0, 255], "
        "np.uint8).view(bool)"
    )], odd_is([True, False, True])),
    Attack("a score in place of an answer", [(
        "print(999)\nget_ipython().displayhook(999)\ndef odd(x): return 'full "
        "marks'"
    )], odd_is_no_array("str")),
    Attack("not a number", ["def odd(x): return float('nan')"], odd_is(float("nan"))),
    Attack("poisoned numpy", [(
        "import numpy as np\nnp.allclose = np.array_equal = np.testing.assert_allclose = lambda "
        "*a, **k: True\nnp.ndarray.__doc__\ndef odd(x): return x + 1"
    )], odd_is(X + 1)),
    Attack("a patched harness", [(
        "import autograder.watch.evaluate as e, autograder.language.verdict as v\ne.value_of = "
        "lambda r: v.Value(object(), 'x' * 10**6)\ndef odd(x): return x"
    )], odd_is(X)),
    Attack("a patched probe", [(
        "import exercises\nexercises.odd.function = lambda student, x: dict(y='forged')\ndef "
        "odd(x): return x"
    )], odd_is(X)),
    Attack("a patched wire", [(
        "import autograder.wall.wire.frames as f\nf.send = lambda *a, **k: None\ndef odd(x): "
        "return x"
    )], honest=False),
    Attack("an input transformer", [(
        "get_ipython().input_transformers_cleanup.append(lambda lines: "
        "['pass\\n'])"
    )], honest=False),
    Attack("an AST transformer", [(
        "import ast\nclass T(ast.NodeTransformer):\n def visit_Assert(s, n): return "
        "ast.Pass()\nget_ipython().ast_transformers.append(T())\ndef odd(x): return x"
    ), "assert False"], odd_is(X)),
    Attack("a replaced displayhook", [(
        "import sys\nsys.displayhook = None\nget_ipython().display_pub = "
        "None\nget_ipython().displayhook = None\ndef odd(x): return x"
    ), "1 + 1"], honest=False),
    Attack("settrace and profile hooks", [(
        "import sys, threading\nsys.settrace(lambda *a: None); sys.setprofile(lambda *a: "
        "None)\ndef odd(x): return x"
    )], odd_is(X)),
    Attack("broken builtins", [(
        "import builtins\nbuiltins.isinstance = lambda *a: True\ndef odd(x): return "
        "x"
    )], honest=False),
    Attack("reading the check", [(
        "try: print(In[-2:], In[0])\nexcept Exception as e: print(e)\ndef odd(x): return "
        "x"
    )], odd_is(X)),
    # --- forged frames
    Attack("garbage on the control socket", [FRAME + (
        "for fd in sockets(): os.write(fd, b'\\xff' * "
        "4096)"
    )], says("no answer")),
    Attack("a frame of four gigabytes", [FRAME + "forge(b'{}', size=2**32 - 1)"], says("no answer")),
    Attack("a forged end of the cell", [FRAME + (
        "forge({'kind': 'done', 'nonce': 'guess', 'execution_count': "
        "1})"
    )], says("no answer")),
    Attack("JSON nested too deep", [FRAME + "forge(b'[' * 200000)"], says("no answer")),
    Attack("a forged frame from a check", [FRAME + (
        "def odd(x):\n    forge({'kind': 'evaluations', 'nonce': 'guess', 'of': [{'outputs': [], "
        "'mutated': [], 'aliased': []}]})\n    return x"
    )], odd_fails("killed", "no answer")),
    Attack("closing every descriptor", ["import os\nos.closerange(0, 200)"], says("exit code")),
    # --- reading what is not its own
    Attack("importing the solutions", [(
        "import importlib\nfor n in ('solutions', 'solutions.svm', 'svm'):\n    try: "
        "importlib.import_module(n); print('IMPORTED')\n    except ImportError: pass"
    ) + TRY], never_says("IMPORTED")),
    Attack("opening the reference", [(
        "try: print(open('{secret}').read())\nexcept OSError as e: "
        "print(type(e).__name__)"
    ) + TRY], never_says(SECRET), WALLED),
    Attack("a link to the reference", [(
        "import os\nos.symlink('{secret}', 'link')\ntry: print(open('link').read())\nexcept "
        "OSError: pass\ntry: os.link('{secret}', 'hard')\nexcept OSError: pass\ntry: "
        "print(open('hard').read())\nexcept OSError: pass"
    ) + TRY], never_says(SECRET), WALLED),
    Attack("a shell that reads it", [(
        "!cat {secret}; cd /proc; for p in [0-9]*; do cat $p/environ; done; echo\nprint('ran to "
        "its end')"
    )], never_says(SECRET), WALLED),
    Attack("the grader's environment", [(
        "import os\nprint(dict(os.environ))\nprint(open('/proc/self/environ', "
        "'rb').read())"
    ) + TRY], never_says(SECRET)),
    Attack("other processes' environments", [(
        "import glob\nfor p in glob.glob('/proc/[0-9]*/environ') + "
        "glob.glob('/proc/[0-9]*/cmdline'):\n    try: print(open(p, 'rb').read())\n    except "
        "OSError: pass"
    ) + TRY], never_says(SECRET), WALLED),
    Attack("the parent's memory", [(
        "import os\nfor pid in (os.getppid(), 1):\n    try:\n        open(f'/proc/{{pid}}/mem', "
        "'rb').read(1); print('READABLE')\n    except OSError: pass"
    ).replace("{{", "{").replace("}}", "}") + TRY], never_says("READABLE")),
    Attack("ptrace", [(
        "import ctypes, os\nlibc = ctypes.CDLL(None)\nprint('ATTACHED' if libc.ptrace(16, "
        "os.getppid(), 0, 0) == 0 else 'refused')"
    ) + TRY], never_says("ATTACHED")),
    Attack("searching the heap", [(
        "import gc\nfor o in gc.get_objects():\n    if type(o) is dict and any(type(v) is str and "
        "v.startswith('the-reference') for v in o.values()): print('FOUND')"
    ) + TRY], never_says("FOUND")),
    Attack("walking the stack", [(
        "import sys\nf = sys._getframe()\nnames = set()\nwhile f: names |= set(f.f_locals); f = "
        "f.f_back\nprint([n for n in names if 'reference' in n or 'mistake' in n or 'gradebook' "
        "in n] and 'FOUND')"
    ) + TRY], never_says("FOUND")),
    Attack("open descriptors", [(
        "import os\nfor fd in range(3, 500):\n    try: print('fd', "
        "os.readlink(f'/proc/self/fd/{fd}'))\n    except OSError: pass"
    ) + TRY], lambda o: (_only_its_socket(o))),
    Attack("other submissions' directories", [(
        "import os\ntry: print('LISTED' if {os.path.basename(os.getcwd())} != {*os.listdir('..')} "
        "else 'alone')\nexcept OSError: pass"
    ) + TRY], never_says("LISTED"), WALLED),
    Attack("a numpy directory", [(
        "import numpy\nprint(numpy.zeros(1), getattr(numpy, 'fake', "
        "'real'))"
    )], says("real"), files={"numpy/__init__.py": b"fake = 'fake'"}),
    Attack("startup files", ["print('began')"], says("began"), files={"sitecustomize.py": b"1/0", "ipython_config.py": b"1/0", "autograder/__init__.py": b"1/0", "startup/00.py": b"1/0"}),
    Attack("file names that lead out", [(
        "import glob\nprint(sorted(glob.glob('**', "
        "recursive=True)))"
    )], says("'good.txt'"), files={"../evil.txt": b"x", "/tmp/evil-chainrule.txt": b"x", "a/../../evil2.txt": b"x", "good.txt": b"x", "exercises.py": b"1/0"}),
    # --- writing what is not its own
    Attack("writing a neighbour's file", [(
        "try: open('{victim}', 'w').write('HACKED')\nexcept OSError: pass\nimport os\ntry: "
        "os.remove('{victim}')\nexcept OSError: pass"
    ) + TRY], levels=WALLED),
    Attack("a daemon that writes later", [(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        "
        "for _ in range(100):\n            try: open('{victim}', 'w').write('HACKED')\n           "
        " except OSError: pass\n            time.sleep(0.05)\n    os._exit(0)"
    )], levels=WALLED),
    Attack("daemons everywhere", [(
        "import subprocess\nfor _ in range(5): subprocess.Popen(['setsid', 'sh', '-c', 'trap \"\" "
        "TERM HUP INT; sleep 1000'], start_new_session=True)"
    )]),
    Attack("writing to the interpreter", [(
        "import numpy\ntry: open(numpy.__file__, 'a').write('#')\nexcept OSError: "
        "print('refused')"
    )], says("refused"), WALLED),
    # --- using things up
    Attack("an endless loop", ["while True: pass"], says("stopped after 1.5 s")),
    Attack("a loop that swallows interrupts", [(
        "import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: "
        "pass"
    )], says("did not heed the interrupt")),
    Attack("interrupts ignored", [(
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: "
        "pass"
    )], says("did not heed the interrupt")),
    Attack("exit", ["import sys; sys.exit(0)", "exit()", "raise SystemExit", "raise KeyboardInterrupt"]),
    Attack("os._exit", ["import os; os._exit(0)"], says("exit code 0")),
    Attack("abort", ["import os; os.abort()"], says("SIGABRT")),
    Attack("a segmentation fault", ["import ctypes; ctypes.string_at(0)"], says("SIGSEGV")),
    Attack("suicide", ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], says("SIGKILL")),
    Attack("three fatal cells", ["import os; os._exit(1)", "import os; os.abort()", (
        "import ctypes; "
        "ctypes.string_at(0)"
    )], says("SIGSEGV", 2)),
    Attack("six fatal cells", ["import os; os._exit(1)"] * 6, says("not run", 4), honest=False),
    Attack("killing everybody", [(
        "import os, signal\nfor target in (os.getppid(), -1, 0, 1):\n    for number in "
        "(signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):\n        try: "
        "os.kill(target, number)\n        except OSError: pass\n"
    )], levels=WALLED),
    Attack("killing its parent from a check", [(
        "import os, signal\ndef odd(x):\n    try: os.kill(os.getppid(), signal.SIGKILL)\n    "
        "except OSError: pass\n    return x"
    )]),
    Attack("a fork storm", [(
        "import os, time\nn = 0\ntry:\n    while n < 5000:\n        if os.fork() == 0: "
        "time.sleep(100); os._exit(0)\n        n += 1\nexcept OSError as e: print('bounded')"
    )], says("bounded")),
    Attack("a thread storm", [(
        "import threading, time\nn = 0\ntry:\n    while n < 5000:\n        "
        "threading.Thread(target=time.sleep, args=(100,), daemon=True).start(); n += 1\nexcept "
        "RuntimeError: print('bounded')"
    )], says("bounded")),
    Attack("too much memory", ["x = bytearray(2 << 30)"], says("MemoryError")),
    Attack("too much memory in many processes", [(
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0: x = bytearray(b'1') * (250 "
        "<< 20); time.sleep(100)\ntime.sleep(1000)"
    )], says("in all its processes"), patient=True),
    Attack("too much memory in a check", [(
        "import numpy as np\ndef odd(x): return np.ones(1 << "
        "29)"
    )], odd_fails("error", "more than 512 MB"), patient=True),
    Attack("an answer of a hundred megabytes", [(
        "import numpy as np\ndef odd(x): return np.zeros(13 << "
        "20)"
    )], odd_is_no_array("MB"), patient=True),
    Attack("one large file", ["open('f', 'wb').write(bytes(64 << 20))"],
        says("File too large"), patient=True),
    Attack("many files", [(
        "for i in range(64): open(f'f{i}', 'wb').write(b'1' * (1 << "
        "20))"
    )], says("more than 20 MB")),
    Attack("a very deep directory", [(
        "import os\nfor _ in range(2000): os.mkdir('d'); "
        "os.chdir('d')"
    )]),
    Attack("closed directories and odd names", [(
        "import os\nos.makedirs('a/b/c'); open('a/b/c/f', 'w'); open(b'\\xff\\n', 'w'); "
        "os.mkfifo('pipe'); os.chmod('a/b', 0); os.chmod('a', 0)"
    )]),
    Attack("a line of thirty megabytes", ["print('x' * 30_000_000)"], lambda o: _short(o)),
    Attack("three hundred thousand lines", [(
        "for i in range(300_000): "
        "print(i)"
    )], lambda o: _short(o)),
    Attack("carriage returns without end", [(
        "print('\\r' * 1_000_000, 'a\\rb' * "
        "300_000)"
    )], lambda o: _short(o)),
    Attack("a flood below Python", [(
        "import os\ntry:\n    while True: os.write(1, b'y' * 65536)\nexcept OSError: "
        "pass"
    )], lambda o: _short(o)),
    Attack("a flood of displays", [(
        "from IPython.display import display, HTML\nfor _ in range(500): display(HTML('x' * "
        "100_000))"
    )], lambda o: _short(o)),
    Attack("a thread that goes on", [(
        "import threading, time\ndef work():\n    while True:\n        global double; double = "
        "None; print('still here'); time.sleep(0.001)\nthreading.Thread(target=work, "
        "daemon=True).start()"
    )], honest=False),
    Attack("a hook that hangs every fork", [(
        "import os, time\nos.register_at_fork(after_in_child=lambda: "
        "time.sleep(1000))"
    )], honest=False),
    Attack("a check that never ends", [(
        "def odd(x):\n    while True: "
        "pass"
    )], odd_fails("timeout", "stopped after 1.5 s")),
    Attack("a check that swallows everything", [(
        "import time\ndef odd(x):\n    while True:\n        try: time.sleep(100)\n        except "
        "BaseException: pass"
    )], odd_fails("timeout", "stopped after 1.5 s")),
    Attack("a check that exits", [(
        "import os\ndef odd(x): "
        "os._exit(0)"
    )], odd_fails("killed", "ended its Python process")),
    Attack("a check that crashes", [(
        "import ctypes\ndef odd(x): return "
        "ctypes.string_at(0)"
    )], odd_fails("killed", "ended its Python process")),
    Attack("a check that raises KeyboardInterrupt", [(
        "def odd(x): raise "
        "KeyboardInterrupt"
    )], odd_fails("killed", "")),
    Attack("a check that forks", [(
        "import os\ndef odd(x):\n    os.fork()\n    return "
        "x"
    )], odd_is(X)),
    Attack("raising the limits", [(
        "import resource\nfor name in ('NPROC', 'DATA', 'FSIZE', 'CPU'):\n    try: "
        "resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (1 << 40, 1 << 40)); "
        "print('RAISED')\n    except (ValueError, OSError): pass"
    ) + TRY], never_says("RAISED")),
    # --- the network
    Attack("TCP", [(
        "import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 1).send(b'hello'); "
        "print('SENT')\nexcept OSError: pass"
    ) + TRY], never_says("SENT"), WALLED),
    Attack("UDP", [(
        "import socket\ntry: s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
        "s.sendto(b'hello', ('127.0.0.1', {port}))\nexcept OSError: pass"
    ) + TRY], levels=WALLED),
    Attack("abstract sockets", [(
        "import socket\ntry: s = socket.socket(socket.AF_UNIX); s.connect('\\0{unix}'); "
        "print('SENT')\nexcept OSError: pass"
    ) + TRY], never_says("SENT"), WALLED),
    Attack("UNIX sockets", [(
        "import socket\ntry: s = socket.socket(socket.AF_UNIX); s.connect('{secret}.sock'); "
        "print('SENT')\nexcept OSError: pass"
    ) + TRY], never_says("SENT"), ("bubblewrap",)),
    Attack("new namespaces and mounts", [(
        "import ctypes, os\nlibc = ctypes.CDLL(None)\nlibc.unshare(0x10000000 | "
        "0x20000)\nprint('MOUNTED' if libc.mount(b'none', b'/usr', b'tmpfs', 0, None) == 0 else "
        "'refused')"
    ) + TRY], never_says("MOUNTED"), WALLED),
]  # fmt: skip


def _short(outcome: Outcome) -> None:
    assert len(str(outcome.results[0].outputs)) < LIMITS.output_bytes + 10_000
    assert outcome.results[0].outputs


def _only_its_socket(outcome: Outcome) -> None:
    open_ones = [line for line in outcome.text(0).splitlines() if line.startswith("fd")]
    assert len(open_ones) == 1
    assert "socket:" in open_ones[0]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Secrets, a neighbour's file, and ears on the network of the grader."""
    room = tmp_path_factory.mktemp("course")
    for path in (room, *room.parents[:2]):
        path.chmod(0o755)  # readable by everybody but for the wall
    secret, victim = room / "reference.py", room / "neighbour.ipynb"
    secret.write_text(SECRET)
    victim.write_text("untouched")
    victim.chmod(0o666)
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", port))
    datagrams.settimeout(0.2)
    name = f"chainrule-test-{os.getpid()}"
    abstract, named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    abstract.bind("\0" + name)
    abstract.listen()
    named.bind(f"{secret}.sock")
    named.listen()
    os.chmod(f"{secret}.sock", 0o777)
    done = threading.Event()

    def hear() -> None:
        while not done.is_set():
            try:
                heard.append(datagrams.recv(100))
            except OSError:
                continue

    ear = threading.Thread(target=hear)
    ear.start()
    os.environ[MARKER] = SECRET
    yield World(secret, victim, port, heard, name)
    os.environ.pop(MARKER)
    done.set()
    ear.join()
    for sock in (listener, datagrams, abstract, named):
        sock.close()


@pytest.fixture(scope="module")
def wall(request: pytest.FixtureRequest, world: World) -> Iterator[Wall]:
    with Wall(level_or_skip(request.param), LIMITS, modules=MODULES) as wall:
        yield wall


PAIRS = [
    pytest.param(
        level,
        attack,
        id=f"{level}-{attack.name.replace(' ', '-')}",
        marks=() if level == STRONGEST else pytest.mark.hostile,
    )
    for level in LEVELS
    for attack in ATTACKS
    if level in attack.levels  # the others are not promised at that level
]


@pytest.mark.parametrize(("wall", "attack"), PAIRS, indirect=["wall"], scope="module")
def test_attack(
    wall: Wall,
    attack: Attack,
    world: World,
    exercises: dict[str, Exercise],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "FORK_SECONDS", 3.0)
    outcome = run(attack, wall, world, exercises)
    attack.judge(outcome)
    assert world.secret.read_text() == SECRET
    assert world.victim.read_text() == "untouched"
    assert not world.heard
    nothing_is_left(wall)
    neighbour = run(
        Attack("an honest neighbour", ["def odd(x): return -x"], patient=True),
        wall,
        world,
        exercises,
    )
    odd_is(-X)(neighbour)


def run(attack: Attack, wall: Wall, world: World, exercises: dict[str, Exercise]) -> Outcome:
    """The attack's cells, then honest answers, then the checks."""
    cells = [
        Cell(f"attack-{index}", _filled(source, world)) for index, source in enumerate(attack.cells)
    ]
    cells += [
        Cell("check-odd", "", "check", "odd"),
        Cell("honest-1", "def double(x):\n    return 2 * x"),
        Cell("check-double", "", "check", "double"),
        Cell("honest-2", "def total(x):\n    return float(x.sum())"),
        Cell("check-total", "", "check", "total"),
    ]
    usual, odd_asked = wall.limits, exercises["odd"]
    if attack.patient:
        wall.limits = replace(usual, cell_seconds=PATIENCE)
        odd_asked = replace(odd_asked, seconds=PATIENCE)
    try:
        session = wall.open(attack.files, {"exercises.py": EXERCISES})
    finally:
        wall.limits = usual
    with session:
        results = session.run(cells)
        assert [result.id for result in results] == [cell.id for cell in cells]
        double = session.evaluator(exercises["double"])([{"x": X}] * 2)
        odd = session.evaluator(odd_asked)([{"x": X}])
        total = session.evaluator(exercises["total"])([{"x": X}])
        if attack.honest:
            assert [one.failure for one in (*double, *total)] == [None] * 3
            np.testing.assert_array_equal(double[1].arrays()["y"], 2 * X)
            assert total[0].arrays()["total"] == X.sum()
    return Outcome(results, odd)


def _filled(source: str, world: World) -> str:
    values = {
        "secret": world.secret,
        "victim": world.victim,
        "port": world.port,
        "unix": world.unix,
    }
    for name, value in values.items():
        source = source.replace("{" + name + "}", str(value))
    return source


def nothing_is_left(wall: Wall) -> None:
    """No process of the submission, no file of it."""
    forkserver = wall.forkservers.present()
    assert list(forkserver.sessions.iterdir()) == []
    uid = forkserver.plan.uid
    if uid is None:
        return
    until = time.monotonic() + 5
    while (left := _processes_of(uid)) and time.monotonic() < until:
        time.sleep(0.01)  # the kernel is still clearing away what was killed
    assert left == []


def _processes_of(uid: int) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_the_attacks_are_many() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60
