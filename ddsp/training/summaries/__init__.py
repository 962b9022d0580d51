"""What TensorBoard shows of a model: sounds, curves, spectrograms."""

from ddsp.training.summaries.audio import (
    audio_summary,
    f0_summary,
    fig_summary,
    get_spectrogram,
    spectrogram_summary,
    waveform_summary,
)

__all__ = [
    "audio_summary",
    "f0_summary",
    "fig_summary",
    "get_spectrogram",
    "spectrogram_summary",
    "waveform_summary",
]
