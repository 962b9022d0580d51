"""What a session writes once: its configuration, and how its dataset was measured."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

import gin
import tensorflow as tf

from ddsp.training import event_files
from ddsp.training.data.feature_spec import SPEC_FILE, FeatureSpec, read_feature_spec
from ddsp.training.errors import InputError, writing
from ddsp.training.whole_files import write_whole

STATISTICS_FILES = tuple(
    f"dataset_statistics.{ending}" for ending in ("json", "npz", "pkl")
)


def keep_measurements(
    provider: Any, dataset_folder: str | None, save_dir: str, step: int
) -> None:
    """Keeps beside a model what is known of the dataset that it learns from.

    Args:
        provider: Provider of the examples.
        dataset_folder: Folder of the dataset; None if it is not known.
        save_dir: Folder of the model; must exist.
        step: Step at which this session starts.

    Raises:
        InputError: See `write_feature_spec` and `copy_statistics`.
    """
    spec = getattr(provider, "feature_spec", None)
    if spec is not None:
        write_feature_spec(spec, save_dir, step)
    if dataset_folder:
        copy_statistics(dataset_folder, save_dir)


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


def write_feature_spec(spec: FeatureSpec, save_dir: str, step: int) -> None:
    """Writes beside a model how the features that it learns from were measured.

    Of a model that has learned from features of which nobody knows how they were
    measured, nothing is written.

    Args:
        spec: How they were measured.
        save_dir: Folder of the model; must exist.
        step: Step at which this session starts.

    Raises:
        InputError: If the model has learned by other features before, what is written
            about them is damaged, or the file cannot be written.
    """
    values, known = spec.to_dict(), read_feature_spec(save_dir)
    for name, value in (known.to_dict() if known else {}).items():
        if values[name] != value:
            raise InputError(
                "A model must go on with features that are measured like those that it "
                f"has learned from, with {name}={value!r}. Got a dataset with {name}="
                f"{values[name]!r}; go on with the one of before, or train a new model "
                f"that begins with this one: -o OTHER --init_from "
                f"{shlex.quote(save_dir)}"
            )
    if known or step:
        return
    content, path = (
        json.dumps(values, indent=2) + "\n",
        os.path.join(save_dir, SPEC_FILE),
    )
    with writing("The description of features", path):
        write_whole(path, content.encode())


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
