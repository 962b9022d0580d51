"""The training loop and what surrounds it: devices, folders, configurations."""

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from typing import Any

import gin
import tensorflow as tf

from ddsp.training import cloud, event_files
from ddsp.training.checkpoints import (
    expand_path,
    get_latest_checkpoint,
    get_latest_file,
    get_latest_operative_config,
)
from ddsp.training.errors import InputError
from ddsp.training.loss_history import LossHistory
from ddsp.training.progress import Progress

__all__ = [
    "copy_statistics",
    "describe_device",
    "expand_path",
    "get_latest_checkpoint",
    "get_latest_file",
    "get_latest_operative_config",
    "get_strategy",
    "train",
    "write_gin_config",
]

STATISTICS_FILES = tuple(
    f"dataset_statistics.{ending}" for ending in ("json", "npz", "pkl")
)


def get_strategy(
    tpu: str = "", cluster_config: str | Mapping[str, Any] = ""
) -> tf.distribute.Strategy:
    """Chooses how the devices of this run share the work.

    Args:
        tpu: Address of a TPU; empty for none.
        cluster_config: Workers of a cluster: "cluster" (addresses by job) and "task"
            ("type" and "index" of this worker), as a mapping or as JSON; empty for one
            machine.

    Returns:
        TPUStrategy, MultiWorkerMirroredStrategy, MirroredStrategy where there are
        several GPUs, otherwise TensorFlow's default strategy.

    Raises:
        KeyError: If cluster_config lacks "cluster" or "task".
    """
    if tpu:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    if cluster_config:
        return _multi_worker_strategy(cluster_config)
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def _multi_worker_strategy(config: str | Mapping[str, Any]) -> tf.distribute.Strategy:
    """The strategy of one worker of a cluster."""
    parsed = json.loads(config) if isinstance(config, str) else config
    for key in ("cluster", "task"):
        if key not in parsed:
            raise KeyError(
                f'cluster_config must have "cluster" and "task". Got keys '
                f'{sorted(parsed)}. Add "{key}".'
            )
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(parsed["cluster"]),
        task_type=parsed["task"]["type"],
        task_id=parsed["task"]["index"],
        rpc_layer="grpc",
    )
    return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)


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


def copy_statistics(dataset_folder: str, save_dir: str) -> list[str]:
    """Copies the statistics of a dataset beside the model that learns from it.

    Args:
        dataset_folder: Folder of the dataset.
        save_dir: Folder of the model; must exist.

    Returns:
        Names of the copied files; empty where the dataset has no statistics.
    """
    copied = []
    for name in STATISTICS_FILES:
        source = os.path.join(dataset_folder, name)
        if os.path.isfile(source):
            target = os.path.join(save_dir, name)
            shutil.copyfile(source, f"{target}.partial")
            os.replace(f"{target}.partial", target)
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
    """
    config = gin.operative_config_str()
    path = os.path.join(save_dir, f"operative_config-{step}.gin")
    tf.io.gfile.makedirs(save_dir)
    with tf.io.gfile.GFile(f"{path}.partial", "w") as file:
        file.write(config)
    tf.io.gfile.rename(f"{path}.partial", path, overwrite=True)
    if summary_writer is not None:
        with summary_writer.as_default():
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
    progress: Progress | None = None,
    dataset_folder: str | None = None,
) -> None:
    """Trains until a total number of steps, going on from the newest checkpoint.

    Ctrl-C saves before it ends the run. A loss that is not a number ends it with
    nothing more saved.

    Args:
        data_provider: Gives batches: `get_batch(batch_size, shuffle, repeats)`.
        trainer: A `Trainer` with a model that need not be built.
        batch_size: Examples per step, over all replicas.
        num_steps: Step at which the run ends, counted from the model's first.
        steps_per_summary: Steps between two summaries.
        steps_per_save: Steps between two checkpoints.
        save_dir: Folder for checkpoints, configuration and summaries; empty writes
            nothing, as all but one worker of a cluster must.
        restore_dir: Folder or path of a checkpoint to go on from; empty for none.
        early_stop_loss_value: Total loss at which the run may end early.
        report_loss_to_hypertune: Whether the mean total loss since the last summary
            goes to the tuning service of Google Cloud with every summary.
        progress: Where the run reports; None is the standard output.
        dataset_folder: Folder whose statistics are copied into save_dir; None for none.

    Raises:
        InputError: If restore_dir is another folder than save_dir and has no
            checkpoint, the provider gives no batch, or steps_per_summary or
            steps_per_save is not positive.
        FloatingPointError: If the total loss is not finite.
    """
    for name, value in (
        ("steps_per_summary", steps_per_summary),
        ("steps_per_save", steps_per_save),
    ):
        if value < 1:
            raise InputError(
                f"{name} must be at least 1. Got {name}={value}; give a number beyond "
                "num_steps for never."
            )
    progress = Progress() if progress is None else progress
    save_dir, restore_dir = expand_path(save_dir), expand_path(restore_dir)
    dataset = data_provider.get_batch(batch_size, shuffle=True, repeats=-1)
    batches = iter(trainer.distribute_dataset(dataset))
    trainer.build(_first_batch(batches))
    _restore(trainer, restore_dir, save_dir)
    session = _Session(
        trainer,
        save_dir,
        progress,
        steps_per_summary,
        steps_per_save,
        report_loss_to_hypertune,
    )
    session.open(num_steps, dataset_folder)
    try:
        session.run(batches, num_steps, early_stop_loss_value)
    except KeyboardInterrupt:
        session.interrupt(num_steps)
        raise
    finally:
        progress.end_line()


def _first_batch(batches: Iterator[Any]) -> Any:
    """The first batch, with the mistakes that only reading a dataset can show."""
    try:
        return next(batches)
    except StopIteration:
        raise InputError(
            "The data provider must give at least one batch. Got none. Look for "
            "records in the dataset, or lower the batch size."
        ) from None
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
        raise InputError(
            "The dataset must have the features and lengths that the data provider "
            f"expects. Got: {error.message.splitlines()[0]} Bind the rates and "
            "example_secs that the dataset was prepared with."
        ) from error


def _restore(trainer: Any, restore_dir: str, save_dir: str) -> None:
    """Goes on from a checkpoint where there is one, and never misses one in silence."""
    if not restore_dir:
        return
    try:
        get_latest_checkpoint(restore_dir)
    except FileNotFoundError:
        if save_dir and restore_dir != save_dir:
            raise InputError(
                f"restore_dir must hold a checkpoint. Got restore_dir={restore_dir}, "
                "which has none. Name the folder of a trained model, or leave "
                "restore_dir out to start afresh."
            ) from None
        return
    trainer.restore(restore_dir)


@dataclasses.dataclass
class _Session:
    """One session of a run: what it counts, and what it writes."""

    trainer: Any
    save_dir: str
    progress: Progress
    steps_per_summary: int
    steps_per_save: int
    reports_loss: bool
    losses: LossHistory = dataclasses.field(default_factory=LossHistory)
    writer: tf.summary.SummaryWriter | None = None
    saved_step: int = 0
    summary_step: int = 0
    summary_time: float = 0.0

    def open(self, num_steps: int, dataset_folder: str | None) -> None:
        """Writes what a session writes once."""
        self.saved_step = self.summary_step = int(self.trainer.step)
        self.summary_time = time.monotonic()
        # A run that has nothing to do leaves the model's folder as it is.
        if not self.save_dir or self.saved_step >= num_steps:
            return
        folder = os.path.join(self.save_dir, "summaries", "train")
        self.writer = tf.summary.create_file_writer(folder)
        write_gin_config(self.writer, self.save_dir, self.saved_step)
        if dataset_folder:
            copy_statistics(dataset_folder, self.save_dir)

    def run(
        self, batches: Iterator[Any], num_steps: int, early_stop: float | None
    ) -> None:
        """Takes the steps."""
        self.progress.begin(num_steps)
        first = int(self.trainer.step) + 1
        if first > num_steps:
            self.progress.note(
                f"already at step {first - 1}, and the run was to end at {num_steps}: "
                "ask for more steps to go on"
            )
            return
        if first > 1:
            self.progress.note(f"going on from step {first - 1}")
        shown = step = first - 1
        for step in range(first, num_steps + 1):
            self.losses.add(step, self.trainer.train_step(batches))
            if step == first:
                self.losses.fetch()  # Waits for the end of the compiling.
                self.progress.mark(step)
            if self.progress.due():
                self.progress.show(step, self.losses.fetch())
                shown = step
            if step % self.steps_per_summary == 0:
                self.summarise(step)
            if step % self.steps_per_save == 0:
                self.save()
            if early_stop is not None and self.losses.fetch() <= early_stop:
                self.progress.note(f"stopped early: the loss is at most {early_stop:g}")
                break
        if step != shown:
            self.progress.show(step, self.losses.fetch())
        self.save()

    def save(self) -> None:
        """Saves a checkpoint, once for each step."""
        self.losses.fetch()  # Ends the run before it saves after a loss that is none.
        step = int(self.trainer.step)
        if self.save_dir and step != self.saved_step:
            self.trainer.save(self.save_dir)
            self.saved_step = step

    def summarise(self, step: int) -> None:
        """Writes mean losses and speed since the last time."""
        means = self.losses.take_means()
        now = time.monotonic()
        rate = (step - self.summary_step) / (now - self.summary_time)
        self.summary_step, self.summary_time = step, now
        if self.writer is not None:
            with self.writer.as_default():
                event_files.write_scalar("steps_per_sec", rate, step)
                for name, mean in means.items():
                    event_files.write_scalar(f"losses/{name}", mean, step)
            self.writer.flush()
        if self.reports_loss:
            cloud.report_metric_to_hypertune(means["total_loss"], step)

    def interrupt(self, num_steps: int) -> None:
        """Saves at Ctrl-C and says how to go on."""
        self.save()
        step = int(self.trainer.step)
        where = f" and saved in {self.save_dir}" if step and self.save_dir else ""
        self.progress.note(
            f"stopped at step {step} of {num_steps}{where}; "
            "the same command goes on from there"
        )
