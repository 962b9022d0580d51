"""The packaged models at full size, as a user trains them; only the batch is small."""

from typing import NamedTuple

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import config, models, trainers

SECS = 4


class Shipped(NamedTuple):
    """What a packaged config promises."""

    n_parameters: int
    sample_rate: int
    n_frames: int


# The numbers are those of the original's models, counted with the original.
SHIPPED = {
    "models/ae.gin": Shipped(7_251_186, 16000, 1000),
    "models/solo_instrument.gin": Shipped(4_849_150, 16000, 1000),
    "models/vst/vst.gin": Shipped(1_889_278, 16000, 201),
    "models/vst/vst_32k.gin": Shipped(1_908_039, 32000, 201),
    "models/vst/vst_48k.gin": Shipped(1_908_039, 48000, 201),
    "papers/iclr2020/tiny_instrument.gin": Shipped(280_314, 16000, 1000),
}
# Entry points that train one of these models.
SAME = {
    "papers/iclr2020/nsynth_ae.gin": "models/ae.gin",
    "papers/iclr2020/solo_instrument.gin": "models/solo_instrument.gin",
}


def features_of(shipped: Shipped) -> dict[str, tf.Tensor]:
    """One example of random features."""
    rng = np.random.default_rng(3)
    n_frames = shipped.n_frames
    features = {
        "audio": 0.1 * rng.standard_normal(SECS * shipped.sample_rate),
        "audio_16k": 0.1 * rng.standard_normal(SECS * 16000),
        "f0_hz": 200.0 + 100.0 * rng.random(n_frames),
        "f0_confidence": np.ones(n_frames),
        "loudness_db": -40.0 * rng.random(n_frames),
    }
    return {
        name: tf.constant(value[np.newaxis], tf.float32)
        for name, value in features.items()
    }


def parse(name: str) -> None:
    config.parse_gin(["optimization/base.gin", name], ["batch_size = 1"])


def description(name: str) -> str:
    """All that a config says about a model, and nothing else."""
    with config.isolated_gin():
        parse(name)
        models.get_model()
        return config.operative_config_str()


# One test, not four: the model is built and traced once.
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_plays_and_learns_with_all_its_variables(name):
    shipped = SHIPPED[name]
    parse(name)
    model = models.get_model()
    trainer = trainers.Trainer(model, tf.distribute.get_strategy())
    features = features_of(shipped)
    trainer.build(features)
    assert model.count_params() == shipped.n_parameters

    outputs = model(features, training=False)
    audio = model.get_audio_from_outputs(outputs).numpy()
    assert audio.shape == (1, SECS * shipped.sample_rate)
    assert np.all(np.isfinite(audio))
    assert np.std(audio) > 1e-4

    before = [variable.numpy() for variable in model.trainable_variables]
    losses = [trainer.train_step(features)["total_loss"] for _ in range(3)]
    assert np.all(np.isfinite(losses))
    # Adam moves a variable if and only if it has a gradient that is not zero.
    unmoved = [
        variable.path
        for variable, value in zip(model.trainable_variables, before, strict=True)
        if np.array_equal(variable.numpy(), value)
    ]
    assert len(before) > 5
    assert unmoved == []


@pytest.mark.parametrize(("paper", "name"), SAME.items())
def test_papers_train_the_models_of_the_package(paper, name):
    assert description(paper) == description(name)
    assert "RnnFcDecoder.output_splits" in description(name)


@pytest.mark.parametrize("name", [name for name in SHIPPED if "vst" in name])
def test_the_plug_in_s_macros_can_be_asked_for(name):
    parse(name)
    rate, size = (gin.query_parameter(f"%frame_{x}") for x in ("rate", "size"))
    sample_rate = gin.query_parameter("%sample_rate")
    assert (rate, size, sample_rate) == (50, 1024, SHIPPED[name].sample_rate)
    # Whole frames, of which the last is cut off again.
    n_samples = SHIPPED[name].n_frames * sample_rate // rate
    assert gin.query_parameter("%n_samples") == n_samples
    assert gin.query_parameter("Crop.frame_size") == sample_rate // rate
