"""The spectral loss against spectrograms in float64."""

import numpy as np
import pytest
import tensorflow as tf
from signals import magnitude_truth, sine

from ddsp import losses

WEIGHTS = ["mag", "delta_time", "delta_freq", "cumsum_freq", "logmag", "loudness"]


def test_loss_of_the_paper_equals_its_definition() -> None:
    target, audio = 0.5 * sine(440, 4000), 0.3 * sine(523, 4000)
    expected = 0.0
    for size in (512, 128):
        x, y = magnitude_truth(target, size), magnitude_truth(audio, size)
        logs = [np.log(np.where(s <= 0, 1e-5, s)) for s in (x, y)]
        expected += np.abs(x - y).mean() + np.abs(logs[0] - logs[1]).mean()
    loss = losses.SpectralLoss(fft_sizes=(512, 128), logmag_weight=1.0)
    # Logarithms of the near-silent bins differ by float32 rounding.
    np.testing.assert_allclose(loss(target[None], audio[None]), expected, rtol=1e-2)


def test_magnitude_term_is_exact() -> None:
    target, audio = 0.5 * sine(440, 4000), 0.3 * sine(523, 4000)
    expected = np.abs(magnitude_truth(target, 512) - magnitude_truth(audio, 512)).mean()
    loss = losses.SpectralLoss(fft_sizes=(512,))
    np.testing.assert_allclose(loss(target[None], audio[None]), expected, rtol=1e-4)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("loss_type", ["L1", "L2", "COSINE"])
def test_each_term_is_zero_for_equal_and_positive_for_different_sounds(
    weight: str, loss_type: str
) -> None:
    settings = {f"{name}_weight": float(name == weight) for name in WEIGHTS}
    loss = losses.SpectralLoss(fft_sizes=(256,), loss_type=loss_type, **settings)
    swell = np.linspace(0.01, 1.0, 4000, dtype=np.float32)
    target, audio = sine(440, 4000)[None], (swell * sine(880, 4000))[None]
    np.testing.assert_allclose(loss(target, target), 0.0, atol=1e-5)
    assert float(loss(target, audio)) > 1e-3


@pytest.mark.parametrize("weight", WEIGHTS)
def test_gradient_is_finite_on_silence(weight: str) -> None:
    settings = {f"{name}_weight": float(name == weight) for name in WEIGHTS}
    loss = losses.SpectralLoss(**settings)
    audio = tf.zeros([1, 4000])
    for target in (audio, tf.constant(sine(440, 4000)[None])):
        with tf.GradientTape() as tape:
            tape.watch(audio)
            value = loss(target, audio)
        assert np.isfinite(value)
        assert np.isfinite(tape.gradient(value, audio)).all()


def test_all_terms_off_is_zero() -> None:
    loss = losses.SpectralLoss(mag_weight=0.0)
    assert float(loss(tf.ones([1, 100]), tf.zeros([1, 100]))) == 0.0


def test_losses_carry_the_name_of_the_object() -> None:
    found = losses.SpectralLoss(fft_sizes=(64,), name="mine").get_losses_dict(
        tf.ones([1, 100]), tf.zeros([1, 100])
    )
    assert list(found) == ["mine"]


@pytest.mark.parametrize("of", ["target", "audio"])
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (0.7, 0.3)])
def test_gradient_is_the_derivative_of_the_definition(
    rng: np.random.Generator, of: str, weights: tuple[float, float]
) -> None:
    sizes = (128, 92, 64)  # One that is no power of two, as at 44.1 kHz.
    sounds = {name: rng.normal(size=700) for name in ("target", "audio")}

    def truth(target: np.ndarray, audio: np.ndarray) -> float:
        total = 0.0
        for size in sizes:
            x, y = magnitude_truth(target, size), magnitude_truth(audio, size)
            total += weights[0] * np.abs(x - y).mean()
            total += weights[1] * np.abs(np.log(x) - np.log(y)).mean()
        return total

    loss = losses.SpectralLoss(
        fft_sizes=sizes, mag_weight=weights[0], logmag_weight=weights[1]
    )
    tensors = {name: tf.constant(x[None], tf.float32) for name, x in sounds.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = loss(tensors["target"], tensors["audio"])
    gradient = np.float64(tape.gradient(value, tensors[of])[0])
    direction = rng.normal(size=700)
    up, down = (
        truth(**{**sounds, of: sounds[of] + sign * 1e-6 * direction})
        for sign in (1, -1)
    )
    scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
    np.testing.assert_allclose(
        gradient @ direction, (up - down) / 2e-6, atol=1e-3 * scale
    )


def test_gradient_of_nearly_silent_sound_is_finite() -> None:
    target = tf.constant(sine(440, 4000)[None])
    for level in (1e-30, 1e-20, 1e-10, 1e4):
        audio = tf.constant(level * sine(523, 4000)[None])
        with tf.GradientTape() as tape:
            tape.watch([audio, target])
            value = losses.SpectralLoss(logmag_weight=1.0)(target, audio)
        for gradient in tape.gradient(value, [audio, target]):
            assert np.isfinite(gradient).all()


@pytest.mark.parametrize("sizes", [(256, 64), (300, 176, 4), (61, 6)])
def test_paper_form_equals_the_general_one(
    rng: np.random.Generator, sizes: tuple[int, ...]
) -> None:
    # Weights of one take the general way.
    target, audio = rng.normal(size=[2, 3, 1000]).astype(np.float32)
    loss = losses.SpectralLoss(fft_sizes=sizes, mag_weight=0.3, logmag_weight=2.0)
    np.testing.assert_allclose(
        loss(target, audio), loss(target, audio, weights=1.0), rtol=1e-5
    )


def test_second_derivative_is_refused_instead_of_wrong() -> None:
    audio = tf.constant(sine(440, 500)[None])
    with tf.GradientTape() as outer:
        outer.watch(audio)
        with tf.GradientTape() as inner:
            inner.watch(audio)
            value = losses.SpectralLoss(fft_sizes=(64,))(0.5 * audio, audio)
        gradient = inner.gradient(value, audio)
    with pytest.raises(LookupError, match="no derivative"):
        outer.gradient(gradient, audio)


def test_unknown_distance_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="Got loss_type='foo'"):
        losses.SpectralLoss(loss_type="foo")
    with pytest.raises(ValueError, match="Got loss_type=None"):
        losses.SpectralLoss(loss_type=None)
    sound = tf.ones([1, 100])
    assert float(losses.SpectralLoss((64,), "l2")(sound, 2.0 * sound)) > 0.0


@pytest.mark.parametrize("settings", [{}, {"delta_time_weight": 1.0}])
def test_sounds_of_different_length_are_named(settings: dict) -> None:
    loss = losses.SpectralLoss(fft_sizes=(64,), **settings)
    with pytest.raises(ValueError, match=r"500 samples of target_audio and 400 samp"):
        loss(tf.ones([1, 500]), tf.ones([1, 400, 1]))
