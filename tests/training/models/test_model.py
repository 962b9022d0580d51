import numpy as np
import pytest
import tensorflow as tf
from small_models import tiny_autoencoder

from ddsp.training import checkpoints, models
from ddsp.training.errors import InputError


def saved_tiny_autoencoder(folder):
    """A model in a folder, and what it decodes."""
    model, features = tiny_autoencoder()
    outputs = model(features, training=False)
    checkpoints.save_checkpoint(model, None, folder, step=3)
    return outputs, features


def test_total_loss_is_the_sum_of_the_losses():
    model, features = tiny_autoencoder()
    assert float(model.sum_losses({"a": tf.constant(1.0), "b": tf.constant(2.0)})) == 3
    _, losses = model(features, return_losses=True, training=True)
    assert set(losses) == {"spectral_loss", "total_loss"}
    assert float(losses["total_loss"]) == float(losses["spectral_loss"]) > 0.0


def test_losses_are_computed_whenever_they_are_asked_for():
    model, features = tiny_autoencoder()
    _, training = model(features, return_losses=True, training=True)
    _, evaluation = model(features, return_losses=True, training=False)
    assert float(evaluation["total_loss"]) == float(training["total_loss"])


def test_a_model_without_losses_has_a_total_of_0():
    model, features = tiny_autoencoder()
    model.loss_objs = []
    _, losses = model(features, return_losses=True)
    assert {name: float(loss) for name, loss in losses.items()} == {"total_loss": 0.0}


def test_features_without_audio_play_without_losses():
    model, features = tiny_autoencoder()
    del features["audio"]
    assert "audio_synth" in model(features)


def test_a_failed_call_leaves_no_losses_behind():
    model, features = tiny_autoencoder()
    with pytest.raises(TypeError):
        model({"f0_hz": features["f0_hz"]}, return_losses=True)
    model.loss_objs = []
    assert set(model(features, return_losses=True)[1]) == {"total_loss"}


def test_restoring_a_built_model_gives_its_outputs_at_once(tmp_path):
    expected, features = saved_tiny_autoencoder(tmp_path)
    model, _ = tiny_autoencoder()
    model(features, training=False)
    model.restore(tmp_path)
    np.testing.assert_array_equal(model(features)["amps"], expected["amps"])


def test_restoring_before_building_acts_on_the_first_call(tmp_path):
    expected, features = saved_tiny_autoencoder(tmp_path)
    model, _ = tiny_autoencoder()
    model.restore(str(tmp_path / "ckpt-3"))
    np.testing.assert_array_equal(model(features)["amps"], expected["amps"])


def test_restoring_before_building_acts_in_a_graph_too(tmp_path):
    expected, features = saved_tiny_autoencoder(tmp_path)
    model, _ = tiny_autoencoder()
    model.restore(tmp_path)
    run = tf.function(lambda x: model(x, training=False)["amps"])
    np.testing.assert_allclose(run(features), expected["amps"], atol=1e-6)
    model.decoder.dense_out.bias.assign_add(tf.ones([6]))
    np.testing.assert_allclose(run(features), expected["amps"] + 1.0, atol=1e-6)


def test_parts_refuse_to_run_before_they_are_restored(tmp_path):
    expected, features = saved_tiny_autoencoder(tmp_path)
    model, _ = tiny_autoencoder()
    model.restore(tmp_path)
    with pytest.raises(RuntimeError, match="Call the model once"):
        model.encode(features)
    model(features)
    audio = model.decode(model.encode(features))
    np.testing.assert_allclose(audio, expected["audio_synth"], atol=1e-6)


def test_chosen_parts_alone_are_restored(tmp_path):
    expected, features = saved_tiny_autoencoder(tmp_path)
    model, _ = tiny_autoencoder()
    before = model(features)["amps"]
    model.restore(tmp_path, restore_keys=[])
    np.testing.assert_array_equal(model(features)["amps"], before)
    model.restore(tmp_path, restore_keys=["decoder"])
    np.testing.assert_array_equal(model(features)["amps"], expected["amps"])


def test_a_folder_without_checkpoint_is_refused_at_once(tmp_path):
    model, _ = tiny_autoencoder()
    with pytest.raises(InputError, match="A checkpoint must be"):
        model.restore(tmp_path)


def test_subclasses_must_say_what_they_do():
    with pytest.raises(NotImplementedError, match="call"):
        models.Model().call({})
    with pytest.raises(NotImplementedError, match="get_audio_from_outputs"):
        models.Model().get_audio_from_outputs({})


def test_get_model_needs_a_configuration():
    with pytest.raises(RuntimeError, match="Required bindings"):
        models.get_model()
