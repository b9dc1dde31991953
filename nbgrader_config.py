"""nbgrader's configuration of this course. Everything here is relative to this file."""

from pathlib import Path

from autograder.classreport.beside import serve_class_report
from autograder.gradebook.hooks.timestamps import read_with_care
from autograder.gradebook.templates import FOLDERS
from autograder.gradebook.written.beside import serve_written_answers

c = get_config()  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "chainrule"

# Authoring: `chainrule build` writes build/source (never source/, whose texts nbgrader would release as they are).
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "assignments"

# Grading: what autograde and generate_feedback need goes below this line.

# No submission can stop the run: its timestamp.txt is read with care, the exporter hands on the path of its notebook,
# and Rebuild reads that without trust.
read_with_care()
c.Autograde.exporter_class = "autograder.gradebook.hooks.submissions.SubmissionExporter"
c.Autograde.pre_convert_hook = "autograder.gradebook.hooks.submissions.accept_renamed"

# The notebook that runs is the release with the student's answers in it; nothing else that was sent counts.
c.Autograde.sanitize_preprocessors = ["autograder.gradebook.hooks.rebuilding.Rebuild"]

# Student code runs behind the wall, the verdict is made outside it, and nothing after Judge changes an output.
c.Autograde.autograde_preprocessors = [
    "autograder.gradebook.hooks.judging.Judge",
    "autograder.gradebook.hooks.scores.SaveScores",
    "autograder.gradebook.hooks.reasons.Reasons",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# c.Judge.isolation = "auto"  # or "bubblewrap", "landlock"; "none" only for code that you trust

# On a hub submissions are judged as they arrive; students see the points for code at once. False: only that it is judged.
c.Receiving.show_points = True

# Whose page goes where is in the files that students handed in: one that is missing costs nobody else a page.
c.ExchangeFactory.release_feedback = "autograder.gradebook.exchange.ReleaseFeedback"

# Feedback and Formgrader show what students wrote: as text and pictures, never as script.
c.HTMLExporter.sanitize_html = True
c.GenerateFeedback.exporter_class = "autograder.gradebook.pages.FeedbackExporter"
c.HTMLExporter.exclude_anchor_links = True
c.HTMLExporter.filters = {
    "clean_html": "autograder.gradebook.html.clean",
    "strip_files_prefix": "autograder.gradebook.html.clean_markdown",
    "markdown2html": "autograder.gradebook.html.markdown",
}

# Formulas are MathML when a page is written: no feedback page fetches a script for them. (Formgrader's own script asks for
# MathJax, and does without it where there is no network.)
c.FeedbackExporter.extra_template_basedirs = FOLDERS
c.HTMLExporter.preprocessors = ["autograder.gradebook.formulas.ReadLatex"]

# Written answers, one question at a time, beside Formgrader.
serve_written_answers()

# What the class understood, over all assignments, there too.
serve_class_report()
