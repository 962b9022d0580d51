import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import TRAINED, build, recorded_run, tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.checkpoints import saving
from ddsp.training.errors import InputError


def read(path):
    """All values of a checkpoint by key, without the object graph."""
    reader = tf.train.load_checkpoint(str(path))
    keys = reader.get_variable_to_shape_map()
    return {k: reader.get_tensor(k) for k in keys if not k.startswith("_CHECK")}


def built_optimizer(model, **settings):
    optimizer = keras.optimizers.Adam(**settings)
    optimizer.build(model.trainable_variables)
    return optimizer


@pytest.fixture
def tiny():
    model, features = tiny_autoencoder()
    model(features)
    return model


@pytest.mark.parametrize("name", ["solo_small", "tiny_small", "ae_small"])
def test_what_is_saved_is_what_the_original_had_saved(name, tmp_path):
    model = build(TRAINED / name)
    model(recorded_run(TRAINED / name)[0], training=False)
    optimizer = built_optimizer(model, learning_rate=0.0002999988)
    checkpoints.restore_checkpoint(model, TRAINED / name, optimizer)
    path = checkpoints.save_checkpoint(model, optimizer, tmp_path, step=3)
    saved, original = read(path), read(TRAINED / name / "ckpt-3")
    assert saved.keys() == original.keys()
    for key, value in original.items():
        assert np.asarray(saved[key]).dtype == np.asarray(value).dtype, key
        np.testing.assert_array_equal(saved[key], value, err_msg=key)


def test_a_folder_holds_the_newest_checkpoints_only(tiny, tmp_path):
    for step in (5, 10, 15):
        path = checkpoints.save_checkpoint(tiny, None, tmp_path, step, max_to_keep=2)
        assert checkpoints.get_latest_checkpoint(tmp_path) == path
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint",
        "ckpt-10.data-00000-of-00001",
        "ckpt-10.index",
        "ckpt-15.data-00000-of-00001",
        "ckpt-15.index",
    ]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    expected = [str(tmp_path / f"ckpt-{step}") for step in (10, 15)]
    assert list(state.all_model_checkpoint_paths) == expected


def test_saving_an_earlier_step_again_makes_it_the_newest(tiny, tmp_path):
    for step in (5, 10, 5):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step)
    latest = checkpoints.get_latest_checkpoint(tmp_path)
    assert latest == str(tmp_path / "ckpt-5")


def test_an_interrupted_save_leaves_the_earlier_checkpoint(tiny, tmp_path, monkeypatch):
    first = checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    before = read(first)
    rename, calls = tf.io.gfile.rename, []

    def killed(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        rename(*args, **kwargs)

    monkeypatch.setattr(tf.io.gfile, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step=2)
    monkeypatch.undo()
    assert checkpoints.get_latest_checkpoint(tmp_path) == first
    assert read(first).keys() == before.keys()
    checkpoints.save_checkpoint(tiny, None, tmp_path, step=2)
    assert not list(tmp_path.glob(f"{saving._TEMPORARY}*"))


def test_leftovers_of_a_killed_process_are_removed(tiny, tmp_path):
    leftover = tmp_path / f"{saving._TEMPORARY}1234"
    leftover.mkdir()
    (leftover / "ckpt-1.index").touch()
    checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    assert not leftover.exists()


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tiny, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="must be writable") as caught:
        checkpoints.save_checkpoint(tiny, None, tmp_path / "file", step=1)
    assert str(tmp_path / "file") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders_of_any_name_work(tiny, tmp_path):
    folder = tmp_path / "My Drive ünï (1) [2]"
    checkpoints.save_checkpoint(tiny, None, folder, step=1)
    kernel = tiny.decoder.dense_out.kernel
    before = kernel.numpy()
    kernel.assign(tf.zeros_like(kernel))
    assert checkpoints.restore_checkpoint(tiny, folder) == 1
    np.testing.assert_array_equal(kernel, before)
