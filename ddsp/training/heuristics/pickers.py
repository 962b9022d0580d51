"""One value for each note out of its curve."""

import gin
import numpy as np

from ddsp.training.heuristics.controls import Controls, find_curve


@gin.register(module="ddsp.training.heuristics")
def mean_f0(controls: Controls, start: int, stop: int) -> float:
    """Mean pitch of a note.

    Args:
        controls: Controls of one example with 'f0_hz'.
        start: First frame of the note.
        stop: First frame after it.

    Returns:
        Mean in Hz.
    """
    return float(np.mean(find_curve(controls, "f0_hz")[start:stop]))


@gin.register(module="ddsp.training.heuristics")
def median_f0(controls: Controls, start: int, stop: int) -> float:
    """Median pitch of a note, which slides into it do not move.

    Args:
        controls: Controls of one example with 'f0_hz'.
        start: First frame of the note.
        stop: First frame after it.

    Returns:
        Median in Hz.
    """
    return float(np.median(find_curve(controls, "f0_hz")[start:stop]))


@gin.register(module="ddsp.training.heuristics")
def median_amps(controls: Controls, start: int, stop: int) -> float:
    """Median amplitude of a note.

    Args:
        controls: Controls of one example with 'amplitudes'.
        start: First frame of the note.
        stop: First frame after it.

    Returns:
        Median amplitude; 1 is full scale.
    """
    return float(np.median(find_curve(controls, "amplitudes")[start:stop]))
