"""Sizes of the package's own models, which hold at 16 kHz, at any other rate.

What sounds alike lasts as long and is as wide: analysis windows and rooms keep their
seconds, bands of noise their Hz, and harmonics go on up to the same part of half the
sample rate, with the same number of them per Hz. Windows of the spectral loss become
the nearest multiple of four samples, because they overlap by 3/4; their transforms are
filled up to powers of two anyway, so a window of a power of two would be no faster than
these by more than that, and up to 40 % too short or too long.
"""

from collections.abc import Callable
from typing import Any

from ddsp.training import config

REFERENCE_RATE = 16000
FFT_SIZES = (2048, 1024, 512, 256, 128, 64)  # Those of the paper.
SPLITS = "RnnFcDecoder.output_splits"
ROOM = "Reverb.reverb_length"
WINDOWS = "SpectralLoss.fft_sizes"
TIMBRE = "MfccTimeDistributedRnnEncoder.input_keys"


def scale_model(sample_rate: int) -> str | None:
    """Binds the sizes that a model of the package has at a rate.

    Only what the package's own files have bound is changed, or leave to a default: a
    value of the user's stays, and so does one of a model that training goes on with.
    Nothing is changed either if these files name a rate of their own.

    Args:
        sample_rate: Samples per second of the audio.

    Returns:
        A line that says what was bound; None if there was nothing to change.
    """
    if sample_rate == REFERENCE_RATE or config.is_shipped("%sample_rate"):
        return None
    changes = [
        *_scale_outputs(sample_rate),
        *_scale_windows(sample_rate),
        *_scale_room(sample_rate),
        *_keep_timbre(),
    ]
    if not changes:
        return None
    config.parse_gin([], [f"{name} = {value!r}" for name, value, _ in changes])
    told = ", ".join(text for *_, text in changes)
    return f"model scaled from {REFERENCE_RATE} to {sample_rate} Hz: {told}"


Change = tuple[str, Any, str]


def count_harmonics(n_harmonics: int, sample_rate: int) -> int:
    """Harmonics that reach the same part of half the sample rate.

    Args:
        n_harmonics: How many there are at 16000 samples per second.
        sample_rate: Samples per second.

    Returns:
        The nearest whole number, at least 1.
    """
    return max(round(n_harmonics * sample_rate / REFERENCE_RATE), 1)


def count_bands(n_bands: int, sample_rate: int) -> int:
    """Bands of noise as wide as at 16000 samples per second.

    Args:
        n_bands: How many there are at that rate, 0 Hz and half the rate included.
        sample_rate: Samples per second.

    Returns:
        The nearest whole number, at least 2.
    """
    return max(round((n_bands - 1) * sample_rate / REFERENCE_RATE), 1) + 1


def window_size(size: int, sample_rate: int) -> int:
    """A window of the spectral loss that lasts as long as at 16000 samples per second.

    Args:
        size: Its samples at that rate.
        sample_rate: Samples per second.

    Returns:
        The nearest multiple of 4, at least 4.
    """
    return 4 * max(round(size * sample_rate / REFERENCE_RATE / 4), 1)


def _scale_outputs(sample_rate: int) -> list[Change]:
    """Harmonics and bands that the decoder puts out."""
    if not config.is_shipped(SPLITS):
        return []
    counts: dict[str, Callable[[int, int], int]] = {
        "harmonic_distribution": count_harmonics,
        "noise_magnitudes": count_bands,
    }
    splits = tuple(
        (name, counts[name](size, sample_rate) if name in counts else size)
        for name, size in config.bound_value(SPLITS)
    )
    sizes = dict(splits)
    told = (
        f"{sizes['harmonic_distribution']} harmonics, "
        f"{sizes['noise_magnitudes']} noise bands"
    )
    return [(SPLITS, splits, told)]


def _scale_windows(sample_rate: int) -> list[Change]:
    """Windows of the spectral loss, which the package leaves to their default."""
    bound = config.bound_value(WINDOWS)
    if bound is None and config.is_shipped("Autoencoder.losses"):
        bound = FFT_SIZES
    elif not config.is_shipped(WINDOWS):
        return []
    sizes = tuple(window_size(size, sample_rate) for size in bound)
    return [(WINDOWS, sizes, f"FFT sizes {', '.join(map(str, sizes))}")]


def _scale_room(sample_rate: int) -> list[Change]:
    """Taps of the room."""
    if not config.is_shipped(ROOM):
        return []
    length = config.bound_value(ROOM)
    scaled = round(length * sample_rate / REFERENCE_RATE)
    return [(ROOM, scaled, f"{length / REFERENCE_RATE:g} s of reverb")]


def _keep_timbre() -> list[Change]:
    """The encoder of timbre, which listens at 16000 samples per second."""
    is_ours = config.is_shipped("Autoencoder.encoder")
    encoder = str(config.bound_value("Autoencoder.encoder"))
    if not is_ours or "MfccTimeDistributedRnnEncoder" not in encoder:
        return []
    if config.bound_value(TIMBRE) is not None:
        return []
    return [(TIMBRE, ("audio_16k",), "timbre heard at 16000 Hz")]
