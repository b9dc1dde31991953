"""Where nbconvert finds the templates of nbgrader's pages: nbgrader's own, then ours without
MathJax.
"""

from importlib.util import find_spec
from pathlib import Path

_SPEC = find_spec("nbgrader")
_NBGRADER = Path(_SPEC.origin).parent if _SPEC and _SPEC.origin else Path()

FOLDERS = [
    str(_NBGRADER / "server_extensions" / "formgrader" / "templates"),
    str(Path(__file__).parent),
]
"""For ``c.FeedbackExporter.extra_template_basedirs``."""
