"""The course as a static site that runs in a browser's tab: JupyterLite, Pyodide, what students
get.
"""

from .build import Site, build_site

__all__ = ["Site", "build_site"]
