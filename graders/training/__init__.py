"""Trusted training: networks that the grading process trains itself."""
