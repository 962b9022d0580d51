"""Figures. They are made as objects, without a window and without global state."""

from ddsp.training.plotting.curves import RunCurves, plot_curves
from ddsp.training.plotting.features import plot_features
from ddsp.training.plotting.pianoroll import pianoroll_plot_setup
from ddsp.training.plotting.responses import plot_impulse_responses, transfer_function
from ddsp.training.plotting.spectrogram import (
    DEFAULT_SAMPLE_RATE,
    draw_spectrogram,
    specplot,
)
from ddsp.training.plotting.transfer import PlottedSound, plot_transfer, save_figure

__all__ = [
    "DEFAULT_SAMPLE_RATE",
    "PlottedSound",
    "RunCurves",
    "draw_spectrogram",
    "pianoroll_plot_setup",
    "plot_curves",
    "plot_features",
    "plot_impulse_responses",
    "plot_transfer",
    "save_figure",
    "specplot",
    "transfer_function",
]
