"""Jinja templates of every report: feedback pages, their Markdown form, the class page."""
