"""Imported once by the fork server: the slow libraries, and no operation of theirs.

After a first TensorFlow operation a fork hangs, so this module must only import. What becomes of
a fork, a runner or a trainer, is decided after it: neither's code stands here.
"""

import gc
import os

from graders.quiet import quiet_imports

# Matplotlib looks for its settings in the folder that the command was started in, and that may
# well be the one with the submissions.
os.chdir(os.sep)

with quiet_imports():
    import matplotlib.pyplot as plt  # noqa: F401
    import nbformat  # noqa: F401
    import tensorflow as tf  # noqa: F401
    from IPython.core.interactiveshell import InteractiveShell  # noqa: F401

    # What both sides speak: data classes and descriptions.
    import graders.describe.measure
    import graders.sandbox.job
    import graders.submission.read
    import graders.training.describe  # noqa: F401

# What is here stays: a collection in a fork would copy all of it, page by page.
gc.collect()
gc.freeze()
