"""Training, and what surrounds it: devices, folders, configurations."""

import contextlib
from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp.training.checkpoints import (
    expand_path,
    get_latest_checkpoint,
    get_latest_file,
    get_latest_operative_config,
)
from ddsp.training.errors import InputError
from ddsp.training.loop.interrupts import catching_signals
from ddsp.training.loop.run_files import copy_statistics, write_gin_config
from ddsp.training.loop.run_lock import RunLock
from ddsp.training.loop.schedule import Schedule
from ddsp.training.loop.session import Session
from ddsp.training.progress import Progress
from ddsp.training.strategies import WORKER_LOST, failing_together, get_strategy

__all__ = [
    "copy_statistics",
    "describe_device",
    "expand_path",
    "get_latest_checkpoint",
    "get_latest_file",
    "get_latest_operative_config",
    "get_strategy",
    "make_deterministic",
    "train",
    "write_gin_config",
]

DETERMINISTIC_SEED = 0
LARGEST_SEED = 2**32 - 1  # That of NumPy.


def describe_device() -> str:
    """Says in a few words what a run computes on.

    Returns:
        Text such as "CPU (no GPU visible)" or "GPU (NVIDIA H200)".
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU (no GPU visible)"
    details = tf.config.experimental.get_device_details(gpus[0])
    count = f"{len(gpus)} GPUs" if len(gpus) > 1 else "GPU"
    return f"{count} ({details.get('device_name', 'name unknown')})"


def require_seed(seed: int | None) -> None:
    """Makes sure that NumPy takes a seed too.

    Args:
        seed: The seed; None for any.

    Raises:
        InputError: If it is below 0 or above 2**32 - 1.
    """
    if seed is not None and not 0 <= seed <= LARGEST_SEED:
        raise InputError(
            f"seed must be from 0 to {LARGEST_SEED}. Got seed={seed}; leave it out for "
            "a random one."
        )


def make_deterministic(seed: int | None) -> int:
    """Makes everything that is random a function of a seed, in the whole process.

    Args:
        seed: The seed; None for 0.

    Returns:
        The seed.
    """
    seed = DETERMINISTIC_SEED if seed is None else seed
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return seed


@gin.configurable(
    module="ddsp.training.train_util", denylist=["progress", "dataset_folder"]
)
def train(
    data_provider: Any,
    trainer: Any,
    batch_size: int = 32,
    num_steps: int = 1_000_000,
    steps_per_summary: int = 300,
    steps_per_save: int = 300,
    save_dir: str = "/tmp/ddsp",
    restore_dir: str = "/tmp/ddsp",
    early_stop_loss_value: float | None = None,
    report_loss_to_hypertune: bool = False,
    seed: int | None = None,
    deterministic: bool = False,
    steps_per_validation: int | None = None,
    held_out_share: float = 0.05,
    patience: int | None = None,
    min_improvement: float = 0.0,
    max_skipped: int = 10,
    init_from: str | None = None,
    init_parts: Sequence[str] | None = None,
    progress: Progress | None = None,
    dataset_folder: str | None = None,
) -> None:
    """Trains until a total number of steps, going on from the newest checkpoint.

    Ctrl-C and SIGTERM save before they end the run, and the same command goes on: with
    the examples that come next, with the noise that comes next, and with the best
    validation so far. Only one run at a time trains into a folder.

    Args:
        data_provider: Gives batches, see `data.training_batches`.
        trainer: A `Trainer` with a model that need not be built.
        batch_size: Examples per step, over all replicas.
        num_steps: Step at which the run ends, counted from the model's first.
        steps_per_summary: Steps between two summaries, and rows of history.csv.
        steps_per_save: Steps between two checkpoints.
        save_dir: Folder for checkpoints, configuration and summaries; empty writes
            nothing. All workers of a cluster have the same; the chief alone writes.
        restore_dir: Folder or path of a checkpoint to begin with where save_dir has
            none; empty for none.
        early_stop_loss_value: Total loss at which the run may end early.
        report_loss_to_hypertune: Whether the mean total loss since the last summary
            goes to the tuning service of Google Cloud with every summary.
        seed: Seed of the order of the data and of all noise, from 0 to 2**32 - 1; None
            for the trainer's, or else a random one. A run that goes on keeps the seed
            that it began with.
        deterministic: Whether two runs of one seed give the same numbers, at the cost
            of some speed on a GPU.
        steps_per_validation: Steps between two validations; None is steps_per_save.
        held_out_share: Share of the examples that are held out for validation, from 0
            to 0.5.
        patience: Validations without improvement after which the run ends; None for
            any number.
        min_improvement: Least improvement, as a share of the validation loss.
        max_skipped: Steps in a row whose update may be left out because the loss or
            its gradient was not finite.
        init_from: Another model whose weights a run begins with, by name, folder, zip
            or checkpoint; None for none. See `fine_tuning.initialize_from`.
        init_parts: The only parts of it to take, such as 'decoder'; None for all.
        progress: Where the run reports; None is the standard output.
        dataset_folder: Folder whose statistics are copied into save_dir; None for none.

    Raises:
        InputError: If restore_dir is another folder than save_dir and neither has a
            checkpoint, the features of the dataset were not measured like those that
            the model has learned from, another run trains into save_dir, the provider
            gives no batch, batch_size is no multiple of the number of replicas, or a
            number is outside its range.
        FloatingPointError: If too many losses or gradients are not finite.
    """
    schedule = Schedule(
        batch_size=batch_size,
        num_steps=num_steps,
        steps_per_summary=steps_per_summary,
        steps_per_save=steps_per_save,
        steps_per_validation=(
            steps_per_save if steps_per_validation is None else steps_per_validation
        ),
        early_stop_loss_value=early_stop_loss_value,
        patience=patience,
        min_improvement=min_improvement,
        held_out_share=held_out_share,
        max_skipped=max_skipped,
        reports_loss=report_loss_to_hypertune,
    )
    seed = getattr(trainer, "seed", None) if seed is None else seed
    require_seed(seed)
    if deterministic:
        seed = make_deterministic(seed)
    progress = Progress() if progress is None else progress
    save_dir, restore_dir = expand_path(save_dir), expand_path(restore_dir)
    session = Session(data_provider, trainer, schedule, save_dir, progress, seed)
    session.read_first_batch()
    with contextlib.ExitStack() as stack:
        with failing_together(session.strategy):
            stack.enter_context(RunLock(session.folder, progress.note))
        interrupts = stack.enter_context(catching_signals())
        try:
            session.begin(restore_dir, init_from, init_parts)
            session.run(interrupts, dataset_folder)
        except WORKER_LOST:
            # The cluster was asked to end, and another worker was faster.
            if not interrupts.received:
                raise
    interrupts.pass_on()
