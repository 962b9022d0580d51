"""Features of sounds, measured as those they are compared with."""

import numpy as np
import pytest
import tensorflow as tf
from records import harmonic_tone
from signals import sine

from ddsp import spectral_ops
from ddsp.training import metrics
from ddsp.training.metrics import sound_features


def test_features_of_a_tone() -> None:
    audio = tf.constant(harmonic_tone(300.0, 0.5)[np.newaxis], tf.float32)
    features = metrics.compute_audio_features(audio)
    assert features["audio"] is audio
    assert features["f0_hz"].shape == features["f0_confidence"].shape == (126,)
    np.testing.assert_allclose(features["f0_hz"][10:-10], 300.0, rtol=0.01)
    assert features["f0_confidence"][10:-10].min() > 0.85
    assert tf.is_tensor(features["loudness_db"])
    np.testing.assert_allclose(
        features["loudness_db"],
        spectral_ops.compute_loudness(audio[0], 16000, 250),
        atol=1e-4,
    )


def test_features_have_the_frame_rate_that_is_asked_for() -> None:
    features = metrics.compute_audio_features(harmonic_tone(300.0, 0.2), frame_rate=50)
    assert {len(features[k]) for k in ("f0_hz", "f0_confidence", "loudness_db")} == {11}


def test_pitch_does_not_depend_on_the_sample_rate() -> None:
    audio = np.stack(
        [harmonic_tone(hz, 0.3, sample_rate=48000) for hz in (300.0, 450.0)]
    )
    f0_hz, confidence = metrics.measure_f0(audio[..., np.newaxis], 48000, 250)
    assert f0_hz.shape == confidence.shape == (2, 76)
    np.testing.assert_allclose(f0_hz[0, 10:-10], 300.0, rtol=0.01)
    np.testing.assert_allclose(f0_hz[1, 10:-10], 450.0, rtol=0.01)


@pytest.mark.parametrize(
    ("n_frames", "padding"),
    [(50, "same"), (51, "center"), (None, "center"), (7, "center")],
)
def test_frames_are_placed_as_in_the_curve_to_compare_with(
    n_frames: int | None, padding: str
) -> None:
    # Where pitch changes, other frames would see it 32 ms earlier or later.
    audio = np.concatenate([harmonic_tone(300.0, 0.1), harmonic_tone(450.0, 0.1)])
    f0_hz, confidence = metrics.measure_f0(audio[np.newaxis], 16000, 250, n_frames)
    expected = spectral_ops.compute_f0(audio, 250, padding=padding)
    np.testing.assert_array_equal(f0_hz[0], expected[0])
    np.testing.assert_array_equal(confidence[0], expected[1])
    loudness_db = sound_features.measure_loudness(audio[np.newaxis], 250, n_frames)
    np.testing.assert_allclose(
        loudness_db[0],
        spectral_ops.compute_loudness(audio, 16000, 250, padding=padding),
        atol=1e-4,
    )


def test_reference_is_the_sound_at_16_khz() -> None:
    low, high = sine(440, 1600)[np.newaxis], sine(440, 4800, 48000)[np.newaxis]
    both = {"audio": high, "audio_16k": low}
    np.testing.assert_array_equal(sound_features.reference_sounds(both, 48000), low)
    resampled = sound_features.reference_sounds({"audio": high}, 48000)
    assert resampled.shape == (1, 1600)
    np.testing.assert_allclose(resampled[:, 200:-200], low[:, 200:-200], atol=0.01)
    assert sound_features.reference_sounds({"f0_hz": low}, 48000) is None
