"""Running a model, checkpoint after checkpoint, for evaluators to judge."""

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import spectral_ops
from ddsp.training.checkpoints import expand_path, watch_checkpoints
from ddsp.training.fitting import read_batches, refusing_what_does_not_fit
from ddsp.training.means_table import format_means
from ddsp.training.progress import Progress

MODES = ("eval", "sample")


def evaluate_or_sample(
    data_provider: Any,
    model: Any,
    evaluator_classes: Sequence[Callable[..., Any]],
    mode: str = "eval",
    save_dir: str = "/tmp/ddsp/training",
    restore_dir: str = "",
    batch_size: int = 32,
    num_batches: int = 50,
    repeats: int = -1,
    ckpt_delay_secs: float = 0,
    run_once: bool = False,
    run_until_step: int = 0,
    evaluate_and_sample: bool = False,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Judges the newest checkpoint of a model, and each one that follows.

    What the evaluators write goes to '<save_dir>/summaries/eval'.

    Args:
        data_provider: Gives batches, which are not shuffled.
        model: Model, built or not, whose weights come from the checkpoints.
        evaluator_classes: Classes of evaluators.
        mode: 'eval' to measure, 'sample' to write sounds and pictures.
        save_dir: Folder for the summaries.
        restore_dir: Folder of the checkpoints; empty for save_dir. The path of one
            checkpoint stands for that one alone.
        batch_size: Examples in a batch.
        num_batches: Batches for each checkpoint; below 1 for all, the last of which may
            be smaller.
        repeats: Epochs that the batches are taken from; -1 for as many as it takes,
            which is one where all batches are taken.
        ckpt_delay_secs: Least time between two checkpoints that are judged.
        run_once: Whether to judge one checkpoint only. Otherwise this waits for more,
            without end.
        run_until_step: Step of training at which to stop; 0 for none.
        evaluate_and_sample: Whether to do both, whatever the mode.
        progress: Where the run reports; None is the standard output.

    Returns:
        What was measured of the last checkpoint: losses as 'losses/<name>', and other
        means as 'metrics/<kind>/<name>'. Empty if nothing was measured.

    Raises:
        InputError: If there is no checkpoint and nothing to wait for, a checkpoint does
            not fit the model, or there is no batch.
        ValueError: If mode is neither of the two.
    """
    if mode not in MODES:
        raise ValueError(
            f"mode must be one of {MODES}. Got mode={mode!r}; use 'eval' to measure."
        )
    progress = Progress() if progress is None else progress
    save_dir = expand_path(save_dir)
    folder = expand_path(restore_dir) or save_dir
    judge = _Judge(
        data_provider,
        model,
        evaluator_classes,
        measures=mode == "eval" or evaluate_and_sample,
        samples=mode == "sample" or evaluate_and_sample,
    )
    means: dict[str, float] = {}
    writer, logdir = None, os.path.join(save_dir, "summaries", "eval")
    for path in watch_checkpoints(folder, progress.note, ckpt_delay_secs, run_once):
        step = _step_of(path)
        progress.note(f"{mode}: {path}")
        batches = _get_batches(data_provider, batch_size, num_batches, repeats)
        if writer is None:
            writer = tf.summary.create_file_writer(logdir)
        with writer.as_default():
            means = judge.judge(path, step, batches)
        writer.flush()
        for line in format_means(means):
            progress.note(f"  {line}")
        if judge.samples:
            progress.note(f"  sounds and pictures: {logdir}")
        if 0 < run_until_step <= step:
            break
    return means


def _step_of(checkpoint_path: str) -> int:
    """The step in the name of a checkpoint; 0 if there is none."""
    number = re.search(r"-(\d+)$", checkpoint_path)
    return int(number[1]) if number else 0


def _get_batches(
    data_provider: Any, batch_size: int, num_batches: int, repeats: int
) -> Iterator[dict[str, Any]]:
    """The batches of one checkpoint."""
    takes_all = num_batches < 1
    batches = data_provider.get_batch(
        batch_size,
        shuffle=False,
        repeats=1 if takes_all and repeats < 1 else repeats,
        drop_remainder=not takes_all,
    )
    return itertools.islice(read_batches(batches), None if takes_all else num_batches)


class _Judge:
    """Runs a model and shows evaluators what it makes."""

    def __init__(
        self,
        data_provider: Any,
        model: Any,
        evaluator_classes: Sequence[Callable[..., Any]],
        measures: bool,
        samples: bool,
    ) -> None:
        self._rates = (data_provider.sample_rate, data_provider.frame_rate)
        self._model = model
        self._evaluators = [make(*self._rates) for make in evaluator_classes]
        self._measures = measures
        self.samples = samples
        self._fits = False

    def judge(
        self, checkpoint: str, step: int, batches: Iterable[dict[str, Any]]
    ) -> dict[str, float]:
        """Judges one checkpoint; returns what was measured."""
        self._model.restore(checkpoint)
        for batch in batches:
            self._show(batch, step)
        means: dict[str, float] = {}
        for evaluator in self._evaluators if self._measures else ():
            # Evaluators that were written for the original return nothing.
            means.update(evaluator.flush(step) or {})
        return means

    def _show(self, batch: dict[str, Any], step: int) -> None:
        """Runs the model on a batch and shows it to the evaluators."""
        batch = _with_sound(dict(batch), self._model, *self._rates)
        # What went through once fits: a later error is a fault of the program.
        guard = contextlib.nullcontext() if self._fits else refusing_what_does_not_fit()
        with guard:
            outputs, losses = self._model(batch, return_losses=True, training=False)
        self._fits = True
        outputs = {**outputs, "audio_gen": self._model.get_audio_from_outputs(outputs)}
        for evaluator in self._evaluators:
            if self._measures:
                evaluator.evaluate(batch, outputs, losses)
            if self.samples:
                evaluator.sample(batch, outputs, step)


def _with_sound(
    batch: dict[str, Any], model: Any, sample_rate: int, frame_rate: float
) -> dict[str, Any]:
    """Adds the sound of synthetic examples, which are controls, and its features."""
    if "audio" in batch or not hasattr(model, "generate_synthetic_audio"):
        return batch
    audio = model.generate_synthetic_audio(batch)
    added = {
        "audio": audio,
        "f0_confidence": tf.ones_like(batch["f0_hz"])[..., 0],
        "loudness_db": spectral_ops.compute_loudness(audio, sample_rate, frame_rate),
    }
    return {**batch, **added}


@gin.configurable(module="ddsp.training.eval_util", denylist=["progress"])
def evaluate(
    data_provider: Any,
    model: Any,
    evaluator_classes: Sequence[Callable[..., Any]],
    save_dir: str = "/tmp/ddsp/training",
    restore_dir: str = "",
    batch_size: int = 32,
    num_batches: int = 50,
    repeats: int = -1,
    ckpt_delay_secs: float = 0,
    run_once: bool = False,
    run_until_step: int = 0,
    evaluate_and_sample: bool = False,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Measures the newest checkpoint of a model, and each one that follows.

    Args:
        data_provider: See `evaluate_or_sample`.
        model: See `evaluate_or_sample`.
        evaluator_classes: See `evaluate_or_sample`.
        save_dir: See `evaluate_or_sample`.
        restore_dir: See `evaluate_or_sample`.
        batch_size: See `evaluate_or_sample`.
        num_batches: See `evaluate_or_sample`.
        repeats: See `evaluate_or_sample`.
        ckpt_delay_secs: See `evaluate_or_sample`.
        run_once: See `evaluate_or_sample`.
        run_until_step: See `evaluate_or_sample`.
        evaluate_and_sample: Whether to write sounds and pictures too.
        progress: See `evaluate_or_sample`.

    Returns:
        See `evaluate_or_sample`.
    """
    return evaluate_or_sample(
        data_provider,
        model,
        evaluator_classes,
        mode="eval",
        save_dir=save_dir,
        restore_dir=restore_dir,
        batch_size=batch_size,
        num_batches=num_batches,
        repeats=repeats,
        ckpt_delay_secs=ckpt_delay_secs,
        run_once=run_once,
        run_until_step=run_until_step,
        evaluate_and_sample=evaluate_and_sample,
        progress=progress,
    )


@gin.configurable(module="ddsp.training.eval_util", denylist=["progress"])
def sample(
    data_provider: Any,
    model: Any,
    evaluator_classes: Sequence[Callable[..., Any]],
    save_dir: str = "/tmp/ddsp/training",
    restore_dir: str = "",
    batch_size: int = 16,
    num_batches: int = 1,
    ckpt_delay_secs: float = 0,
    run_once: bool = False,
    run_until_step: int = 0,
    evaluate_and_sample: bool = False,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Writes sounds and pictures of the newest checkpoint, and of each that follows.

    Args:
        data_provider: See `evaluate_or_sample`.
        model: See `evaluate_or_sample`.
        evaluator_classes: See `evaluate_or_sample`.
        save_dir: See `evaluate_or_sample`.
        restore_dir: See `evaluate_or_sample`.
        batch_size: See `evaluate_or_sample`.
        num_batches: See `evaluate_or_sample`.
        ckpt_delay_secs: See `evaluate_or_sample`.
        run_once: See `evaluate_or_sample`.
        run_until_step: See `evaluate_or_sample`.
        evaluate_and_sample: Whether to measure too.
        progress: See `evaluate_or_sample`.

    Returns:
        See `evaluate_or_sample`; empty unless evaluate_and_sample is True.
    """
    return evaluate_or_sample(
        data_provider,
        model,
        evaluator_classes,
        mode="sample",
        save_dir=save_dir,
        restore_dir=restore_dir,
        batch_size=batch_size,
        num_batches=num_batches,
        ckpt_delay_secs=ckpt_delay_secs,
        run_once=run_once,
        run_until_step=run_until_step,
        evaluate_and_sample=evaluate_and_sample,
        progress=progress,
    )
