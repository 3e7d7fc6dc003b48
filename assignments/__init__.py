"""Assignments: one folder each, with the sheet, the starter notebook, samples and the checks."""
