"""The watchdog of a run: notices losses that are no numbers, and an idle GPU."""

import collections
import glob
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import tensorflow as tf

TOTAL = "total_loss"
SKIPPED = "skipped_steps"
WINDOW_STEPS = 1000
MAX_SKIPPED_SHARE = 0.01  # Of the steps of a window.
NVIDIA_FOLDER = "/proc/driver/nvidia/gpus"
NVIDIA_DEVICES = "/dev/nvidia[0-9]*"
SMI_SECONDS = 2.0
N_NAMED = 5  # Steps or batches that a message names before it only counts.


class Watchdog:
    """Notes steps whose update was left out, and ends a run that has too many.

    A step is bad if its total loss is not finite, or if the trainer has left its update
    out, since the gradient was not.

    Example:
        >>> watchdog = Watchdog(note=print)
        >>> watchdog.observe(811, {"total_loss": 5.0})
        >>> watchdog.observe(812, {"total_loss": math.nan})
        step 812: the loss was not a number; its update was left out
    """

    def __init__(
        self,
        note: Callable[[str], object],
        max_skipped: int = 10,
        diagnose: Callable[[int], str] | None = None,
        batches_ahead: int = 0,
    ) -> None:
        """Starts without a bad step.

        Args:
            note: Takes a line for the person who trains, such as `Progress.note`.
            max_skipped: Bad steps in a row that a run survives. Of the last 1000 steps
                it survives 1 %, or max_skipped where that is more.
            diagnose: Says in a sentence what is wrong with the batch of a number, see
                `diagnosis.diagnose_batch`; None for no such sentence.
            batches_ahead: Batches that the run has read beyond one for each step. The
                first batch has number 0 and belongs to step 1.
        """
        self._note = note
        self._max_skipped = max_skipped
        self._max_in_window = max(max_skipped, int(MAX_SKIPPED_SHARE * WINDOW_STEPS))
        self._diagnose = diagnose
        self._batches_ahead = batches_ahead
        # Steps, and the names of what was not finite at each.
        self._recent_bad: collections.deque[tuple[int, list[str]]] = collections.deque()
        self._n_in_a_row = 0
        self._n_skipped = 0

    @property
    def n_skipped(self) -> int:
        """Bad steps so far."""
        return self._n_skipped

    def observe(self, step: int, losses: Mapping[str, float]) -> None:
        """Takes the losses of one step; steps come in order.

        Args:
            step: Number of the step, from 1.
            losses: Losses by name; "total_loss" must be among them.

        Raises:
            FloatingPointError: If there are too many bad steps in a row, or among the
                last 1000.
        """
        while self._recent_bad and self._recent_bad[0][0] <= step - WINDOW_STEPS:
            self._recent_bad.popleft()
        total = losses[TOTAL]
        if math.isfinite(total) and not losses.get(SKIPPED, 0.0):
            self._n_in_a_row = 0
            return
        names = [name for name, loss in losses.items() if not math.isfinite(loss)]
        self._recent_bad.append((step, names or ["the gradient"]))
        self._n_in_a_row += 1
        self._n_skipped += 1
        if self._n_in_a_row == 1:
            self._note(f"step {step}: {_fault(total)}; its update was left out")
        if self._n_in_a_row > self._max_skipped:
            self._stop(list(self._recent_bad)[-self._n_in_a_row :], "in a row")
        if len(self._recent_bad) > self._max_in_window:
            self._stop(list(self._recent_bad), f"among the last {WINDOW_STEPS}")

    def _stop(self, bad: Sequence[tuple[int, list[str]]], where: str) -> None:
        """Ends the run with what is known of its bad steps."""
        steps = [step for step, _ in bad]
        batches = [step - 1 + self._batches_ahead for step in steps]
        cure = (
            "Lower the learning rate, or look for damaged recordings."
            if self._diagnose is None
            else f"Batch {batches[-1]}: {self._diagnose(batches[-1])}"
        )
        names = ", ".join(dict.fromkeys(name for _, names in bad for name in names))
        raise FloatingPointError(
            f"The loss and its gradient must stay finite. Got {len(steps)} steps "
            f"{where} where they did not: {_ranges(steps)}, with batches "
            f"{_ranges(batches)}; not finite: {names}. Their updates were left out. "
            f"{cure}"
        )


def _fault(total: float) -> str:
    """What is wrong with a bad step, in words."""
    if math.isnan(total):
        return "the loss was not a number"
    return (
        "the loss was infinite" if math.isinf(total) else "the gradient was not finite"
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in few words, such as '3 to 5, 9 and 4 more'."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [f"{r[0]} to {r[-1]}" if len(r) > 1 else str(r[0]) for r in runs]
    n_more = sum(len(run) for run in runs[N_NAMED:])
    return ", ".join(words[:N_NAMED]) + (f" and {n_more} more" if n_more else "")


def unused_gpu() -> str | None:
    """Says that there is a GPU which TensorFlow does not see.

    Returns:
        One line with the cure; None where TensorFlow sees a GPU, there is none, or the
        environment variable CUDA_VISIBLE_DEVICES hides it.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1")
    if hidden or tf.config.list_physical_devices("GPU"):
        return None
    name = _nvidia_gpu()
    if name is None:
        return None
    cure = (
        "use WSL2, since TensorFlow for Windows has no GPU support"
        if sys.platform == "win32"
        else "install its libraries with pip install 'tensorflow[and-cuda]'"
    )
    return (
        f"a GPU is there ({name}), but TensorFlow does not see it and computes on the "
        f"CPU: {cure}"
    )


def _nvidia_gpu() -> str | None:
    """Name of the first GPU of NVIDIA in this machine; None without one."""
    for path in sorted(Path(NVIDIA_FOLDER).glob("*/information")):
        for line in path.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "Model":
                return value.strip()
    listed = _nvidia_smi()
    if listed is not None:
        return listed
    return "NVIDIA" if glob.glob(NVIDIA_DEVICES) else None


def _nvidia_smi() -> str | None:
    """Name of the first GPU that NVIDIA's tool lists, which Windows has as well."""
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=SMI_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    names = listed.stdout.split("\n")
    return names[0].strip() or None
