"""The picture of a transfer, from what it gave."""

from typing import TYPE_CHECKING

import numpy as np

from ddsp.training.inference.result import TransferResult
from ddsp.training.plotting import PlottedSound, plot_transfer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_transfer(
    audio: np.ndarray,
    sample_rate: int,
    result: TransferResult,
    result_label: str,
    source_label: str = "Recording",
) -> "Figure":
    """Draws a recording and what an instrument made of it.

    Args:
        audio: The recording, [n_samples].
        sample_rate: Its samples per second.
        result: What came of it.
        result_label: Name of the instrument.
        source_label: Name of the recording.

    Returns:
        The figure, see `plotting.plot_transfer`.
    """
    source = PlottedSound(
        source_label,
        audio,
        sample_rate,
        result.f0_hz,
        result.f0_confidence,
        result.frame_rate,
    )
    played = PlottedSound(
        result_label,
        result.audio,
        result.sample_rate,
        result.played_f0_hz,
        result.f0_confidence,
        result.frame_rate,
    )
    return plot_transfer(source, played)
