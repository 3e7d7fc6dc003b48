"""Test a grader as mutation testing tests code: correct variants, and mutants of a solution."""
