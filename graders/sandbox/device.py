"""Bring a fresh process's TensorFlow onto its device, before its first operation."""

from __future__ import annotations

from typing import Any


def use_device(device: str, threads: int) -> list[Any]:
    """Choose device and threads.

    Args:
        device: "cpu" hides every GPU; anything else leaves them visible.
        threads: of each of TensorFlow's pools; 0: its own choice.

    Returns:
        The GPUs that are visible now.

    """
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    gpus: list[Any] = tf.config.get_visible_devices("GPU")
    for gpu in gpus:
        # Without this the first of several processes takes the whole GPU's memory.
        tf.config.experimental.set_memory_growth(gpu, True)
    return gpus
