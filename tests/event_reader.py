"""What is in the event files of a folder."""

from pathlib import Path
from typing import Any

import tensorflow as tf


def read_values(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """Steps and summary values by tag, in the order in which they were written."""
    values: dict[str, list[tuple[int, Any]]] = {}
    files = sorted(map(str, folder.rglob("events.out.tfevents.*")))
    for record in tf.data.TFRecordDataset(files).as_numpy_iterator() if files else ():
        event = tf.compat.v1.Event.FromString(record)
        for value in event.summary.value:
            values.setdefault(value.tag, []).append((event.step, value))
    return values


def read_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and numbers by tag."""
    return {
        tag: [(step, float(tf.make_ndarray(value.tensor))) for step, value in found]
        for tag, found in read_values(folder).items()
        if found[0][1].metadata.plugin_data.plugin_name == "scalars"
    }
