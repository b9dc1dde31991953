"""Ending, wounding and killing: its own process, the grader's, everybody's. It costs the cell or the check that did it."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

from collections.abc import Mapping

from courses.course import RIGHT

from ..attack import Attack, src, summing


def in_check(body: str, before: str = "") -> Mapping[str, str]:
    """half_square does something when it is called; row_sums is right."""
    return {
        **RIGHT,
        "half_square": f"{before}def half_square(x, w):\n"
        + "".join(f"    {line}\n" for line in body.split("\n")),
    }


BREAKING = [
    Attack(
        "os_exit",
        "ends the process in a cell",
        4,
        [
            "import os; os._exit(0)",
        ],
        says="exit code 0",
    ),
    Attack(
        "os_exit_in_check",
        "ends the process in a check",
        4,
        answers=in_check("import os; os._exit(0)"),
        says="ended its Python process",
    ),
    Attack(
        "abort",
        "aborts",
        4,
        [
            "import os; os.abort()",
        ],
        says="SIGABRT",
        slow=True,
    ),
    Attack(
        "segfault",
        "crashes in compiled code",
        4,
        [
            "import ctypes; ctypes.string_at(0)",
        ],
        says="SIGSEGV",
    ),
    Attack(
        "segfault_in_check",
        "crashes in compiled code, in a check",
        4,
        answers=in_check("import ctypes; return ctypes.string_at(0)"),
        says="ended its Python process",
        slow=True,
    ),
    Attack(
        "suicide",
        "kills itself",
        4,
        [
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        ],
        says="SIGKILL",
        slow=True,
    ),
    Attack(
        "exits",
        "tries every polite way to end",
        4,
        [
            "import sys; sys.exit(0)",
            "exit()",
            "quit()",
            "raise SystemExit",
            "raise KeyboardInterrupt",
        ],
        slow=True,
    ),
    Attack(
        "exit_in_check",
        "raises SystemExit in a check",
        4,
        answers=in_check("raise SystemExit(0)"),
        says="SystemExit",
        slow=True,
    ),
    Attack(
        "interrupt_in_check",
        "raises KeyboardInterrupt in a check",
        4,
        answers=in_check("raise KeyboardInterrupt"),
        says="half_square",
        slow=True,
    ),
    Attack(
        "six_fatal_cells",
        "ends the process six times",
        0,
        ["import os; os._exit(1)"] * 6,
        says="again and again",
        slow=True,
    ),
    Attack(
        "kills_everybody",
        "signals its parent, its group, its siblings and all processes it can name",
        4,
        [
            src(
                """
                import os, signal
                for target in (os.getppid(), -1, 0, 1, 2, {pid}, -{pid}, -os.getppid()):
                    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGSTOP, signal.SIGKILL):
                        try: os.kill(target, number) if target else None
                        except OSError: pass
                """
            ),
        ],
    ),
    Attack(
        "kills_siblings",
        "signals every process it can see",
        4,
        [
            src(
                """
                import os, signal
                for name in os.listdir('/proc'):
                    if name.isdigit() and int(name) != os.getpid():
                        for number in (signal.SIGSTOP, signal.SIGKILL):
                            try: os.kill(int(name), number)
                            except OSError: pass
                """
            ),
        ],
    ),
    Attack(
        "kills_group",
        "signals its own process group",
        4,
        [
            "import os, signal; os.killpg(0, signal.SIGKILL)",
        ],
        says="SIGKILL",
        slow=True,
    ),
    Attack(
        "kills_notebook_from_check",
        "kills the notebook's process from a check",
        4,
        answers=in_check(
            src(
                """
                import os, signal
                try: os.kill(os.getppid(), signal.SIGKILL)
                except OSError: pass
                return 1
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "modules_deleted",
        "empties sys.modules",
        0,
        [
            "import sys; sys.modules.clear()",
        ],
        slow=True,
    ),
    Attack(
        "recursion",
        "recurses without end",
        4,
        answers=in_check("return half_square(x, w)"),
        says="RecursionError",
        slow=True,
    ),
    Attack(
        "c_recursion",
        "recurses beyond the stack",
        4,
        [
            src(
                """
                import sys; sys.setrecursionlimit(10**9)
                def f(): f()
                f()
                """
            ),
            src(
                """
                x = []
                for _ in range(10**6): x = [x]
                repr(x)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "atexit",
        "registers what is to run at the end and at every fork",
        4,
        [
            src(
                """
                import atexit, os, signal, threading
                atexit.register(lambda: open('{course}/{mark}', 'w'))
                threading._register_atexit(lambda: open('{course}/{mark}', 'w'))
                signal.signal(signal.SIGTERM, lambda *a: None)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "fork_hook",
        "hangs every fork",
        0,
        [
            src(
                """
                import os, time
                os.register_at_fork(after_in_child=lambda: time.sleep(1000))
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "stdout_closed",
        "closes its standard streams",
        4,
        [
            src(
                """
                import io, os, sys
                sys.stdout = sys.stderr = io.StringIO()
                for fd in (0, 1, 2): os.close(fd)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "syntax_error",
        "is no Python",
        4,
        [
            "def (",
        ],
        says="SyntaxError",
        slow=True,
    ),
    Attack(
        "huge_words",
        "raises with fifty megabytes of words",
        6,
        answers=summing("""
    def row_sums(x): raise ValueError('x' * 50_000_000)
    """),
        slow=True,
    ),
    Attack(
        "lying_exception",
        "raises what says it is something else",
        6,
        answers=summing("""
    class Kind(type):
        def mro(cls): return [cls, ValueError, Exception, BaseException, object]
    class Lie(ValueError, metaclass=Kind):
        __module__ = 'builtins'
        def __str__(self): return np.zeros(3)
    Lie.__name__ = 'Misplayed'
    def row_sums(x): raise Lie()
    """),
    ),
    Attack(
        "generator_exit",
        "raises what generators end by",
        6,
        answers=summing("""
    def row_sums(x): raise GeneratorExit
    """),
    ),
    Attack(
        "shallow_recursion",
        "leaves room for hardly a call",
        6,
        answers=summing("""
    import sys
    def row_sums(x):
        sys.setrecursionlimit(len(__import__('inspect').stack()) + 8)
        return x.sum(axis=1)
    """),
        slow=True,
    ),
    Attack(
        "stops_itself",
        "stops its own process",
        4,
        cells=["import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"],
        slow=True,
    ),
]
