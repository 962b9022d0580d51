"""What a filter does: its response in time and over frequency."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp import core
from ddsp.training.plotting.spectrogram import DEFAULT_SAMPLE_RATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE_INCHES = (12.0, 6.0)
LOWEST_MAGNITUDE = 1e-5  # -100 dB; a logarithmic axis has no zero.


def transfer_function(
    ir: Any, sample_rate: float = DEFAULT_SAMPLE_RATE
) -> tuple[np.ndarray, np.ndarray]:
    """Says how much a filter lets through at each frequency.

    Args:
        ir: Impulse response, [..., n_samples].
        sample_rate: Samples per second.

    Returns:
        Frequencies in Hz, [n_frequencies], and gains, [..., n_frequencies].
    """
    ir = np.asarray(ir)
    fft_size = core.get_fft_size(1, ir.shape[-1])
    frequencies_hz = np.fft.rfftfreq(fft_size, 1.0 / sample_rate)
    return frequencies_hz, np.abs(np.fft.rfft(ir, fft_size))


def plot_impulse_responses(
    impulse_response: Any,
    desired_magnitudes: Any,
    sample_rate: float = DEFAULT_SAMPLE_RATE,
) -> "Figure":
    """Compares the response of a filter with what it was designed for.

    Args:
        impulse_response: Impulse response, [..., n_samples]; the first is drawn.
        desired_magnitudes: Gains at equally spaced frequencies from 0 to half the
            sample rate, [..., n_frequencies]; the first are drawn.
        sample_rate: Samples per second.

    Returns:
        A figure with both responses over frequency, and the impulse response in time.
    """
    from matplotlib.figure import Figure

    response, desired = map(_first, (impulse_response, desired_magnitudes))
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    over_frequency, over_time = figure.subplots(1, 2)
    desired_hz = np.linspace(0.0, sample_rate / 2.0, desired.size)
    true_hz, gains = transfer_function(response, sample_rate)
    for name, frequencies_hz, magnitudes in (
        ("Desired", desired_hz, desired),
        ("True", true_hz, gains),
    ):
        visible = np.maximum(magnitudes, LOWEST_MAGNITUDE)
        over_frequency.semilogy(frequencies_hz, visible, label=name)
    over_frequency.set(title="Transfer function", xlabel="Hz", ylabel="Gain")
    over_frequency.legend()
    over_time.plot(1000.0 * np.arange(response.size) / sample_rate, response)
    over_time.set(title="Impulse response", xlabel="Milliseconds", ylabel="Amplitude")
    return figure


def _first(values: Any) -> np.ndarray:
    """The first of all vectors along the last axis."""
    values = np.asarray(values)
    return values.reshape(-1, values.shape[-1])[0]
