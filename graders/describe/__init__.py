"""Describe networks, arrays and predictions as plain data.

The runner describes what a student made, the trusted trainer and the reference what they made
themselves: both sides of every comparison come from the same code. Nothing here knows of checks.
"""
