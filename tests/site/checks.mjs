// Judges solved notebooks in Pyodide, under Node: node checks.mjs SITE CELLS, one line of JSON an exercise.
// SITE is a built site; CELLS a file: {assignment: {cells: [source, ...], exercises: [name, ...]}}.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [site, cells] = process.argv.slice(2).map((path) => resolve(path));
const home = `${site}/static/pyodide/`;
const { loadPyodide } = await import(pathToFileURL(`${home}pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: home });
await pyodide.loadPackage(["chainrule", "matplotlib", "scipy"], { messageCallback: () => {} });
pyodide.mountNodeFS("/files", `${site}/files`);
pyodide.globals.set("told", (line) => console.log(line));
pyodide.globals.set("given", readFileSync(cells, "utf8"));
pyodide.runPython(`
import contextlib, io, json, os, sys, time
import autograder.notebook
from autograder.notebook import CheckFailed, check

autograder.notebook.PATIENCE = 1000  # no verdict hangs on how busy this machine is

def judged(name, namespace):
    said, began = io.StringIO(), time.perf_counter()
    with contextlib.redirect_stdout(said):
        try:
            exec(f"check({name!r})", namespace)
            failed = ""
        except CheckFailed as problem:
            failed = str(problem)
    return time.perf_counter() - began, failed, said.getvalue()

for assignment, given in json.loads(given).items():
    os.chdir(f"/files/{assignment}")
    namespace = {"__name__": "__main__", "check": check}
    for source in given["cells"]:
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "<cell>", "exec"), namespace)
    for name in given["exercises"]:
        first = judged(name, namespace)
        runs = [first] + [judged(name, namespace) for _ in range(2 if first[0] < 2 else 0)]
        seconds = sorted(run[0] for run in runs)[len(runs) // 2]
        told(json.dumps({"assignment": assignment, "exercise": name, "seconds": seconds,
                         "failed": first[1], "said": first[2]}))
`);
