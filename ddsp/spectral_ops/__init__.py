"""Analysis: spectra, loudness and pitch of audio."""

from ddsp import core
from ddsp.core import DB_RANGE, safe_log, tf_float32
from ddsp.spectral_ops.crepe import CREPE_FRAME_SIZE, CREPE_SAMPLE_RATE, reset_crepe
from ddsp.spectral_ops.framing import (
    get_framed_lengths,
    pad,
    pad_or_trim_to_expected_length,
)
from ddsp.spectral_ops.loudness import (
    compute_loudness,
    compute_power,
    compute_rms_energy,
)
from ddsp.spectral_ops.noise_ratio import compute_noise_to_harmonics
from ddsp.spectral_ops.pitch import F0_RANGE, compute_f0
from ddsp.spectral_ops.pretrained_crepe import PretrainedCREPE
from ddsp.spectral_ops.spectrograms import (
    compute_logmag,
    compute_logmel,
    compute_mag,
    compute_mel,
    compute_mfcc,
    stft,
    stft_np,
)

__all__ = [
    "CREPE_FRAME_SIZE",
    "CREPE_SAMPLE_RATE",
    "DB_RANGE",
    "F0_RANGE",
    "PretrainedCREPE",
    "compute_f0",
    "compute_logmag",
    "compute_logmel",
    "compute_loudness",
    "compute_mag",
    "compute_mel",
    "compute_mfcc",
    "compute_noise_to_harmonics",
    "compute_power",
    "compute_rms_energy",
    "core",
    "get_framed_lengths",
    "pad",
    "pad_or_trim_to_expected_length",
    "reset_crepe",
    "safe_log",
    "stft",
    "stft_np",
    "tf_float32",
]
