"""Submissions that are nearly the same."""
