import gin
import numpy as np
import pytest
import tensorflow as tf
from small_models import (
    GOLDEN,
    TRAINED,
    assert_as_recorded,
    build,
    recorded_run,
    tiny_autoencoder,
)

from ddsp import losses
from ddsp.training import config, models


@pytest.mark.parametrize("before", [True, False], ids=["deferred", "built"])
@pytest.mark.parametrize("name", ["solo_small", "tiny_small"])
def test_checkpoints_of_the_original_give_its_outputs(name, before):
    model, (features, recorded) = build(TRAINED / name), recorded_run(TRAINED / name)
    if not before:
        model(features, training=False)
    model.restore(TRAINED / name)
    assert_as_recorded(model(features, training=False), recorded)


@pytest.mark.parametrize("before", [True, False], ids=["deferred", "built"])
def test_checkpoint_with_latent_timbre_gives_the_outputs_of_the_original(before):
    folder = TRAINED / "ae_small"
    model, (features, recorded) = build(folder), recorded_run(folder)
    # The recording is a pure tone: its cepstrum is rounding noise, and so is z. The
    # decoder is given the recorded z; the encoder is compared in test_mfcc.py.
    compute_z = model.encoder.compute_z
    model.encoder.expand_z = lambda z, _: recorded["z"] + 0.0 * z[:, :1]
    if not before:
        model(features, training=False)
    model.restore(folder)
    outputs = model(features, training=False)
    assert_as_recorded(outputs, recorded)
    assert np.isfinite(compute_z(features["audio"])).all()


@pytest.mark.parametrize("name", ["tiny_instrument", "nsynth_ae"])
def test_models_of_full_length_give_the_outputs_of_the_original(name):
    folder = GOLDEN / "checkpoints" / name
    recorded = np.load(folder / "expected.npz")
    features = {k[3:]: recorded[k] for k in recorded.files if k.startswith("in/")}
    outputs = {k[4:]: recorded[k] for k in recorded.files if k.startswith("out/")}
    model = build(folder)
    if "audio" not in features:
        # Loudness came from audio that was not kept, and is known from its output.
        model.preprocessor.compute_loudness = False
        features["loudness_db"] = 80.0 * (outputs["ld_scaled"] - 1.0)
    model.restore(folder)
    assert_as_recorded(model(features, training=False), outputs)


def test_outputs_hold_features_controls_and_sound():
    model, features = tiny_autoencoder()
    outputs = model(features, training=False)
    assert {"audio", "f0_hz", "inputs", "amps", "harmonic", "out"} < outputs.keys()
    audio = model.get_audio_from_outputs(outputs)
    np.testing.assert_array_equal(audio, outputs["harmonic"]["signal"])


def test_encoding_and_decoding_leave_their_input_alone():
    model, features = tiny_autoencoder()
    features = {name: tf.constant(value) for name, value in features.items()}
    names = set(features)
    encoded = model.encode(features)
    assert set(features) == names
    assert set(encoded) == names | {"f0_scaled", "ld_scaled"}
    names = set(encoded)
    audio = model.decode(encoded)
    assert set(encoded) == names
    np.testing.assert_allclose(audio, model(features)["audio_synth"], atol=1e-6)


def test_a_built_model_plays_other_lengths_and_batches():
    model, features = tiny_autoencoder()
    short = model(features)["audio_synth"]
    model.preprocessor.time_steps = 25
    model.processor_group.harmonic.n_samples = 1600
    longer = {
        "f0_hz": np.full([3, 25], 440.0, np.float32),
        "loudness_db": np.full([3, 25], -20.0, np.float32),
    }
    audio = model(longer)["audio_synth"]
    assert audio.shape == [3, 1600]
    # The last frames differ, for the last one is held.
    np.testing.assert_allclose(audio[:1, :500], short[:, :500], atol=1e-5)


def test_one_step_against_the_gradient_lowers_the_loss():
    model, features = tiny_autoencoder()
    model(features)
    with tf.GradientTape() as tape:
        _, losses = model(features, return_losses=True, training=True)
    gradients = tape.gradient(losses["total_loss"], model.trainable_variables)
    squares = tf.add_n([tf.reduce_sum(gradient**2) for gradient in gradients])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        variable.assign_sub(1e-3 / squares * gradient)
    _, after = model(features, return_losses=True)
    fall = float(losses["total_loss"] - after["total_loss"])
    np.testing.assert_allclose(fall, 1e-3, rtol=0.2)


def test_gin_puts_models_together():
    config.parse_gin(
        ["models/solo_instrument.gin"],
        ["RnnFcDecoder.rnn_channels = 4", "RnnFcDecoder.ch = 4"],
    )
    for model in (models.get_model(), models.Autoencoder()):
        assert model.decoder.rnn.rnn.units == 4
        assert [p.name for p in model.processor_group.processors] == [
            "harmonic",
            "filtered_noise",
            "add",
            "reverb",
        ]
    gin.clear_config()
    assert models.Autoencoder().decoder is None


def test_two_losses_of_one_name_are_refused() -> None:
    model = models.Model()
    loss = losses.SpectralLoss(fft_sizes=(64,))
    audio = tf.zeros([1, 256])
    with pytest.raises(ValueError, match="share a name"):
        model._update_losses_dict([loss, loss], audio, audio)


def test_what_is_no_loss_is_refused() -> None:
    with pytest.raises(TypeError, match="get_losses_dict"):
        models.Model()._update_losses_dict([abs], tf.zeros([1]))
