"""The pitch of sinusoids is that which explains them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_values

from ddsp.training import evaluators

N_FRAMES = 20
NUMBERS = np.arange(1.0, 9.0)


def batch_of(*f0s_hz: float) -> dict[str, np.ndarray]:
    return {"f0_hz": np.repeat(np.reshape(f0s_hz, [-1, 1]), N_FRAMES, axis=1)}


def outputs_of(*f0s_hz: float, name: str = "sinusoidal") -> dict[str, Any]:
    """Sinusoids at the harmonics of each pitch."""
    f0_hz = batch_of(*f0s_hz)["f0_hz"][..., np.newaxis]
    controls = {
        "frequencies": tf.constant(f0_hz * NUMBERS, tf.float32),
        "amplitudes": tf.constant(np.ones_like(f0_hz) / NUMBERS, tf.float32),
    }
    return {name: {"controls": controls}}


def judge(batch: Any, outputs: Any, **kwargs: Any) -> dict[str, float]:
    evaluator = evaluators.TWMEvaluator(16000, 250, **kwargs)
    evaluator.evaluate(batch, outputs, {})
    means = evaluator.flush(step=1)
    assert evaluator.flush(step=2) == {}
    return {tag.removeprefix("metrics/f0_twm/"): x for tag, x in means.items()}


def test_harmonics_have_the_pitch_of_their_fundamental() -> None:
    means = judge(batch_of(220.0, 330.0), outputs_of(220.0, 330.0))
    assert means["raw_pitch_accuracy"] == 1.0
    assert means["f0_dist"] == pytest.approx(0.0, abs=1e-4)


def test_each_example_is_compared_with_its_own_pitch() -> None:
    means = judge(batch_of(220.0, 330.0), outputs_of(220.0, 330.0 * 2 ** (3 / 12)))
    assert means["raw_pitch_accuracy"] == 0.5
    assert means["f0_dist"] == pytest.approx(1.5, abs=1e-3)


def test_another_processor_can_be_named() -> None:
    outputs = outputs_of(440.0, name="partials")
    means = judge(batch_of(440.0), outputs, processor_name="partials")
    assert means["raw_pitch_accuracy"] == 1.0
    with pytest.raises(ValueError, match=r"amplitudes, frequencies in sinusoidal/"):
        judge(batch_of(440.0), outputs)


def test_sinusoids_that_stand_for_noise_do_not_count() -> None:
    outputs = outputs_of(220.0)
    controls = outputs["sinusoidal"]["controls"]
    # A loud rumble, and its multiples, below.
    rumble = tf.ones([1, N_FRAMES, 1]) * tf.constant(90.0 * NUMBERS, tf.float32)
    both = {
        "frequencies": tf.concat([controls["frequencies"], rumble], axis=-1),
        "amplitudes": tf.concat(
            [controls["amplitudes"], 9.0 * controls["amplitudes"]], axis=-1
        ),
        "noise_ratios": tf.concat(
            [tf.zeros([1, N_FRAMES, 8]), tf.ones([1, N_FRAMES, 8])], axis=-1
        ),
    }
    outputs = {"sinusoidal": {"controls": both}}
    assert judge(batch_of(220.0), outputs)["raw_pitch_accuracy"] == 0.0
    quiet = judge(batch_of(220.0), outputs, noisy=True)
    assert quiet["raw_pitch_accuracy"] == 1.0
    del both["noise_ratios"]
    with pytest.raises(ValueError, match="must have noise_ratios in"):
        judge(batch_of(220.0), outputs, noisy=True)


def test_pitch_is_drawn(tmp_path: Path) -> None:
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        evaluator = evaluators.TWMEvaluator(16000, 250)
        evaluator.sample(batch_of(220.0, 330.0), outputs_of(220.0, 330.0), step=4)
    assert set(read_values(tmp_path)) == {"f0_midi/f0_twm_1", "f0_midi/f0_twm_2"}
