"""What a session writes once: its configuration, and statistics of its dataset."""

import os
from pathlib import Path

import gin
import tensorflow as tf

from ddsp.training import event_files
from ddsp.training.errors import writing
from ddsp.training.whole_files import write_whole

STATISTICS_FILES = tuple(
    f"dataset_statistics.{ending}" for ending in ("json", "npz", "pkl")
)


def copy_statistics(dataset_folder: str, save_dir: str) -> list[str]:
    """Copies the statistics of a dataset beside the model that learns from it.

    Args:
        dataset_folder: Folder of the dataset.
        save_dir: Folder of the model; must exist.

    Returns:
        Names of the copied files; empty where the dataset has no statistics.

    Raises:
        InputError: If they cannot be written.
    """
    copied = []
    for name in STATISTICS_FILES:
        source = os.path.join(dataset_folder, name)
        if os.path.isfile(source):
            content, path = Path(source).read_bytes(), os.path.join(save_dir, name)
            with writing("Statistics of a dataset", path):
                write_whole(path, content)
            copied.append(name)
    return copied


def write_gin_config(
    summary_writer: tf.summary.SummaryWriter | None, save_dir: str, step: int
) -> None:
    """Writes the bindings that are in use to `operative_config-<step>.gin`.

    Args:
        summary_writer: Also receives the text, as "gin/operative_config-<step>"; None
            for no summary.
        save_dir: Folder of the file; made if it does not exist.
        step: Step at which this session starts.

    Raises:
        InputError: If it cannot be written.
    """
    config = gin.operative_config_str()
    path = os.path.join(save_dir, f"operative_config-{step}.gin")
    with writing("The configuration of a run", path):
        tf.io.gfile.makedirs(save_dir)
        write_whole(path, config.encode())
    if summary_writer is not None:
        with writing("Summaries", save_dir), summary_writer.as_default():
            event_files.write_text(
                f"gin/operative_config-{step}", _gin_to_markdown(config), step
            )


def _gin_to_markdown(config: str) -> str:
    """Comments become headings, bindings become code."""
    lines = []
    for line in config.splitlines():
        comment = line.lstrip("#").strip()
        if not line.startswith("#"):
            lines.append(f"    {line}")
        elif comment.strip("="):
            lines.append(f"#### {comment}")
    return "\n".join(lines)
