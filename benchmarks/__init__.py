"""How long grading takes: `python -m benchmarks`, a table a module; docs/benchmarks.md."""
