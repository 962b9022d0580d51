"""The picture of a sound's spectrum over time."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp import spectral_ops

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEFAULT_SAMPLE_RATE = spectral_ops.CREPE_SAMPLE_RATE
SIZE_INCHES = (7.0, 5.0)


def specplot(
    audio: Any,
    vmin: float = -5,
    vmax: float = 1,
    rotate: bool = True,
    size: int = 512 + 256,
    **matshow_kwargs: Any,
) -> "Figure":
    """Draws a spectrogram.

    Args:
        audio: Sound, [n_samples] or [batch, n_samples], of which the first is drawn.
        vmin: Natural logarithm of the magnitude that is black.
        vmax: Natural logarithm of the magnitude that is brightest.
        rotate: Whether time goes to the right and frequency up; otherwise time goes
            down and frequency to the right.
        size: Samples of a frame of the spectrogram.
        **matshow_kwargs: More arguments of matplotlib's `matshow`.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    audio = np.asarray(audio)
    logmag = spectral_ops.compute_logmag(audio[0] if audio.ndim > 1 else audio, size)
    figure = Figure(figsize=SIZE_INCHES)
    axis = figure.subplots()
    limits = {"vmin": vmin, "vmax": vmax}
    draw_spectrogram(axis, logmag, rotate, **{**limits, **matshow_kwargs})
    return figure


def draw_spectrogram(
    axis: "Axes", logmag: Any, rotate: bool = True, **matshow_kwargs: Any
) -> None:
    """Draws a spectrogram into a part of a figure.

    Args:
        axis: Where to draw.
        logmag: Logarithms of magnitudes, [n_frames, n_bins].
        rotate: Whether time goes to the right and frequency up; otherwise time goes
            down and frequency to the right.
        **matshow_kwargs: More arguments of matplotlib's `matshow`.
    """
    image = np.rot90(logmag) if rotate else np.asarray(logmag)
    axis.matshow(image, **{"cmap": "magma", "aspect": "auto", **matshow_kwargs})
    axis.set_xticks([])
    axis.set_yticks([])
    across, up = ("Time", "Frequency") if rotate else ("Frequency", "Time")
    axis.set_xlabel(across)
    axis.set_ylabel(up)
