"""Several runs beside each other: how far, how good, how fast, and how they differ."""

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training import checkpoints
from ddsp.training.checkpoints.paths import checkpoint_number
from ddsp.training.config.raw_values import (
    RawDelegate,
    RawMacro,
    RawReference,
    map_value,
)
from ddsp.training.config.statements import read_statements, read_text
from ddsp.training.errors import InputError
from ddsp.training.loop import history_file

TRAINING_LOSS, VALIDATION_LOSS = "total_loss", "validation_total_loss"
MAX_CONFIG_BYTES = 1 << 20
MAX_MACROS = 20  # Macros may stand for macros.

Bindings = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class LossSummary:
    """The course of a loss in four numbers.

    Attributes:
        last: Newest value.
        last_step: Its step.
        best: Lowest finite value; NaN if there is none.
        best_step: Its step.

    Example:
        >>> LossSummary.of(np.array([100, 200, 300]), np.array([3.0, 1.0, 2.0]))
        LossSummary(last=2.0, last_step=300, best=1.0, best_step=200)
    """

    last: float
    last_step: int
    best: float
    best_step: int

    @classmethod
    def of(cls, steps: np.ndarray, values: np.ndarray) -> "LossSummary | None":
        """Summarises a curve.

        Args:
            steps: Steps, [n_values].
            values: Losses, [n_values].

        Returns:
            The summary; None of nothing.
        """
        if not len(values):
            return None
        best = int(np.argmin(np.where(np.isfinite(values), values, np.inf)))
        best_value = values[best] if np.isfinite(values[best]) else math.nan
        return cls(
            float(values[-1]), int(steps[-1]), float(best_value), int(steps[best])
        )


@dataclasses.dataclass(frozen=True)
class RunReport:
    """What is known of a run from its folder.

    Attributes:
        name: What the run is called here.
        steps: Steps that are done.
        training_loss: Total loss of training; None if not known, as all below.
        validation_loss: Total loss of held-out examples.
        steps_per_sec: Usual speed.
        audio_secs_per_sec: Seconds of audio that are trained on in a second.
        n_parameters: Numbers that the model of the newest checkpoint consists of.
        bindings: Bindings of the newest operative config as text, by name.
        curves: Training and validation losses by 'training' and 'validation': steps and
            values.
        note: What is missing, in a line; empty for nothing.

    Example:
        >>> RunReport("violin", steps=300).validation_loss is None
        True
    """

    name: str
    steps: int
    training_loss: LossSummary | None = None
    validation_loss: LossSummary | None = None
    steps_per_sec: float | None = None
    audio_secs_per_sec: float | None = None
    n_parameters: int | None = None
    bindings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]] = dataclasses.field(
        default_factory=dict
    )
    note: str = ""


def read_runs(folders: Sequence[str | Path]) -> list[RunReport]:
    """Reads what is known of some runs. Nothing in their configs is run.

    Args:
        folders: Folders of models.

    Returns:
        A report of each, under the shortest names that tell them apart.

    Raises:
        InputError: If a folder does not exist, has neither a history nor a checkpoint,
            or holds a damaged file.
    """
    return [
        _read_run(os.fspath(folder), name)
        for folder, name in zip(folders, short_names(folders), strict=True)
    ]


def short_names(folders: Sequence[str | Path]) -> list[str]:
    """Names folders by as many of the last parts of their paths as it takes.

    Args:
        folders: Paths.

    Returns:
        A name for each; folders that are given twice share one.
    """
    paths = [Path(os.path.abspath(folder)) for folder in folders]
    names = []
    for path in paths:
        others = [other for other in paths if other != path]
        n_parts = 1
        while any(o.parts[-n_parts:] == path.parts[-n_parts:] for o in others):
            n_parts += 1
        names.append(os.path.join(*path.parts[-n_parts:]))
    return names


def differing_bindings(runs: Sequence[RunReport]) -> dict[str, list[str | None]]:
    """Finds the settings in which runs differ.

    Args:
        runs: The runs. Those without a config are not compared.

    Returns:
        Values as text in the order of the runs, by name of the binding; None for a run
        that does not use it.
    """
    known = [run.bindings for run in runs if run.bindings]
    names = sorted({name for bindings in known for name in bindings})
    return {
        name: [run.bindings.get(name) for run in runs]
        for name in names
        if len({bindings.get(name) for bindings in known}) > 1
    }


def _read_run(folder: str, name: str) -> RunReport:
    """Reads one run."""
    if not tf.io.gfile.isdir(folder):
        raise InputError(
            f"A run must be a folder that `ddsp train` has written. Got {folder}, "
            "which is none; check the name."
        )
    checkpoint = _newest_checkpoint(folder)
    has_history = tf.io.gfile.exists(history_file.history_path(folder))
    if not has_history and checkpoint is None:
        raise InputError(
            f"A run must have a {history_file.FILE_NAME} or a checkpoint. Got "
            f"{folder}, which has neither; give the folder of a trained model."
        )
    history = history_file.read_history(folder) if has_history else {}
    empty = (np.zeros(0, np.int64), np.zeros(0))
    curves = {
        "training": history.get(TRAINING_LOSS, empty),
        "validation": history.get(VALIDATION_LOSS, empty),
    }
    steps_done, seconds = history.get(history_file.SECONDS, empty)
    bindings = _read_bindings(folder)
    speed = _usual_speed(steps_done, seconds)
    audio_secs = _audio_secs_per_step(bindings)
    saved = (checkpoint_number(checkpoint) or 0) if checkpoint else 0
    return RunReport(
        name=name,
        steps=max([saved, *steps_done.tolist()]),
        training_loss=LossSummary.of(*curves["training"]),
        validation_loss=LossSummary.of(*curves["validation"]),
        steps_per_sec=speed,
        audio_secs_per_sec=audio_secs * speed if audio_secs and speed else None,
        n_parameters=_count_parameters(checkpoint) if checkpoint else None,
        bindings={
            key: _shown(bindings, value)
            for key, value in bindings.items()
            if "." in key  # Macros are shown as what they stand for.
        },
        curves=curves,
        note="" if has_history else f"no {history_file.FILE_NAME}, so no losses",
    )


def _newest_checkpoint(folder: str) -> str | None:
    """Path of the newest checkpoint, if there is one."""
    try:
        return checkpoints.get_latest_checkpoint(folder)
    except FileNotFoundError:
        return None


def _usual_speed(steps: np.ndarray, seconds: np.ndarray) -> float | None:
    """Median of the speeds between rows, in steps per second."""
    n_steps, durations = np.diff(steps), np.diff(seconds)
    speeds = n_steps[durations > 0] / durations[durations > 0]
    return float(np.median(speeds)) if speeds.size else None


def _count_parameters(checkpoint: str) -> int:
    """Numbers in the model of a checkpoint, by its index alone."""
    try:
        reader = tf.train.load_checkpoint(checkpoint)
        shapes = reader.get_variable_to_shape_map()
    except (ValueError, tf.errors.OpError) as error:
        raise InputError(
            f"A checkpoint must be whole. Got {checkpoint}, whose index cannot be "
            "read; copy the folder again."
        ) from error
    return sum(
        math.prod(shape)
        for key, shape in shapes.items()
        # Older versions of Keras kept what Adam knows of a weight beside it.
        if key.startswith("model/") and "/.OPTIMIZER_SLOT/" not in key
    )


def _read_bindings(folder: str) -> Bindings:
    """Bindings of the newest config; references and macros stay as written."""
    try:
        path = checkpoints.get_latest_operative_config(folder)
    except FileNotFoundError:
        return {}
    text = read_text(path, MAX_CONFIG_BYTES)
    bindings: Bindings = {}
    for statement in read_statements(text, path, RawDelegate()):
        if hasattr(statement, "selector"):
            parts = (statement.selector, statement.arg_name)
            name = ".".join(part for part in parts if part)
            scope = f"{statement.scope}/" if statement.scope else ""
            bindings[scope + name] = statement.value
    return bindings


def _audio_secs_per_step(bindings: Bindings) -> float | None:
    """Seconds of audio in a batch, if the config tells."""
    batch_size = _resolved(bindings, "train.batch_size")
    example_secs = _resolved(bindings, "TFRecordProvider.example_secs")
    if example_secs is None:
        n_samples = _resolved(bindings, "Harmonic.n_samples")
        sample_rate = _resolved(bindings, "Harmonic.sample_rate")
        example_secs = n_samples / sample_rate if n_samples and sample_rate else None
    return batch_size * example_secs if batch_size and example_secs else None


def _resolved(bindings: Bindings, name: str) -> float | None:
    """The number that a name is bound to, by macros or itself."""
    value = _look_up(bindings, bindings.get(name))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _look_up(bindings: Bindings, value: Any) -> Any:
    """What a value is if it is a macro; otherwise the value."""
    for _ in range(MAX_MACROS):
        if not isinstance(value, RawMacro) or value.name not in bindings:
            break
        value = bindings[value.name]
    return value


class _Written:
    """A part of a value that is shown without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _shown(bindings: Bindings, value: Any) -> str:
    """A value as a config has it, with what macros stand for."""

    def show(leaf: Any) -> Any:
        leaf = _look_up(bindings, leaf)
        if isinstance(leaf, RawReference):
            call = "()" if leaf.evaluate else ""
            return _Written(f"@{leaf.scoped_selector}{call}")
        return _Written(f"%{leaf.name}") if isinstance(leaf, RawMacro) else leaf

    return repr(map_value(show, value))
