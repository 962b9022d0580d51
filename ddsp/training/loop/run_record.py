"""What a run writes down as it goes: rows of history.csv, and event files."""

import contextlib
import os
from collections.abc import Iterator, Mapping

import tensorflow as tf

from ddsp.training import event_files
from ddsp.training.errors import writing
from ddsp.training.loop.history_file import HistoryFile
from ddsp.training.loop.run_files import write_gin_config

VALIDATION = "validation"
_SUMMARIES = "Summaries"
# A validation keeps its summaries until its end, which is when a full disk shows. More
# milliseconds than these are too many for TensorFlow, which counts them by thousands.
_MAX_WAITING, _MAX_MILLIS = 1 << 20, 2_000_000


class RunRecord:
    """The record of one session of a run.

    Example:
        >>> record = RunRecord('violin_model', step=0)
        >>> record.add_losses(300, {'total_loss': 6.5}, steps_per_sec=2.0)
        >>> from ddsp.training.loop.history_file import read_history
        >>> read_history('violin_model')['total_loss'][1].tolist()
        [6.5]
    """

    def __init__(self, folder: str, step: int) -> None:
        """Opens the files, and writes down the configuration.

        Args:
            folder: Folder of the run; empty to write nothing.
            step: Step that the session begins after.

        Raises:
            InputError: If they cannot be written.
        """
        self._folder = folder
        self._history: HistoryFile | None = None
        self._writers: dict[str, tf.summary.SummaryWriter] = {}
        if folder:
            self._history = HistoryFile(folder, step)
            write_gin_config(self._writer("train"), folder, step)

    def _writer(self, name: str) -> tf.summary.SummaryWriter:
        """The writer of a folder below 'summaries'."""
        if name not in self._writers:
            folder = os.path.join(self._folder, "summaries", name)
            with writing(_SUMMARIES, folder):
                self._writers[name] = tf.summary.create_file_writer(
                    folder, _MAX_WAITING, _MAX_MILLIS
                )
        return self._writers[name]

    def add_losses(
        self, step: int, means: Mapping[str, float], steps_per_sec: float
    ) -> None:
        """Writes mean losses of training, and how fast it was.

        Args:
            step: Steps that are done.
            means: Mean losses since the last time, by name.
            steps_per_sec: Steps per second since then.

        Raises:
            InputError: If they cannot be written.
        """
        if self._history is None:
            return
        self._history.append(step, means)
        writer = self._writer("train")
        with writing(_SUMMARIES, self._folder), writer.as_default():
            event_files.write_scalar("steps_per_sec", steps_per_sec, step)
            for name, mean in means.items():
                event_files.write_scalar(f"losses/{name}", mean, step)
            writer.flush()

    def add_validation(self, step: int, losses: Mapping[str, float]) -> None:
        """Writes losses of validation into the history.

        Args:
            step: Steps that are done.
            losses: Losses by name.

        Raises:
            InputError: If they cannot be written.
        """
        if self._history is not None:
            named = {f"{VALIDATION}_{name}": loss for name, loss in losses.items()}
            self._history.append(step, named)

    @contextlib.contextmanager
    def validation_writer(self) -> Iterator[None]:
        """Makes the event file of validations the one that summaries go to.

        Yields:
            Nothing.

        Raises:
            InputError: If they cannot be written.
        """
        if not self._folder:
            yield
            return
        writer = self._writer("eval")
        self._flush(writer)  # The time that summaries may wait begins now.
        with writer.as_default():
            yield
            self._flush(writer)

    def _flush(self, writer: tf.summary.SummaryWriter) -> None:
        """Writes what waits."""
        with writing(_SUMMARIES, self._folder):
            writer.flush()
