"""Changes of an example that leave it true: level, pitch, place in time."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE

AUDIO = ("audio", "audio_16k")
LEVELS = ("loudness_db", "power_db")
CURVES = ("f0_hz", "f0_confidence", *LEVELS)
# The floor of loudness and power: whatever is there is silence and stays it.
SILENCE_DB = -80.0
# Where the end meets the beginning, sound fades out and in so long, or it would click.
FADE_SECS = 0.005
# Between pitches further apart there is no glide that one could interpolate.
LARGEST_STEP_CENTS = 100.0


@dataclasses.dataclass(frozen=True)
class Change:
    """What is done to an example.

    Attributes:
        gain_db: Decibels that it becomes louder.
        pitch_cents: Cents that it becomes higher; 100 are a semitone.
        shift_frames: Frames that it is moved towards its beginning. What leaves there
            comes in at the end.

    Example:
        >>> Change(pitch_cents=1200.0).speed
        2.0
    """

    gain_db: float = 0.0
    pitch_cents: float = 0.0
    shift_frames: int = 0

    @property
    def speed(self) -> float:
        """How many times faster it is played."""
        return 2.0 ** (self.pitch_cents / 1200.0)


def draw_change(
    seed: int, number: int, gain_db: float, pitch_cents: float, shift_frames: int
) -> Change:
    """Chooses the change of one example of a run.

    Args:
        seed: Seed of the run, of which 64 bits count.
        number: Number of the example, counted through all epochs from 0.
        gain_db: Largest gain, up or down.
        pitch_cents: Largest shift of pitch, up or down.
        shift_frames: Largest shift in time, to either side.

    Returns:
        The change, equally likely within the limits; the same on every machine.
    """
    key = np.array([seed % (1 << 64), number], np.uint64)
    bits = np.random.Philox(key=key).random_raw(3)
    gain, pitch, shift = bits / 2.0**63 - 1.0
    # From the smallest to the largest number of frames, each equally likely.
    place = int((shift + 1.0) / 2.0 * (2 * shift_frames + 1)) - shift_frames
    return Change(gain * gain_db, pitch * pitch_cents, min(place, shift_frames))


def change_example(
    example: Mapping[str, np.ndarray],
    change: Change,
    sample_rate: int,
    frame_rate: int,
) -> dict[str, np.ndarray]:
    """Changes an example, audio and features alike.

    Pitch is shifted by playing faster or slower, so formants move with it and so do
    the moments of notes. Where more sound is needed than there is, the example begins
    anew after its end.

    Args:
        example: Any of `audio` and `audio_16k`, [n_samples]; `f0_hz`, `f0_confidence`,
            `loudness_db` and `power_db`, [n_frames] or [n_frames, 1]. Others stay.
        change: What to do.
        sample_rate: Samples per second of `audio`.
        frame_rate: Frames per second of the features.

    Returns:
        The example with the same names, shapes and types.
    """
    changed = dict(example)
    rates = {"audio": sample_rate, "audio_16k": FEATURE_SAMPLE_RATE}
    for name in AUDIO:
        if name in example:
            changed[name] = _change_audio(
                example[name], change, rates[name], change.shift_frames / frame_rate
            )
    if "audio" in example:
        n_frames = example["audio"].size * frame_rate / sample_rate
    else:
        n_frames = example["audio_16k"].size * frame_rate / FEATURE_SAMPLE_RATE
    for name in CURVES:
        if name in example:
            changed[name] = _change_curve(name, example[name], change, n_frames)
    return changed


def _change_audio(
    audio: np.ndarray, change: Change, sample_rate: int, shift_secs: float
) -> np.ndarray:
    """Resamples, rolls and scales audio, [n_samples]."""
    played = _play_at(audio, change.speed)
    shift = round(shift_secs * sample_rate)
    places = np.arange(audio.size) + shift
    moved = played[places % played.size]
    if change.gain_db:
        moved = moved * np.float32(10.0 ** (change.gain_db / 20.0))
    n_fade = round(FADE_SECS * sample_rate)
    first_seam = (places[0] // played.size + 1) * played.size
    for seam in range(first_seam, places[-1] + 1, played.size):
        moved = moved * _fade(places - seam, n_fade)
    return moved.astype(audio.dtype)


def _fade(distance: np.ndarray, n_fade: int) -> np.ndarray:
    """Gain around a seam, float32; samples 0 and -1 are on both sides of it."""
    nearness = np.abs(distance + 0.5) / n_fade
    return np.minimum(1.0, nearness).astype(np.float32)


def _play_at(audio: np.ndarray, speed: float) -> np.ndarray:
    """The whole audio played faster or slower, band-limited."""
    if speed == 1.0:
        return audio
    import soxr

    return soxr.resample(audio, speed, 1.0, quality="HQ")


def _change_curve(
    name: str, curve: np.ndarray, change: Change, n_frames: float
) -> np.ndarray:
    """Reads a feature, [n_frames, ...], where the sound of each frame comes from."""
    shift, speed = change.shift_frames, change.speed
    places = (np.arange(len(curve)) + shift) * speed
    # A place at the very end stays there: centred features have a frame for it.
    n_rounds = np.where(places > 0, np.ceil(places / n_frames) - 1, 0)
    n_rounds = np.where(places < 0, np.floor(places / n_frames), n_rounds)
    places = np.clip(places - n_rounds * n_frames, 0, len(curve) - 1)
    moved = _read_between(curve, places, name == "f0_hz")
    if name == "f0_hz":
        moved = moved * speed
    if name in LEVELS and change.gain_db:
        louder = np.maximum(moved + change.gain_db, SILENCE_DB)
        moved = np.where(moved <= SILENCE_DB, SILENCE_DB, louder)
    return moved.astype(curve.dtype)


def _read_between(curve: np.ndarray, places: np.ndarray, is_pitch: bool) -> np.ndarray:
    """Values between frames; where pitch leaps, those of the nearest frame."""
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, len(curve) - 1)
    share = (places - before).reshape([-1] + [1] * (curve.ndim - 1))
    one, other = curve[before], curve[after]
    if is_pitch:
        low, high = np.minimum(one, other), np.maximum(one, other)
        leaps = high > low * 2.0 ** (LARGEST_STEP_CENTS / 1200.0)
        share = np.where(leaps, np.round(share), share)
    return one + share * (other - one)
