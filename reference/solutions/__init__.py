"""Reference solutions, written as a careful student hands them in; `tensormark audit` varies them.

One script for each assignment, in cells (`# %% 1c ...`). Whatever an exercise asks for stands in a
cell with its label, because a mistake that is put there is expected to cost that exercise.
"""
