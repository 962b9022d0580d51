"""Every folder that the original has left, loaded and written again."""

import functools
from pathlib import Path

import keras
import numpy as np
import pytest
from graph_files import SUFFIX, read_values
from small_models import GOLDEN, TRAINED, assert_as_recorded, build, recorded_run

from ddsp.training import checkpoints

FOLDERS = [
    *(TRAINED / name for name in ("solo_small", "tiny_small", "ae_small", "vst_small")),
    *(GOLDEN / "checkpoints" / name for name in ("tiny_instrument", "nsynth_ae")),
]
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)


@functools.cache
def restored(folder):
    """A model that was called once, then restored together with its optimizer."""
    if (folder / "io.npz").exists():
        features, _ = recorded_run(folder)
    else:
        recorded = np.load(folder / "expected.npz")
        features = {k[3:]: recorded[k] for k in recorded.files if k.startswith("in/")}
    model = build(folder)
    if "audio" not in features:
        model.preprocessor.compute_loudness = False
    model(features, training=False)
    # The rate of the third step: 0.0003 * 0.98 ** (2 / 10000).
    optimizer = keras.optimizers.Adam(0.0002999988)
    step = checkpoints.restore_checkpoint(model, folder, optimizer)
    return model, optimizer, step


def test_no_folder_of_the_original_is_left_out():
    found = {p.parent for p in GOLDEN.rglob("checkpoint") if p.is_file()}
    assert found == set(FOLDERS)


@every_folder
def test_every_variable_has_its_value(folder):
    model, optimizer, step = restored(folder)
    stored = read_values(folder / "ckpt-3")
    named = checkpoints.named_variables(model)
    assert step == int(optimizer.iterations) == 3
    assert {f"model/{n}" for n in named} == {k for k in stored if k[:6] == "model/"}
    for name, variable in named.items():
        np.testing.assert_array_equal(variable, stored[f"model/{name}"], err_msg=name)


@every_folder
def test_what_is_saved_is_what_the_original_had_saved(folder, tmp_path):
    model, optimizer, step = restored(folder)
    path = checkpoints.save_checkpoint(model, optimizer, tmp_path, step)
    saved, original = read_values(path), read_values(folder / "ckpt-3")
    assert saved.keys() == original.keys()
    for key, value in original.items():
        assert saved[key].dtype == value.dtype, key
        np.testing.assert_array_equal(saved[key], value, err_msg=key)


@pytest.mark.parametrize("folder", FOLDERS[:4], ids=lambda folder: folder.name)
def test_keys_are_those_that_were_listed(folder, tmp_path):
    model, optimizer, step = restored(folder)
    path = checkpoints.save_checkpoint(model, optimizer, tmp_path, step)
    lines = (folder / "keys.txt").read_text().splitlines()
    listed = {line.partition(" ")[0].removesuffix(SUFFIX): line for line in lines}
    values = read_values(path)
    assert {*values, "_CHECKPOINTABLE_OBJECT_GRAPH"} == listed.keys()
    for key, value in values.items():
        assert listed[key].partition(" ")[2] == str(list(value.shape)), key


@pytest.mark.parametrize("before", [True, False], ids=["deferred", "built"])
def test_plug_in_model_gives_the_outputs_of_the_original(before):
    folder: Path = TRAINED / "vst_small"
    model, (features, recorded) = build(folder), recorded_run(folder)
    if not before:
        model(features, training=False)
    model.restore(folder)
    outputs = model(features, training=False)
    assert_as_recorded(outputs, recorded, method="linear")
