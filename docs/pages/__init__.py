"""The site to read: docs/ as pages, and every notebook as a chapter with its figures."""
