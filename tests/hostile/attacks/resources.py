"""Using things up: seconds, memory, processes, files, output. Exceeding a limit costs that cell or that check only."""

from __future__ import annotations

from ..attack import Attack, Notebook, src
from .breaking import in_check


def _endless_markdown(notebook: Notebook) -> None:
    """Each took a stock page minutes to make, or could not be made at all."""
    for number, text in enumerate(
        (
            "> " * 400 + "x",
            "[" * 150_000,
            "[a](" * 20_000,
            "<div>" * 40_000,
            r"\(a" * 20_000,
            r"\begin{a}" * 20_000,
            "*a " * 9_000,
        )
    ):
        notebook["cells"].append(
            {"cell_type": "markdown", "id": f"deep-{number}", "metadata": {}, "source": text}
        )


LEAVES = src(
    """
    import ctypes, os, platform
    libc = ctypes.CDLL(None)
    def call(x86, arm, *rest):
        return libc.syscall(x86 if platform.machine() == 'x86_64' else arm, *rest)
    def everything(create):
        size = ctypes.c_size_t(4096)
        yield call(29, 194, 0x5eed, size, create) >= 0
        yield call(64, 190, 0x5eed, 1, create) >= 0
        yield call(68, 186, 0x5eed, create) >= 0
        yield call(240, 180, b'seed', os.O_RDWR | (os.O_CREAT if create else 0), 0o600, None) >= 0
    if any(everything(0)) or os.path.lexists('/tmp/seed') or os.path.lexists('/dev/shm/seed'):
        print('FOUND')
    any([*everything(0o1600)])
    for room in ('/tmp', '/dev/shm'):
        try:
            os.makedirs(f'{room}/seed/below')
            os.chmod(f'{room}/seed', 0)
        except OSError: pass
    """
)
"""Behind Landlock there is no such directory to write to."""

RESOURCES = [
    Attack(
        "endless_cell",
        "loops in a cell",
        4,
        [
            "while True: pass",
        ],
        says="stopped after",
        slow=True,
    ),
    Attack(
        "endless_check",
        "loops in a check",
        4,
        answers=in_check("while True: pass"),
        says="stopped after",
    ),
    Attack(
        "stubborn_cell",
        "swallows every interrupt",
        4,
        [
            src(
                """
                while True:
                    try:
                        while True: pass
                    except BaseException: continue
                """
            ),
        ],
    ),
    Attack(
        "stubborn_check",
        "swallows every interrupt, in a check",
        4,
        answers=in_check(
            src(
                """
                while True:
                    try:
                        while True: pass
                    except BaseException: pass
                """
            )
        ),
        says="stopped after",
        slow=True,
    ),
    Attack(
        "interrupts_ignored",
        "ignores the signal",
        4,
        [
            src(
                """
                import signal, time
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                time.sleep(10**6)
                """
            ),
        ],
        says="did not heed",
        slow=True,
    ),
    Attack(
        "slow_in_c",
        "stays in compiled code",
        4,
        [
            "sum(range(10**13))",
        ],
        says="stopped after",
        slow=True,
    ),
    Attack(
        "regex",
        "lets a regular expression explode",
        4,
        [
            "import re; re.match('(a|aa)+$', 'a' * 100 + 'b')",
        ],
        says="stopped after",
        slow=True,
    ),
    Attack(
        "fork_storm",
        "forks until it may not",
        4,
        [
            src(
                """
                import os, time
                try:
                    for _ in range(5000):
                        if os.fork() == 0: time.sleep(1000); os._exit(0)
                except OSError as e: print('bounded')
                """
            ),
        ],
        says="bounded",
    ),
    Attack(
        "fork_bomb",
        "forks forks that fork, in a check",
        4,
        answers=in_check(
            src(
                """
                import os, time
                for _ in range(12):
                    try: os.fork()
                    except OSError: pass
                time.sleep(0.2)
                return 1
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "thread_storm",
        "starts threads until it may not",
        4,
        [
            src(
                """
                import threading, time
                try:
                    for _ in range(5000): threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
                except RuntimeError: print('bounded')
                """
            ),
        ],
        says="bounded",
        slow=True,
    ),
    Attack(
        "memory",
        "takes more memory than it may",
        4,
        [
            "hog = bytearray(64 << 30)",
        ],
        says="MemoryError",
    ),
    Attack(
        "memory_in_check",
        "takes more memory than it may, in a check",
        4,
        answers=in_check("return np.ones(1 << 33)"),
        says="of memory",
        slow=True,
    ),
    Attack(
        "disk_file",
        "writes one file that is too large",
        4,
        [
            src(
                """
                import os
                with open('f', 'wb') as f:
                    for _ in range(512): f.write(bytes(1 << 20))
                """
            ),
        ],
        says="File too large",
    ),
    Attack(
        "disk_many",
        "fills the disk with many files",
        4,
        [
            src(
                """
                import time
                for i in range(40): open(f'f{i}', 'wb').write(b'1' * (8 << 20))
                time.sleep(2)
                """
            ),
        ],
        says="more than 256 MB",
        slow=True,
    ),
    Attack(
        "inodes",
        "makes files without end",
        4,
        [
            src(
                """
                import os
                for i in range(10**6): os.close(os.open(f'{i}', os.O_CREAT))
                """
            ),
        ],
        says="files",
        slow=True,
    ),
    Attack(
        "memory_disks",
        "fills the directories that live in memory",
        4,
        [
            src(
                """
                for room in ('/dev/shm', '/tmp', '/var/tmp', '/run'):
                    try:
                        with open(room + '/{mark}', 'wb') as f:
                            for _ in range(400): f.write(b'1' * (1 << 20))
                    except OSError as e: print(room, e)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "deep_directory",
        "makes directories too deep to name",
        4,
        [
            src(
                """
                import os
                for _ in range(3000): os.mkdir('d'); os.chdir('d')
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "no_directory",
        "removes the directory that it works in",
        4,
        [
            src(
                """
                import os
                os.mkdir('d'); os.chdir('d'); os.rmdir('../d')
                """
            ),
        ],
    ),
    Attack(
        "odd_files",
        "leaves closed directories, pipes, sockets and unspeakable names",
        4,
        [
            src(
                r"""
                import os, socket
                os.makedirs('a/b/c'); open('a/b/c/f', 'w'); open(b'\xff\n', 'w'); os.mkfifo('pipe')
                s = socket.socket(socket.AF_UNIX); s.bind('sock'); os.chmod('a/b', 0); os.chmod('a', 0); os.chmod('.', 0)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "long_line",
        "prints a line of thirty megabytes",
        4,
        [
            "print('x' * 30_000_000)",
        ],
    ),
    Attack(
        "many_lines",
        "prints three hundred thousand lines",
        4,
        [
            "for i in range(300_000): print(i)",
        ],
        says="cut",
        slow=True,
    ),
    Attack(
        "long_error",
        "raises with thirty megabytes to say",
        4,
        [
            "raise ValueError('y' * 30_000_000)",
        ],
        says="ValueError",
        slow=True,
    ),
    Attack(
        "output_below",
        "floods the descriptors below Python",
        4,
        [
            src(
                """
                import os
                try:
                    for _ in range(8000): os.write(1, b'y' * 65536)
                except OSError: pass
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "nameless_files",
        "fills the disk through open files that it has removed",
        4,
        [
            src(
                """
                import os, time
                held = []
                for number in range(10):
                    held.append(open(f'f{number}', 'wb'))
                    os.unlink(f'f{number}')
                    held[-1].write(b'1' * (60 << 20))
                while True: time.sleep(1)
                """
            ),
        ],
        slow=True,
    ),
    *(
        Attack(
            f"left_behind_{number}",
            "looks for what others left in the kernel and in closed directories, and leaves the same",
            4,
            [LEAVES],
            never_says="FOUND",
        )
        for number in range(3)
    ),
    Attack(
        "display_shared",
        "shows a hundred displays of one handle, and then updates it",
        4,
        [
            src(
                """
                from IPython.display import HTML, display
                for _ in range(100): display(HTML('x'), display_id='same')
                display({'text/plain': 'y' * 3_000_000}, raw=True, display_id='same', update=True)
                """
            ),
        ],
        says="the rest is cut",
    ),
    Attack(
        "display_flood",
        "displays without end",
        4,
        [
            src(
                """
                from IPython.display import display, HTML
                for _ in range(300): display(HTML('x' * 100_000))
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "deep_html",
        "displays HTML nested fifty thousand times",
        4,
        [
            src(
                """
                from IPython.display import display, HTML
                display(HTML('<div>' * 50_000))
                display(HTML('<b>' * 50_000 + 'x'))
                """
            ),
        ],
    ),
    Attack(
        "deep_markdown", "writes Markdown that takes minutes to read", 4, edit=_endless_markdown
    ),
]
