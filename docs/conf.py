"""How Sphinx makes the site to read; ``python -m docs.pages`` starts it."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "Chain Rule"
html_title = "Chain Rule"
language = "en"

extensions = ["myst_nb", "docs.pages.formulas"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # docs.pages.run runs the notebooks
nb_merge_streams = True
nb_code_prompt_show = "The code of this picture"
nb_code_prompt_hide = "The code of this picture"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["pages/static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
pygments_style = "friendly"
pygments_dark_style = "monokai"


def setup(app: Sphinx) -> None:
    """Tables of plain text, which no lexer knows, are shown as they are."""
    app.add_lexer("csv", TextLexer)
