"""Honest mishaps: nothing here may cost a point that the functions are worth."""

from __future__ import annotations

from collections.abc import Callable

from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, code, place

from ..attack import Attack, Notebook, src, summing


def right(**changed: str) -> dict[str, str]:
    """Everything right but for the way it is written."""
    return {**RIGHT, **changed}


def _duplicate(notebook: Notebook) -> None:
    at = place(notebook, "half_square")
    notebook["cells"].insert(at + 1, {**notebook["cells"][at], "id": "copy"})


def _duplicate_everything(notebook: Notebook) -> None:
    notebook["cells"] = [
        one
        for original in notebook["cells"]
        for one in (original, {**original, "id": original["id"] + "-2"})
    ]


def _split(notebook: Notebook) -> None:
    at = place(notebook, "half_square")
    notebook["cells"][at]["source"] = "factor = 2\n"
    notebook["cells"].insert(
        at + 1, code(HALF_SQUARE.replace("/ 2", "/ factor"), "half", nbgrader={})
    )


def _split_check(notebook: Notebook) -> None:
    at = place(notebook, "check_row_sums")
    notebook["cells"][at]["source"] = ""
    notebook["cells"].insert(at + 1, code('check("row_sums")', "rest", nbgrader={}))


def _delete(id: str) -> Callable[[Notebook], object]:
    return lambda notebook: notebook["cells"].pop(place(notebook, id))


def _moved(notebook: Notebook) -> None:
    """The answers typed into cells of their own at the end, the given ones left as they were."""
    notebook["cells"] += [code(HALF_SQUARE, "at-end"), code(ROW_SUMS, "at-end-2")]
    for id in ("half_square", "row_sums"):
        notebook["cells"].pop(place(notebook, id))


def _windows(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["source"] = ("".join(one["source"])).replace("\n", "\r\n")


def _no_ids(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 4
    for one in notebook["cells"]:
        del one["id"]


MISHAPS = [
    Attack("duplicated", "copied a cell", 10, answers=RIGHT, edit=_duplicate, by_nbgrader=True),
    Attack(
        "duplicated_all",
        "copied every cell",
        10,
        answers=RIGHT,
        edit=_duplicate_everything,
        by_nbgrader=True,
        slow=True,
    ),
    Attack("split_cell", "split a cell in two", 10, answers=RIGHT, edit=_split, by_nbgrader=True),
    Attack(
        "split_check",
        "split a check in two",
        10,
        answers=RIGHT,
        edit=_split_check,
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "entry_lost",
        "lost the nbgrader entry of its own cell",
        10,
        answers=RIGHT,
        edit=lambda notebook: notebook["cells"].append(code("1 + 1", "odd", nbgrader={})),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "check_deleted",
        "deleted a check",
        10,
        answers=RIGHT,
        edit=_delete("check_half_square"),
        says="put back",
        by_nbgrader=True,
    ),
    Attack(
        "solution_deleted",
        "deleted the cell of an answer",
        4,
        answers=RIGHT,
        edit=_delete("half_square"),
        says="not defined",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "answers_elsewhere",
        "wrote the answers into cells of its own, after the checks",
        0,
        answers={},
        edit=_moved,
        says="not defined",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "ids_lost",
        "used an editor that drops cell ids",
        10,
        answers=RIGHT,
        edit=_no_ids,
        by_nbgrader=True,
    ),
    Attack(
        "renamed",
        "renamed its notebook",
        10,
        answers=RIGHT,
        named="tiny (final) 2.ipynb",
        by_nbgrader=True,
    ),
    Attack(
        "warning",
        "gets a warning on stderr",
        10,
        answers=right(
            row_sums="import warnings\n"
            + ROW_SUMS.replace("    return", ("    warnings.warn('careful')\n    return"))
            + src(
                """
                row_sums(np.ones((2, 2)))
                warnings.warn('deprecated')
                """
            )
        ),
    ),
    Attack(
        "progress_bar",
        "shows a progress bar on stderr",
        10,
        answers=right(
            row_sums=ROW_SUMS
            + src(
                r"""
                import sys, time
                for i in range(100):
                    sys.stderr.write(f'\r{i}%')
                """
            )
        ),
    ),
    Attack(
        "logging",
        "logs",
        10,
        answers=right(
            half_square=src(
                """
                import logging
                logging.basicConfig(level=0)
                logging.error('is all well?')
                """
            )
            + HALF_SQUARE
        ),
        slow=True,
    ),
    Attack(
        "prints_in_answer",
        "left its prints in",
        10,
        answers=right(
            half_square=HALF_SQUARE.replace(
                "    return", ("    print('shapes', x.shape, w.shape)\n    return")
            )
        ),
        slow=True,
    ),
    Attack(
        "helper_cell",
        "wrote a helper in a cell of its own",
        10,
        [
            src(
                """
                def mean_square(s):
                    return np.mean(s ** 2)
                """
            ),
        ],
        answers=right(
            half_square=src(
                """
                def half_square(x, w):
                    s = x @ w
                    return mean_square(s) / 2, x.T @ s / len(x)
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "helper_file",
        "wrote a helper in a file beside the notebook",
        10,
        answers=right(
            row_sums=src(
                """
                from my_rows import sums
                def row_sums(x):
                    return sums(x)
                """
            )
        ),
        files={"my_rows.py": b"def sums(x):\n    return x.sum(axis=1)\n", "lib/notes.txt": b"x"},
        by_nbgrader=True,
    ),
    Attack(
        "magics",
        "uses magics and shell lines",
        10,
        [
            src(
                """
                %matplotlib inline
                %load_ext autoreload
                %autoreload 2
                """
            ),
            src(
                """
                %%time
                x = 1
                """
            ),
            "!ls",
            "%timeit -n 1 -r 1 1 + 1",
        ],
        answers=RIGHT,
    ),
    Attack(
        "plots",
        "plots",
        10,
        [
            src(
                """
                import matplotlib.pyplot as plt
                plt.plot([1, 2]); plt.title('loss'); plt.show()
                """
            ),
        ],
        answers=RIGHT,
        says="data:image/png",
        slow=True,
    ),
    Attack(
        "widget",
        "plays with a slider",
        10,
        [
            src(
                """
                import ipywidgets
                ipywidgets.interact(lambda lr: print(lr), lr=(0, 1.0))
                """
            ),
        ],
        answers=RIGHT,
    ),
    Attack(
        "error_in_own_cell",
        "left a cell that fails",
        10,
        [
            "1/0",
            "undefined_name",
        ],
        answers=RIGHT,
        says="ZeroDivisionError",
        slow=True,
    ),
    Attack(
        "asks_for_input",
        "asks for input",
        10,
        [
            "name = input('your name? ')",
        ],
        answers=RIGHT,
        slow=True,
    ),
    Attack(
        "shadows",
        "uses names of the check's own",
        10,
        [
            src(
                """
                loss = dw = total = inputs = names = header = sock = nonce = exercise = x = w = None
                student = 'me'
                """
            ),
        ],
        answers=RIGHT,
        slow=True,
    ),
    Attack(
        "redefines_np",
        "calls something else np at the end",
        10,
        answers=RIGHT,
        edit=lambda notebook: notebook["cells"].append(
            code("np = None\nhalf_square = row_sums = None")
        ),
        slow=True,
    ),
    Attack(
        "seeds",
        "sets every seed",
        10,
        [
            src(
                """
                import random
                np.random.seed(0); random.seed(0)
                np.seterr(all='raise')
                """
            ),
        ],
        answers=RIGHT,
        slow=True,
    ),
    Attack(
        "windows_lines",
        "works on Windows",
        10,
        answers=RIGHT,
        edit=_windows,
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "unicode",
        "writes in its own language",
        10,
        answers=right(
            row_sums=src(
                """
                # сумма строк, 行的和, 🙂
                Σ = np.sum
                def row_sums(x):
                    return Σ(x, axis=1)
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "tabs",
        "indents with tabs",
        10,
        answers=right(row_sums="def row_sums(x):\n\treturn x.sum(axis=1)\n"),
        slow=True,
    ),
    Attack(
        "check_run_again",
        "calls check in a cell of its own",
        10,
        answers=RIGHT,
        edit=lambda notebook: notebook["cells"].append(
            code('check("half_square"); check("nothing")')
        ),
        slow=True,
    ),
    Attack(
        "demo_changed",
        "changed the demonstration",
        10,
        answers=RIGHT,
        edit=lambda notebook: [
            one.update(source="print('my demo')")
            for one in notebook["cells"]
            if "demo" in one["metadata"].get("tags", ())
        ],
        says="my demo",
        slow=True,
    ),
    Attack(
        "unanswered", "has answered nothing", 0, answers={}, says="NotImplementedError", slow=True
    ),
    Attack(
        "wrong_honestly",
        "forgot to divide",
        5,
        answers=right(half_square=HALF_SQUARE.replace(" / len(x)", "")),
        says="divide by N as the loss does",
        slow=True,
    ),
    Attack(
        "int_loss",
        "returns a NumPy number for the loss",
        10,
        answers=right(
            half_square=src(
                """
                def half_square(x, w):
                    s = x @ w
                    return np.float64(np.mean(s ** 2) / 2), x.T @ s / len(x)
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "torch_for_itself",
        "imports torch without deriving with it",
        10,
        [
            src(
                """
                import torch
                torch.manual_seed(0)
                """
            ),
        ],
        answers=RIGHT,
        slow=True,
    ),
    Attack(
        "object_as_answer",
        "answers by an object that can be called",
        10,
        answers=summing("""
    class Sums:
        def __call__(self, x): return x.sum(axis=1)
    row_sums = Sums()
    """),
    ),
]
