import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import TRAINED, tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.checkpoints import view
from ddsp.training.errors import InputError


def trained_tiny_autoencoder(n_steps=2):
    """A model and its optimizer after some steps."""
    model, features = tiny_autoencoder()
    model(features)
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)
    step(model, optimizer, features, n_steps)
    return model, optimizer, features


def step(model, optimizer, features, n_steps):
    for _ in range(n_steps):
        with tf.GradientTape() as tape:
            _, losses = model(features, return_losses=True)
        gradients = tape.gradient(losses["total_loss"], model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)


def values(model):
    return {k: v.numpy() for k, v in checkpoints.named_variables(model).items()}


def assert_equal(left, right):
    assert left.keys() == right.keys()
    assert left
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


def test_training_goes_on_as_if_it_had_never_stopped(tmp_path):
    model, optimizer, features = trained_tiny_autoencoder()
    checkpoints.save_checkpoint(model, optimizer, tmp_path, step=2)
    again, _ = tiny_autoencoder()
    again(features)
    fresh = keras.optimizers.Adam(0.01)
    assert checkpoints.restore_checkpoint(again, tmp_path, fresh) == 2
    assert int(fresh.iterations) == 2
    for m, o in ((model, optimizer), (again, fresh)):
        step(m, o, features, 2)
    assert_equal(values(again), values(model))


def test_a_model_alone_is_restored_without_its_optimizer(tmp_path):
    model, _, features = trained_tiny_autoencoder()
    checkpoints.save_checkpoint(model, None, tmp_path, step=7)
    again, _ = tiny_autoencoder()
    again(features)
    assert checkpoints.restore_checkpoint(again, tmp_path) == 7
    assert_equal(values(again), values(model))


def test_a_missing_variable_is_named_and_nothing_is_changed(tmp_path):
    model, _, features = trained_tiny_autoencoder()
    tree = view.variable_tree(model)
    del tree["decoder"]["dense_out"]["kernel"]
    view.as_checkpoint({"model": tree}).save(str(tmp_path / "ckpt"))
    again, _ = tiny_autoencoder()
    again(features)
    before = values(again)
    with pytest.raises(InputError, match="without model/decoder/dense_out/kernel"):
        checkpoints.restore_checkpoint(again, tmp_path)
    assert_equal(values(again), before)


def test_a_variable_of_another_shape_is_named(tmp_path):
    model, optimizer, features = trained_tiny_autoencoder()
    checkpoints.save_checkpoint(model, optimizer, tmp_path, step=1)
    again, _ = tiny_autoencoder()
    again.decoder.dense_out = keras.layers.Dense(9)
    again.decoder.output_splits = (("amps", 1), ("harmonic_distribution", 8))
    again(features)
    with pytest.raises(InputError, match=r"dense_out/kernel must have shape \[4, 9\]"):
        checkpoints.restore_checkpoint(again, tmp_path)


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("part", [0.0, 0.5])
def test_a_damaged_checkpoint_is_an_error_that_names_it(ending, part, tmp_path):
    model, optimizer, _ = trained_tiny_autoencoder(1)
    path = checkpoints.save_checkpoint(model, optimizer, tmp_path, step=1)
    file = tmp_path / f"ckpt-1.{ending}"
    file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])
    with pytest.raises(InputError, match="cannot be read") as caught:
        checkpoints.restore_checkpoint(model, tmp_path)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_data_file_is_an_error(tmp_path):
    model, optimizer, _ = trained_tiny_autoencoder(1)
    checkpoints.save_checkpoint(model, optimizer, tmp_path, step=1)
    (tmp_path / "ckpt-1.data-00000-of-00001").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        checkpoints.restore_checkpoint(model, tmp_path)


def test_moments_that_do_not_fit_start_afresh(tmp_path):
    model, _, features = trained_tiny_autoencoder()
    checkpoints.save_checkpoint(model, None, tmp_path, step=2)
    again, _ = tiny_autoencoder()
    again(features)
    optimizer = keras.optimizers.Adam()
    assert checkpoints.restore_checkpoint(again, tmp_path, optimizer) == 2
    assert int(optimizer.iterations) == 2
    assert all(not np.any(m) for m in optimizer._momentums)
    assert_equal(values(again), values(model))


def test_moments_follow_their_variables_and_not_their_order(tmp_path):
    model, optimizer, features = trained_tiny_autoencoder()
    checkpoints.save_checkpoint(model, optimizer, tmp_path, step=2)
    again, _ = tiny_autoencoder()
    again(features)
    shuffled = keras.optimizers.Adam()
    shuffled.build(again.trainable_variables[::-1])
    checkpoints.restore_checkpoint(again, tmp_path, shuffled)
    for left, right in zip(
        optimizer._momentums, shuffled._momentums[::-1], strict=True
    ):
        np.testing.assert_array_equal(left, right)


def test_values_nobody_asked_for_are_reported(caplog):
    model, features = tiny_autoencoder()
    model.decoder = None
    model.encoder = None
    checkpoints.restore_checkpoint(model, TRAINED / "tiny_small", verbose=False)
    assert not caplog.records
    checkpoints.restore_checkpoint(model, TRAINED / "tiny_small")
    assert "6 values" in caplog.text
    assert features


def test_a_checkpoint_without_names_is_an_error(tmp_path):
    path = str(tmp_path / "ckpt-1")
    tf.raw_ops.SaveV2(
        prefix=path, tensor_names=["x"], shape_and_slices=[""], tensors=[tf.ones([2])]
    )
    with pytest.raises(InputError, match="CHECKPOINTABLE"):
        checkpoints.restore_checkpoint(keras.layers.Dense(1), path)
