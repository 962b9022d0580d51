"""A recording as it comes, and what a model is told about it."""

import numpy as np

from ddsp import core, spectral_ops
from ddsp.spectral_ops.framing import frame_np, get_hop_size
from ddsp.spectral_ops.other_trackers import interpolate_pitch
from ddsp.training import audio_io
from ddsp.training.data import FEATURE_SAMPLE_RATE, features
from ddsp.training.data.feature_spec import LOUDNESS_N_FFT
from ddsp.training.errors import InputError

FEATURE_FRAME_RATE = 250
SHORTEST_SECS = 0.25
# A recording whose peak is below this holds nothing: -100 dB.
SILENT_PEAK = 1e-5
FRAMES_AT_ONCE = 4096
FASTEST_PITCH_RATE = 125


def check_recording(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Refuses what cannot be played, with a reason.

    Args:
        audio: Mono audio, floating point with full scale at 1, [n_samples].
        sample_rate: Samples per second, from 1000 to 1000000.

    Returns:
        The audio as float32, [n_samples].

    Raises:
        InputError: If the audio is not mono, shorter than 0.25 s, silent, not finite or
            far above full scale, or of whole numbers; or if no recording has such a
            sample rate.
    """
    if not audio_io.SLOWEST_HZ <= sample_rate <= audio_io.FASTEST_HZ:
        raise InputError(
            f"The sample rate of a recording must be from {audio_io.SLOWEST_HZ} to "
            f"{audio_io.FASTEST_HZ} Hz. Got sample_rate={sample_rate}; give the rate "
            "that it was recorded at."
        )
    audio = np.asarray(audio)
    if not np.issubdtype(audio.dtype, np.floating):
        raise InputError(
            "The samples of a recording must be floating-point numbers from -1 to 1. "
            f"Got dtype={audio.dtype}; divide them by their full scale, which is 32768 "
            "for 16 bits."
        )
    if audio.ndim != 1:
        raise InputError(
            f"The recording must be mono, [n_samples]. Got shape={audio.shape}; take "
            "one channel or the mean of all."
        )
    if audio.size < SHORTEST_SECS * sample_rate:
        raise InputError(
            f"The recording must last at least {SHORTEST_SECS} s. Got "
            f"{audio.size / sample_rate:.2f} s; give a longer one."
        )
    highest, lowest = float(np.max(audio)), float(np.min(audio))
    if not np.isfinite(highest) or not np.isfinite(lowest):
        raise InputError(
            "The recording must hold finite samples. Got some that are not; export it "
            "again."
        )
    if max(highest, -lowest) > audio_io.HIGHEST_PEAK:
        raise InputError(
            "The samples of a recording must lie between -1 and 1, and not beyond "
            f"{audio_io.HIGHEST_PEAK:g}. Got peak={max(highest, -lowest):g}; divide "
            "them by their full scale, or export the recording again."
        )
    if max(highest, -lowest) < SILENT_PEAK:
        raise InputError(
            "The recording must hold sound. Got only silence; check the input level or "
            "the channel."
        )
    return audio.astype(np.float32, copy=False)


def to_feature_rate(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Brings a recording to the rate at which features are measured.

    Args:
        audio: Mono audio, float32, [n_samples].
        sample_rate: Samples per second.

    Returns:
        The audio at 16000 samples per second.
    """
    return audio_io.resample(audio, sample_rate, FEATURE_SAMPLE_RATE)


def measure(
    audio: np.ndarray,
    n_frames: int,
    frame_rate: float,
    center: bool = True,
    viterbi: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measures what a model is played by, at the model's frames, in bounded memory.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        n_frames: How many frames the model needs.
        frame_rate: The model's frames per second.
        center: Whether frame k is centred at k / frame_rate seconds, or begins there.
        viterbi: Whether the pitch is the best path through time.

    Returns:
        Pitch in Hz, its confidence from 0 to 1, and loudness in dB, float32, [n_frames]
        each.
    """
    measured_rate = FEATURE_FRAME_RATE
    if frame_rate == int(frame_rate) and FEATURE_SAMPLE_RATE % int(frame_rate) == 0:
        measured_rate = int(frame_rate)
    pitch_rate = _pitch_rate(measured_rate)
    n_measured = features.count_frames(audio.size, pitch_rate, center)
    n_blocks = -(-n_measured // features.block_frames(pitch_rate))
    curves = features.join_blocks(
        [
            features.measure_block(audio, block, pitch_rate, center, viterbi)
            for block in range(n_blocks)
        ]
    )
    loudness_db = curves["loudness_db"]
    if pitch_rate != measured_rate:
        loudness_db = spectral_ops.compute_loudness(
            audio,
            FEATURE_SAMPLE_RATE,
            measured_rate,
            n_fft=LOUDNESS_N_FFT,
            use_tf=False,
            padding="center" if center else "same",
        )
    secs = np.arange(n_frames) / frame_rate
    f0_hz, f0_confidence = interpolate_pitch(
        secs,
        np.arange(n_measured) / pitch_rate,
        curves["f0_hz"],
        curves["f0_confidence"],
    )
    return (
        f0_hz.astype(np.float32),
        f0_confidence.astype(np.float32),
        _at_frames(loudness_db, measured_rate, n_frames, frame_rate),
    )


def _pitch_rate(frame_rate: int) -> int:
    """Frames per second at which the pitch network listens.

    It hears 64 ms at a time: more often than every 8 ms it tells nothing new.
    """
    stride = 1
    while frame_rate % stride or frame_rate > stride * FASTEST_PITCH_RATE:
        stride += 1
    return frame_rate // stride


def measure_power(
    audio: np.ndarray, n_frames: int, frame_rate: float, frame_size: int
) -> np.ndarray:
    """Measures power at the model's frames, in bounded memory.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        n_frames: How many frames the model needs; frame k is centred at
            k / frame_rate seconds.
        frame_rate: The model's frames per second.
        frame_size: Samples of a frame of which the power is measured.

    Returns:
        Power in dB, float32, [n_frames].
    """
    hop_size = get_hop_size(FEATURE_SAMPLE_RATE, frame_rate)
    frames = frame_np(audio, max(frame_size, hop_size), hop_size, "center")
    power = np.concatenate(
        [
            np.mean(np.square(frames[start : start + FRAMES_AT_ONCE]), axis=-1)
            for start in range(0, len(frames), FRAMES_AT_ONCE)
        ]
    )
    power_db = core.power_to_db(power, use_tf=False)
    return _at_frames(power_db, FEATURE_SAMPLE_RATE / hop_size, n_frames, frame_rate)


def _at_frames(
    curve: np.ndarray, measured_rate: float, n_frames: int, frame_rate: float
) -> np.ndarray:
    """A curve at the frames of a model; the last value goes on."""
    secs = np.arange(n_frames) / frame_rate
    measured_secs = np.arange(len(curve)) / measured_rate
    return np.interp(secs, measured_secs, curve).astype(np.float32)
