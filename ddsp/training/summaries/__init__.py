"""What TensorBoard shows of a model: sounds, curves, spectrograms, notes."""

from ddsp.training.summaries.audio import (
    audio_summary,
    f0_summary,
    fig_summary,
    get_spectrogram,
    spectrogram_summary,
    waveform_summary,
)
from ddsp.training.summaries.midi import midi_summary, pianoroll_summary
from ddsp.training.summaries.midi_autoencoder import (
    midiae_f0_summary,
    midiae_ld_summary,
    midiae_sp_summary,
)

__all__ = [
    "audio_summary",
    "f0_summary",
    "fig_summary",
    "get_spectrogram",
    "midi_summary",
    "midiae_f0_summary",
    "midiae_ld_summary",
    "midiae_sp_summary",
    "pianoroll_summary",
    "spectrogram_summary",
    "waveform_summary",
]
