"""The data sets of the courses, and where each comes from on this machine.

A data set is looked for in this order: the file `$TENSORMARK_DATA/<name>.npz`, Keras' own cache,
Keras' download, and last a look-alike that is drawn by code. Every result says which it was.
"""

from reference.datasets.sources import LOOKALIKE, DataSet, Split, locate

__all__ = ["LOOKALIKE", "DataSet", "Split", "locate"]
