"""Trackers of other packages hear the same, where they are installed."""

import builtins
from typing import Any

import numpy as np
import pytest
from signals import sine

from ddsp import spectral_ops
from ddsp.spectral_ops.other_trackers import interpolate_pitch

PACKAGES = {"swift-f0": "swift_f0", "pyin": "librosa"}


def tone(f0_hz: float, n_samples: int) -> np.ndarray:
    return 0.2 * np.sum([sine(k * f0_hz, n_samples) / k for k in range(1, 9)], axis=0)


def compute_f0(audio: np.ndarray, method: str, **settings: Any) -> tuple:
    """As the library does, or skips."""
    try:
        return spectral_ops.compute_f0(audio, method=method, **settings)
    except ImportError:
        name = "librosa" if method == "pyin" else method
        pytest.skip(f"{name} (extra pitch) is not installed")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("padding", ["center", "same"])
@pytest.mark.parametrize("method", PACKAGES)
def test_change_of_pitch_is_heard_at_its_time(method: str, padding: str) -> None:
    audio = np.concatenate([tone(220, 8000), tone(310, 8000)])
    found, confidence = compute_f0(audio, method, frame_rate=125, padding=padding)
    assert len(found) == len(confidence) == (126 if padding == "center" else 125)
    assert found.dtype == confidence.dtype == np.float32
    # Frames that start at their time are heard half of 64 ms early.
    change = np.argmax(found > 261) + (4 if padding == "same" else 0)
    # pYIN listens to 128 ms, and its melody is slow to move.
    assert change == pytest.approx(62, abs=6 if method == "pyin" else 3)
    np.testing.assert_allclose(found[10:50], 220, rtol=0.015)
    np.testing.assert_allclose(found[70:115], 310, rtol=0.015)
    assert confidence[10:50].min() > 0.5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("method", PACKAGES)
def test_silence_and_broken_samples_are_not_heard(method: str) -> None:
    audio = np.concatenate([tone(220, 8000), np.zeros(8000)])
    audio[12000] = np.nan
    found, confidence = compute_f0(audio, method, frame_rate=50)
    assert np.all(confidence[27:] == 0) and np.ptp(found[27:]) == 0
    np.testing.assert_allclose(found[2:24], 220, rtol=0.015)
    nothing, _ = compute_f0(np.zeros(2000), method, frame_rate=50)
    np.testing.assert_array_equal(nothing, np.full(7, 440.0))
    short, _ = compute_f0(tone(220, 100), method, frame_rate=50)
    assert short.shape == (1,) and np.isfinite(short).all()


@pytest.mark.parametrize(("method", "package"), PACKAGES.items())
def test_missing_package_names_its_extra(
    method: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=rf"method='{method}'; .*ddsp\[pitch\]"):
        spectral_ops.compute_f0(tone(220, 2000), 50, method=method)


def test_pitch_between_measurements_is_a_line_in_cents() -> None:
    times, f0_hz = np.array([10.0, 20.0, 30.0]), np.array([440.0, 450.0, 440.0])
    found, confidence = interpolate_pitch(
        np.array([0.0, 10.0, 15.0, 22.5, 30.0, 99.0]), times, f0_hz, f0_hz / 1000
    )
    middle = np.sqrt(440 * 450)
    quarter = 450 * (440 / 450) ** 0.25
    np.testing.assert_allclose(found, [440, 440, middle, quarter, 440, 440])
    np.testing.assert_allclose(confidence, [0.44, 0.44, 0.445, 0.4475, 0.44, 0.44])


def test_notes_do_not_glide_into_each_other() -> None:
    at = np.linspace(0, 1, 11)
    for ratio, is_leap in ((2 ** (1.01 / 12), True), (2 ** (0.99 / 12), False)):
        f0_hz = np.array([440.0, 440.0 * ratio])
        found, _ = interpolate_pitch(at, np.array([0.0, 1.0]), f0_hz, np.ones(2))
        assert (len(np.unique(found.round(6))) == 2) == is_leap
        assert found[4] < f0_hz.mean() < found[6]


def test_one_measurement_is_the_pitch_of_all() -> None:
    found, confidence = interpolate_pitch(
        np.arange(3.0), np.array([1.0]), np.array([220.0]), np.array([0.7])
    )
    np.testing.assert_allclose(found, 220.0)
    np.testing.assert_allclose(confidence, 0.7)
