"""All features of a sound have the same frames, at the same times."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from ddsp import spectral_ops
from ddsp.spectral_ops import pitch
from ddsp.spectral_ops.framing import get_hop_size

RATES = (16000, 22050, 24000, 32000, 44100, 48000)
FRAME_RATES = (50, 62.5, 100, 172.27, 250)


@pytest.fixture(scope="module")
def no_network() -> object:
    """The network is replaced: frames are counted and placed without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pitch, "track_crepe", _nearness)
        yield


def _nearness(frames: np.ndarray, *_: object) -> tuple[np.ndarray, np.ndarray]:
    """100 Hz, and how near the middle of a frame its power is, if it is loud."""
    power = frames.astype(np.float64) ** 2
    loud = power.sum(axis=1) > 1.0
    center = power @ np.arange(1024) / power.sum(axis=1)
    nearness = np.where(loud, 1.0 - np.abs(center - 511.5) / 512, 0.0)
    return np.full(len(frames), 100.0, np.float32), nearness.astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    sample_rate=strategies.sampled_from(RATES),
    frame_rate=strategies.sampled_from(FRAME_RATES),
    n_samples=strategies.integers(1, 240_000),
    padding=strategies.sampled_from(["center", "same", "valid"]),
)
def test_levels_have_as_many_frames_as_are_promised(
    sample_rate: int, frame_rate: float, n_samples: int, padding: str
) -> None:
    hop_size = get_hop_size(sample_rate, frame_rate)
    frame_size = -(-sample_rate // 16)
    n_frames, _ = spectral_ops.get_framed_lengths(
        n_samples, frame_size, hop_size, padding
    )
    audio = np.ones(n_samples, np.float32)
    rates = (sample_rate, frame_rate)
    found = {
        "loudness": spectral_ops.compute_loudness(
            audio, *rates, n_fft=frame_size, use_tf=False, padding=padding
        ),
        "power": spectral_ops.compute_power(
            audio, *rates, frame_size=frame_size, padding=padding
        ),
        "rms": spectral_ops.compute_rms_energy(
            audio, *rates, frame_size=frame_size, padding=padding
        ),
    }
    assert {name: len(x) for name, x in found.items()} == dict.fromkeys(found, n_frames)


@pytest.mark.usefixtures("no_network")
@settings(max_examples=40, deadline=None)
@given(
    frame_rate=strategies.sampled_from([50, 62.5, 100, 125, 200, 250]),
    n_samples=strategies.integers(1, 80_000),
    padding=strategies.sampled_from(["center", "same", "valid"]),
)
def test_pitch_and_loudness_have_equally_many_frames(
    frame_rate: float, n_samples: int, padding: str
) -> None:
    audio = np.ones(n_samples, np.float32)
    f0_hz, confidence = spectral_ops.compute_f0(audio, frame_rate, padding=padding)
    # Frames of one size; 'center' and 'same' have as many for any size.
    n_fft = 1024 if padding == "valid" else 512
    levels = spectral_ops.compute_loudness(
        audio, 16000, frame_rate, n_fft, use_tf=False, padding=padding
    )
    assert len(f0_hz) == len(confidence) == len(levels)


@settings(max_examples=40, deadline=None)
@given(
    sample_rate=strategies.sampled_from(RATES),
    frame_rate=strategies.sampled_from(FRAME_RATES),
    time=strategies.floats(0.0, 0.99),
)
def test_click_peaks_in_the_frame_at_its_time(
    sample_rate: int, frame_rate: float, time: float
) -> None:
    audio = np.zeros(sample_rate, np.float32)
    audio[int(time * sample_rate)] = 1.0
    levels = spectral_ops.compute_loudness(
        audio, sample_rate, frame_rate, n_fft=sample_rate // 25, use_tf=False
    )
    # Where the hop is rounded down, frames come a little faster than asked for.
    actual_rate = sample_rate / get_hop_size(sample_rate, frame_rate)
    assert abs(np.argmax(levels) - round(time * actual_rate)) <= 1


@pytest.mark.usefixtures("no_network")
@settings(max_examples=20, deadline=None)
@given(
    frame_rate=strategies.sampled_from([50, 100, 250]),
    time=strategies.floats(0.05, 0.9),
)
def test_frames_of_pitch_are_centred_at_their_time(
    frame_rate: int, time: float
) -> None:
    audio = np.full(16000, 1e-3, np.float32)
    audio[::2] = 0.0
    at = int(time * 16000)
    audio[at - 8 : at + 8] = 1.0
    _, nearness = spectral_ops.compute_f0(audio, frame_rate)
    assert nearness.max() > 0.6
    assert abs(np.argmax(nearness) - time * frame_rate) <= 1.0
