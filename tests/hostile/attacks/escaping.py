"""Reaching out: the gradebook, a neighbour, the course, the interpreter, the network, and processes that stay behind."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

from courses.course import RIGHT

from ..attack import Attack, src

DAEMON = """
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp(sys.executable, [sys.executable, '-c', '''
import signal, sqlite3, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except OSError: pass
for _ in range(2000):
    for path in ("{course}/{mark}", "/tmp/{mark}", "{course}/gradebook.db"):
        try: open(path, "a").write("HACKED")
        except OSError: pass
    time.sleep(0.05)
''', 'chainrule-daemon-{mark}'])
    os._exit(0)
"""
WRITE = """
import os
def put(path, text='HACKED'):
    for flags in ('w', 'a'):
        try: open(path, flags).write(text); print('WROTE', path)
        except OSError as error: print(type(error).__name__)
    try: os.rename(path, path + '.gone'); print('WROTE', path)
    except OSError: pass
    try: os.remove(path); print('WROTE', path)
    except OSError: pass
    try: os.chmod(path, 0o777); print('WROTE', path)
    except OSError: pass
"""

ESCAPING = [
    Attack(
        "gradebook_write",
        "gives itself 100 points of extra credit",
        4,
        [
            src(
                """
                import sqlite3
                try:
                    db = sqlite3.connect('{course}/gradebook.db', timeout=0.2)
                    db.execute('update grade set extra_credit=100, manual_score=100'); db.commit(); print('WROTE')
                except sqlite3.Error as e: print(e)
                """
            ),
        ],
        never_says="WROTE\\n",
    ),
    Attack(
        "neighbour_write",
        "overwrites and removes what its neighbours handed in",
        4,
        [
            WRITE
            + src(
                """
                for student in ('a_honest', 'm_n_honest', 'z_honest'):
                    put('{course}/submitted/' + student + '/tiny/tiny.ipynb')
                    put('{course}/feedback/' + student + '/tiny/tiny.html'); put('{course}/autograded/' + student + '/tiny/tiny.ipynb')
                """
            ),
        ],
        never_says="WROTE /",
    ),
    Attack(
        "course_write",
        "writes into the course: configuration, solutions, release",
        4,
        [
            WRITE
            + src(
                """
                for path in ('nbgrader_config.py', 'solutions/tiny.py', 'source/tiny/exercises/sums.py', 'assignments/tiny/tiny.ipynb', 'sitecustomize.py', '{mark}'):
                    put('{course}/' + path)
                """
            ),
        ],
        never_says="WROTE /",
    ),
    Attack(
        "interpreter_write",
        "writes into the interpreter and its packages",
        4,
        [
            WRITE
            + src(
                """
                import autograder, numpy, site, sys
                for path in (numpy.__file__ + '.{mark}', autograder.__file__ + '.{mark}', site.getsitepackages()[0] + '/{mark}.pth', sys.prefix + '/{mark}'):
                    put(path)
                """
            ),
        ],
        never_says="WROTE /",
        slow=True,
    ),
    Attack(
        "home_write",
        "leaves start-up files in every home",
        4,
        [
            WRITE
            + src(
                """
                for home in ('/root', '/home', '/home/student', '/etc', '/var/tmp'):
                    for name in ('.{mark}', '.bashrc.{mark}', '.ipython/profile_default/startup/{mark}.py', 'cron.d/{mark}'): put(home + '/' + name)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "own_modules_changed",
        "changes the exercises that lie beside it",
        4,
        [
            WRITE
            + src(
                """
                import os
                for path in ('exercises.py', 'exercises/__init__.py', 'exercises/sums.py', 'shared.py'):
                    assert path == 'exercises.py' or os.path.exists(path)
                    open(path, 'w').write('1/0')
                """
            ),
            src(
                """
                import sys
                for name in list(sys.modules):
                    if 'exercises' in name.partition('.')[0] or name == 'shared': del sys.modules[name]
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "daemon",
        "leaves a daemon that writes the gradebook for minutes",
        4,
        [
            DAEMON,
        ],
    ),
    Attack(
        "daemon_from_check",
        "leaves a daemon from inside a check",
        0,
        says="hides what it runs",
        answers={
            "row_sums": src(
                """
                def row_sums(x):
                    global left
                    if 'left' not in globals():
                        left = True
                """
            )
            + "".join(f"        {line}\n" for line in DAEMON.splitlines() if line)
            + "    return x.sum(axis=1)\n"
        },
        slow=True,
    ),
    Attack(
        "daemons_by_shell",
        "leaves shells that heed no signal",
        4,
        [
            src(
                """
                import subprocess
                for _ in range(5): subprocess.Popen(['setsid', 'sh', '-c', 'trap "" TERM HUP INT; sleep 1000 # chainrule-daemon-{mark}'], start_new_session=True)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "numpy_directory",
        "hands in a numpy of its own",
        10,
        answers=RIGHT,
        files={"numpy/__init__.py": b"def __getattr__(name): return lambda *a, **k: 1.0\n"},
        by_nbgrader=True,
    ),
    Attack(
        "startup_files",
        "hands in everything that something might run by itself",
        4,
        files={
            "sitecustomize.py": b"1/0",
            "usercustomize.py": b"1/0",
            "ipython_config.py": b"1/0",
            "conftest.py": b"1/0",
            "ipykernel_launcher.py": b"open('{course}/{mark}', 'w')",
            "autograder/__init__.py": b"1/0",
            "startup/00.py": b"1/0",
            "torch.py": b"1/0",
            "json.py": b"1/0",
            "nbgrader_config.py": b"open('{course}/{mark}', 'w')",
            "jupyter_config.py": b"1/0",
            "exercises.py": b"1/0",
            "exercises/__init__.py": b"1/0",
            "exercises/sums.py": b"1/0",
            "shared.py": b"1/0",
            "shared/__init__.py": b"1/0",
        },
        by_nbgrader=True,
    ),
    Attack(
        "tcp",
        "connects to the grader's machine",
        4,
        [
            src(
                """
                import socket
                for host in ('127.0.0.1', 'localhost', '::1'):
                    try: socket.create_connection((host, {port}), 1).send(b'hello'); print('SENT')
                    except OSError as e: print(type(e).__name__)
                """
            ),
        ],
        never_says="SENT\\n",
    ),
    Attack(
        "tcp_from_check",
        "sends from inside a check",
        4,
        answers={
            "row_sums": src(
                """
                def row_sums(x):
                    import socket
                    try: socket.create_connection(('127.0.0.1', {port}), 1).send(b'hello')
                    except OSError: pass
                    return x.sum(axis=1)
                """
            )
        },
        slow=True,
    ),
    Attack(
        "udp",
        "sends datagrams",
        4,
        [
            src(
                """
                import socket
                try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('127.0.0.1', {port}))
                except OSError as e: print(e)
                """
            ),
        ],
    ),
    Attack(
        "unix_socket",
        "connects to a socket in the file system",
        4,
        [
            src(
                """
                import socket
                try: s = socket.socket(socket.AF_UNIX); s.connect('{unix}'); s.send(b'hello'); print('SENT')
                except OSError as e: print(e)
                """
            ),
        ],
        never_says="SENT",
        not_promised_by=("landlock",),
    ),
    Attack(
        "abstract_socket",
        "connects to an abstract socket",
        4,
        [
            src(
                r"""
                import socket
                try: s = socket.socket(socket.AF_UNIX); s.connect('\0chainrule-{mark}'); s.send(b'hello'); print('SENT')
                except OSError as e: print(e)
                """
            ),
        ],
        never_says="SENT\\n",
        slow=True,
    ),
    Attack(
        "internet",
        "looks names up and fetches from the internet",
        4,
        [
            src(
                """
                import urllib.request
                try: urllib.request.urlopen('http://example.org', timeout=1); print('SENT')
                except OSError as e: print(type(e).__name__)
                """
            ),
            "!pip download six 2>&1 | tail -1",
        ],
        never_says="SENT\\n",
        slow=True,
    ),
    Attack(
        "namespaces",
        "makes namespaces and mounts of its own",
        4,
        [
            src(
                """
                import ctypes
                libc = ctypes.CDLL(None)
                libc.unshare(0x10000000 | 0x20000)
                print('MOUNTED' if libc.mount(b'none', b'/usr', b'tmpfs', 0, None) == 0 else 'refused')
                !mount -o remount,rw / ; su -c id; sudo -n id
                """
            ),
        ],
        never_says="MOUNTED",
        slow=True,
    ),
    Attack(
        "limits_raised",
        "raises its own limits",
        4,
        [
            src(
                """
                import resource
                for name in ('NPROC', 'DATA', 'FSIZE', 'CPU'):
                    try: resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (1 << 40, 1 << 40)); print('RAISED')
                    except (ValueError, OSError): pass
                """
            ),
        ],
        never_says="RAISED\\n",
        slow=True,
    ),
    Attack(
        "descendant_reads",
        "starts a fresh Python that inherits nothing and tries again",
        4,
        [
            src(
                """
                import subprocess, sys
                print(subprocess.run([sys.executable, '-c', 'print(open("{course}/solutions/tiny.py").read()); import solutions'], capture_output=True, text=True, env={}))
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "other_sockets",
        "opens sockets of the kernel's own families",
        4,
        cells=[
            src("""
    import socket
    for family in (16, 17, 38, 40, 44, 31, 29):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind, 0); print('OPENED', family)
            except OSError: pass
    """)
        ],
        never_says="OPENED",
    ),
]
