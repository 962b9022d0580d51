"""Properties that all losses share: gradients, graphs, batches, settings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ddsp import losses

BATCH, N_FRAMES, N_SAMPLES = 3, 5, 1600


def amps(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(0.2, 1.0, [BATCH, N_FRAMES, n])


def freqs(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(200.0, 900.0, [BATCH, N_FRAMES, n])


def audio(rng: np.random.Generator) -> np.ndarray:
    """Noise without high frequencies."""
    noise = rng.normal(size=[BATCH, N_SAMPLES + 63])
    return np.stack([np.convolve(x, np.hanning(64), "valid") for x in noise]) / 10.0


def sinusoids(rng: np.random.Generator) -> list[np.ndarray]:
    return [amps(rng, 4), freqs(rng, 4), amps(rng, 3), freqs(rng, 3)]


CASES: dict[str, tuple[Callable[[], Any], Callable[..., list[np.ndarray]]]] = {
    "EmbeddingLoss": (
        lambda: losses.EmbeddingLoss(2.0, "L2", pretrained_model=tf.nn.softplus),
        lambda rng: [audio(rng), audio(rng)],
    ),
    "FilteredNoiseConsistencyLoss": (
        lambda: losses.FilteredNoiseConsistencyLoss(2.0),
        lambda rng: [amps(rng, 9), amps(rng, 9)],
    ),
    "HarmonicConsistencyLoss": (
        lambda: losses.HarmonicConsistencyLoss(2.0, 3.0, 4.0, amp_threshold=0.5),
        lambda rng: (
            [f(rng, n) for f, n in ((amps, 1), (amps, 4)) for _ in range(2)]
            + [freqs(rng, 1), freqs(rng, 1)]
        ),
    ),
    "HmmTranscriber": (
        lambda: losses.HmmTranscriber(avg_length=5, n_pitches=16, weight=2.0),
        lambda rng: [8.0 * amps(rng, 1), 2.0 * amps(rng, 1)],
    ),
    "KDEConsistencyLoss": (
        lambda: losses.KDEConsistencyLoss(1.0, 2.0, 3.0, 0.5, 0.7),
        sinusoids,
    ),
    "NoiseToHarmonicsLoss": (
        lambda: losses.NoiseToHarmonicsLoss(2.0, max_ratio_db=-30.0, frame_size=512),
        lambda rng: [audio(rng), audio(rng)],
    ),
    "NoiseToHarmonicsLoss with target": (
        lambda: losses.NoiseToHarmonicsLoss(2.0, "L2", frame_size=512),
        lambda rng: [audio(rng) for _ in range(4)],
    ),
    "ParamLoss": (
        lambda: losses.ParamLoss(2.0, "L2"),
        lambda rng: [amps(rng, 3), amps(rng, 3)],
    ),
    "PretrainedCREPEEmbeddingLoss": (
        lambda: losses.PretrainedCREPEEmbeddingLoss(0.01, "L2"),
        lambda rng: [audio(rng), audio(rng)],
    ),
    "TWMLoss": (
        lambda: losses.TWMLoss(1.0, 2.0, softmin_temperature=5.0),
        lambda rng: [freqs(rng, 3), freqs(rng, 4), amps(rng, 4)],
    ),
    "WassersteinConsistencyLoss": (
        lambda: losses.WassersteinConsistencyLoss(2.0),
        sinusoids,
    ),
}
every_loss = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def total(result: Any) -> tf.Tensor:
    return tf.add_n(list(result.values())) if isinstance(result, dict) else result


def float32(arrays: list[np.ndarray]) -> list[tf.Tensor]:
    return [tf.constant(x, tf.float32) for x in arrays]


@every_loss
def test_gradient_agrees_with_finite_differences(
    case: tuple, rng: np.random.Generator
) -> None:
    loss, arrays = case[0](), case[1](rng)
    inputs = float32(arrays)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = total(loss(*inputs))
    gradients = [x.numpy().astype(np.float64) for x in tape.gradient(value, inputs)]
    # Uphill in all inputs, by steps so small that few values change their order. The
    # kinks of CREPE's pooling lie closer together.
    is_crepe = isinstance(loss, losses.PretrainedCREPEEmbeddingLoss)
    size, rtol = (1e-3, 3e-3) if is_crepe else (2e-3, 1e-3)
    steps = [
        size * np.abs(x) * np.sign(g) * rng.uniform(0.5, 1.0, x.shape)
        for x, g in zip(arrays, gradients, strict=True)
    ]

    def along(factor: float) -> float:
        moved = [x + factor * step for x, step in zip(arrays, steps, strict=True)]
        return float(total(loss(*float32(moved))))

    expected = (8 * (along(1) - along(-1)) - (along(2) - along(-2))) / 12
    found = sum(np.sum(g * step) for g, step in zip(gradients, steps, strict=True))
    assert expected > 1e-4 * abs(float(value))
    np.testing.assert_allclose(found, expected, rtol=rtol)


@every_loss
def test_graphs_and_compiled_code_equal_eager(
    case: tuple, rng: np.random.Generator
) -> None:
    loss, inputs = case[0](), float32(case[1](rng))

    def value_and_gradient(*inputs: tf.Tensor) -> tuple:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = total(loss(*inputs))
        return value, *tape.gradient(value, inputs)

    signature = [tf.TensorSpec([None, *x.shape[1:]]) for x in inputs]
    expected = value_and_gradient(*inputs)
    for jit in (False, True):
        traced = tf.function(
            value_and_gradient, input_signature=signature, jit_compile=jit
        )
        for found, want in zip(traced(*inputs), expected, strict=True):
            scale = float(np.abs(want).max())
            np.testing.assert_allclose(found, want, rtol=1e-3, atol=1e-4 * scale)
        # Compiled code has slopes of its own at zero.
        for factor in (0.0, 1e-12, 1e4):
            for found in traced(*[factor * x for x in inputs]):
                assert np.isfinite(found).all()


@every_loss
@pytest.mark.parametrize("factor", [0.0, 1e-12, 1e4])
def test_value_and_gradient_are_finite_on_silence_and_extremes(
    case: tuple, factor: float, rng: np.random.Generator
) -> None:
    inputs = float32([factor * x for x in case[1](rng)])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = total(case[0]()(*inputs))
    assert np.isfinite(value)
    for gradient in tape.gradient(value, inputs):
        assert gradient is None or np.isfinite(gradient).all()


@every_loss
def test_training_changes_nothing(case: tuple, rng: np.random.Generator) -> None:
    loss, inputs = case[0](), float32(case[1](rng))
    names = [f"input_{index}" for index in range(len(inputs))]
    group = losses.LossGroup([(loss, names)])
    features = dict(zip(names, inputs, strict=True))
    training, inference = (group(features, training=x) for x in (True, False))
    assert list(training) == list(inference) != []
    for name, value in training.items():
        np.testing.assert_array_equal(value, inference[name])
    np.testing.assert_array_equal(total(training), total(loss(*inputs)))


@every_loss
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_precisions_are_promoted(
    case: tuple, dtype: type, rng: np.random.Generator
) -> None:
    arrays = [x.astype(np.float16) for x in case[1](rng)]
    value = total(case[0]()(*[x.astype(dtype) for x in arrays]))
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, total(case[0]()(*float32(arrays))), rtol=1e-6)


@every_loss
def test_arrays_and_tensors_of_different_precision_can_be_mixed(
    case: tuple, rng: np.random.Generator
) -> None:
    arrays = [x.astype(np.float32) for x in case[1](rng)]
    expected = total(case[0]()(*float32(arrays)))
    for first in (0, 1):
        mixed = [
            x.astype(np.float64) if index % 2 == first else tf.constant(x)
            for index, x in enumerate(arrays)
        ]
        # Keras would convert what is given to the loss itself.
        np.testing.assert_allclose(total(case[0]().call(*mixed)), expected, rtol=1e-5)
        doubles = [x if tf.is_tensor(x) else tf.constant(x) for x in mixed]
        np.testing.assert_allclose(total(case[0]().call(*doubles)), expected, rtol=1e-5)


@every_loss
def test_settings_build_the_same_loss_again(
    case: tuple, rng: np.random.Generator
) -> None:
    loss, inputs = case[0](), float32(case[1](rng))
    again = type(loss).from_config(loss.get_config())
    np.testing.assert_array_equal(total(again(*inputs)), total(loss(*inputs)))
    assert again.name == loss.name


def test_mixed_precision_does_not_reach_losses() -> None:
    tf.keras.config.set_dtype_policy("mixed_float16")
    try:
        loss = losses.ParamLoss()
        value = loss(tf.fill([2, 3], 1e6), tf.zeros([2, 3]))
    finally:
        tf.keras.config.set_dtype_policy("float32")
    assert float(value) == 1e6


EQUAL = [
    (lambda: losses.EmbeddingLoss(pretrained_model=tf.square), ["audio"] * 2),
    (losses.FilteredNoiseConsistencyLoss, ["amps"] * 2),
    (losses.HarmonicConsistencyLoss, ["amps"] * 4 + ["freqs"] * 2),
    (losses.NoiseToHarmonicsLoss, ["audio", "amps", "audio", "amps"]),
    (losses.ParamLoss, ["freqs"] * 2),
    (losses.PretrainedCREPEEmbeddingLoss, ["audio"] * 2),
    (losses.WassersteinConsistencyLoss, ["amps", "freqs"] * 2),
]


@pytest.mark.parametrize(("build", "kinds"), EQUAL)
@pytest.mark.parametrize("compiled", [False, True])
def test_equal_things_have_no_loss(
    build: Callable, kinds: list[str], compiled: bool, rng: np.random.Generator
) -> None:
    things = {"audio": audio(rng), "amps": amps(rng, 4), "freqs": freqs(rng, 4)}
    if "audio" in kinds:
        things["amps"] = audio(rng)
    inputs = float32([things[kind] for kind in kinds])
    loss = build()
    found = tf.function(loss, jit_compile=compiled)(*inputs)
    np.testing.assert_allclose(total(found), 0.0, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (losses.HarmonicConsistencyLoss, "harmonic_consistency_loss"),
        (losses.FilteredNoiseConsistencyLoss, "filtered_noise_consistency_loss"),
        (losses.KDEConsistencyLoss, "kde_consistency_loss"),
        (losses.TWMLoss, "twm_loss"),
        (losses.ParamLoss, "param_loss"),
        (losses.HmmTranscriber, "hmm_transcriber"),
        (losses.PretrainedCREPEEmbeddingLoss, "pretrained_crepe_embedding_loss"),
        (lambda: losses.ParamLoss(name="mine"), "mine"),
    ],
)
def test_names_do_not_depend_on_what_was_built_before(
    build: Callable, name: str
) -> None:
    assert [build().name for _ in range(2)] == [name] * 2
