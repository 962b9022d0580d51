"""Work on many rows a few at a time, so that intermediate tensors stay small.

Small ones also stay in the processor's cache, which is most of the gain on CPUs.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def rows_per_chunk(samples_per_row: int) -> int:
    """How many rows to work on at a time.

    Args:
        samples_per_row: Samples in one row.

    Returns:
        So many rows that their sines fit the cache of a processor; on a GPU, so many
        that it is busy.
    """
    on_gpu = bool(tf.config.list_logical_devices("GPU"))
    return max(1, (1 << (19 if on_gpu else 15)) // samples_per_row)


def merge_frames(x: tf.Tensor) -> tf.Tensor:
    """Makes each frame of each example a row: [batch * n_frames, ...]."""
    return tf.reshape(x, [-1, *x.shape[2:]])


def map_rows(
    function: Callable[..., Any], rows: Any, n_outputs: int, chunk_size: int
) -> Any:
    """Applies a function to all rows, chunk_size of them at a time.

    Args:
        function: Takes the structure `rows` for any number of rows and returns a tuple
            of float32 tensors [n_rows, ...]. Each row's result depends on that row
            alone.
        rows: Tensors [n_rows, ...] in any structure.
        n_outputs: Length of the function's tuple.
        chunk_size: Rows at a time.

    Returns:
        Tuple of float32 tensors [n_rows, ...].
    """
    first = tf.nest.flatten(rows)[0]
    if first.shape[0] is not None and first.shape[0] <= chunk_size:
        return function(rows)
    n_rows = tf.shape(first)[0]
    n_chunks = -(-n_rows // chunk_size)
    missing = n_chunks * chunk_size - n_rows

    def split(x: tf.Tensor) -> tf.Tensor:
        padded = tf.pad(x, [[0, missing]] + [[0, 0]] * (x.shape.rank - 1))
        return tf.reshape(padded, [n_chunks, chunk_size, *x.shape[1:]])

    outputs = tf.map_fn(
        function,
        tf.nest.map_structure(split, rows),
        fn_output_signature=(tf.float32,) * n_outputs,
        parallel_iterations=1,
    )
    return tuple(
        tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], axis=0))[:n_rows]
        for x in outputs
    )
