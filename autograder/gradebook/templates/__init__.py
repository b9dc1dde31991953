"""Where nbconvert finds our template of nbgrader's feedback pages."""

from pathlib import Path

FOLDERS = [str(Path(__file__).parent)]
"""For ``c.FeedbackExporter.extra_template_basedirs``."""
