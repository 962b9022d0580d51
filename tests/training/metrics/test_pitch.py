"""Distances in pitch that are known, of curves and of sounds."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from records import harmonic_tone

from ddsp import spectral_ops
from ddsp.training import metrics

SEMITONE = 2 ** (1 / 12)
N_FRAMES = 125
A3 = np.full([1, N_FRAMES], 220.0, np.float32)
SURE = np.ones([1, N_FRAMES], np.float32)


def test_outlier_has_no_sure_frame() -> None:
    assert metrics.is_outlier(tf.constant([0.1, 0.84]))
    assert not metrics.is_outlier(np.array([[0.1], [0.85]]))
    assert (metrics.MIN_F0_CONFIDENCE, metrics.OUTLIER_MIDI_THRESH) == (0.85, 12)


def test_distance_counts_sure_frames_only() -> None:
    confidence = np.array([0.84, 0.85, 1.0])
    f0_hz = np.full(3, 220.0)
    generated = f0_hz * SEMITONE ** np.array([50.0, 1.0, -2.0])
    distance = metrics.f0_dist_conf_thresh(f0_hz, generated, confidence)
    assert distance == pytest.approx(1.5, abs=1e-4)
    every = metrics.f0_dist_conf_thresh(f0_hz, generated, confidence, 0.5)
    assert every == pytest.approx(53 / 3, abs=1e-4)
    assert metrics.f0_dist_conf_thresh(f0_hz, generated, 0.5 * confidence) is None


def test_distance_takes_curves_with_a_channel_and_of_other_lengths() -> None:
    generated = SEMITONE * A3[:, :-7, np.newaxis]
    got = metrics.f0_dist_conf_thresh(A3[..., np.newaxis], generated, SURE)
    assert got == pytest.approx(1.0, abs=1e-4)


def test_no_pitch_counts_as_midi_note_0() -> None:
    got = metrics.f0_dist_conf_thresh(A3, 0.0 * A3, SURE)
    assert got == pytest.approx(57.0, abs=1e-4)


def crepe_means(f0_hz: Any, confidence: Any, f0_hz_gen: Any) -> dict[str, float]:
    crepe = metrics.F0CrepeMetrics(16000, 250)
    crepe.update_with_pitch(f0_hz, confidence, f0_hz_gen)
    means = crepe.flush(step=1)
    return {tag.removeprefix("metrics/f0_crepe/"): x for tag, x in means.items()}


@pytest.mark.parametrize(("semitones", "is_far_off"), [(11.9, 0.0), (12.1, 1.0)])
def test_pitch_further_off_than_an_octave_is_an_outlier(
    semitones: float, is_far_off: float
) -> None:
    means = crepe_means(A3, SURE, A3 * SEMITONE**semitones)
    assert means["outlier_ratio"] == is_far_off
    assert ("f0_dist" in means) == (not is_far_off)


def test_outliers_do_not_count_in_the_distance() -> None:
    f0_hz, confidence = (np.repeat(x, 4, axis=0) for x in (A3, SURE))
    shifts = np.array([[1.0], [2.0], [30.0], [5.0]])
    confidence[3] = 0.5  # Its reference is unsure: it is left out.
    means = crepe_means(f0_hz, confidence, f0_hz * SEMITONE**shifts)
    assert means["f0_dist"] == pytest.approx(1.5, abs=1e-4)
    assert means["outlier_ratio"] == pytest.approx(1 / 3)


def test_generated_sound_is_listened_to() -> None:
    audio = np.stack([harmonic_tone(220.0, 0.5), harmonic_tone(330.0, 0.5)])
    shifted = [harmonic_tone(220.0 * SEMITONE**3, 0.5), harmonic_tone(330.0, 0.5)]
    crepe = metrics.F0CrepeMetrics(16000, 250, name="mine")
    crepe.update_state({"audio": audio}, audio_gen=np.stack(shifted))
    means = crepe.flush(step=1)
    assert means["metrics/mine/f0_dist"] == pytest.approx(1.5, abs=0.05)
    assert means["metrics/mine/outlier_ratio"] == 0.0


def test_given_pitch_is_preferred_to_the_measured_one() -> None:
    audio = harmonic_tone(220.0, 0.5)[np.newaxis]
    batch = {"f0_hz": A3 * SEMITONE, "f0_confidence": SURE, "audio": audio}
    crepe = metrics.F0CrepeMetrics(16000, 250)
    crepe.update_state(batch, audio_gen=audio)
    distance = crepe.flush(step=1)["metrics/f0_crepe/f0_dist"]
    assert distance == pytest.approx(1.0, abs=0.05)


def test_flush_frees_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(spectral_ops, "reset_crepe", lambda: calls.append(True))
    assert metrics.F0CrepeMetrics(16000, 250).flush(step=1) == {}
    assert calls == [True]


def test_reference_without_confidence_is_sure_where_it_has_a_pitch() -> None:
    f0_hz = np.array([[[220.0], [0.0]]])
    got, confidence = metrics.reference_pitch({"f0_hz": f0_hz}, 16000, 250)
    np.testing.assert_array_equal(got, [[220.0, 0.0]])
    np.testing.assert_array_equal(confidence, [[1.0, 0.0]])


def test_reference_needs_pitch_or_sound() -> None:
    with pytest.raises(ValueError, match=r"f0_hz or audio.*Got \['loudness_db'\]"):
        metrics.reference_pitch({"loudness_db": A3}, 16000, 250)


def curve_means(batch: dict, predicted: Any, **kwargs: Any) -> dict[str, float]:
    f0 = metrics.F0Metrics(16000, 250, **kwargs)
    f0.update_state(batch, predicted)
    return {tag.removeprefix("metrics/f0/"): x for tag, x in f0.flush(step=1).items()}


def test_curve_that_is_right_has_full_marks() -> None:
    means = curve_means({"f0_hz": A3, "f0_confidence": SURE}, A3[..., np.newaxis])
    assert means == {
        "f0_dist": 0.0,
        "raw_pitch_accuracy": 1.0,
        "raw_chroma_accuracy": 1.0,
    }


def test_octave_is_far_in_pitch_and_right_in_chroma() -> None:
    means = curve_means({"f0_hz": A3, "f0_confidence": SURE}, 2 * A3)
    assert means["f0_dist"] == pytest.approx(12.0, abs=1e-4)
    assert (means["raw_pitch_accuracy"], means["raw_chroma_accuracy"]) == (0.0, 1.0)


def test_accuracy_is_of_sure_frames_and_a_mean_over_examples() -> None:
    f0_hz, confidence = (np.repeat(x, 3, axis=0) for x in (A3, SURE))
    predicted = f0_hz.copy()
    predicted[0, 100:] = 1000.0  # One fifth is wrong.
    predicted[1, 100:] = 1000.0
    confidence[1, 100:] = 0.84  # Not in what is sure.
    confidence[2] = 0.0
    predicted[2] = 1000.0
    means = curve_means({"f0_hz": f0_hz, "f0_confidence": confidence}, predicted)
    assert means["raw_pitch_accuracy"] == pytest.approx(0.9)
    assert means["raw_chroma_accuracy"] == pytest.approx(0.9)


def test_tolerance_can_be_chosen() -> None:
    batch = {"f0_hz": A3, "f0_confidence": SURE}
    predicted = A3 * SEMITONE**0.6
    assert curve_means(batch, predicted)["raw_pitch_accuracy"] == 0.0
    wide = curve_means(batch, predicted, rpa_tolerance=70)
    assert (wide["raw_pitch_accuracy"], wide["raw_chroma_accuracy"]) == (1.0, 1.0)


def test_other_number_of_frames_covers_the_same_time() -> None:
    rising = np.linspace(200.0, 300.0, 100, dtype=np.float32)[np.newaxis]
    batch = {"f0_hz": rising, "f0_confidence": np.ones_like(rising)}
    finer = np.interp(np.arange(200) / 2, np.arange(100), rising[0])[np.newaxis]
    means = curve_means(batch, finer)
    assert means["raw_pitch_accuracy"] == 1.0
    assert means["f0_dist"] < 0.01
    assert batch["f0_hz"].shape == (1, 100)  # The batch is left as it was.


def test_means_bear_their_own_names() -> None:
    # Those of the original's accuracies bore each other's (T38).
    for kind in (metrics.F0Metrics, metrics.F0CrepeMetrics, metrics.LoudnessMetrics):
        means = kind(16000, 250).metrics
        assert means
        assert [mean.name for mean in means.values()] == list(means)
