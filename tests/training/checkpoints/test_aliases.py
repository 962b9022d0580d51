"""Checkpoints of all versions of the original, by the names that they use."""

import re

import numpy as np
import pytest
import tensorflow as tf
from graph_files import GraphFile, read_values
from small_models import TRAINED, build, recorded_run

from ddsp.training import checkpoints, models
from ddsp.training.checkpoints.aliases import EarlierNames
from ddsp.training.errors import InputError

VST = TRAINED / "vst_small"


def stored(folder):
    """Values of a model by name, as the original's last version has them."""
    values = read_values(folder / "ckpt-3")
    return {key: value for key, value in values.items() if key.startswith("model/")}


def renamed(values, *rules):
    """Values under other names; each rule must apply."""
    for pattern, replacement in rules:
        other = {re.sub(pattern, replacement, k): v for k, v in values.items()}
        assert other.keys() != values.keys()
        values = other
    return values


def assert_restores(folder, path, expected, **settings):
    """A fresh model gets all values from a file."""
    model = build(folder)
    model(recorded_run(folder)[0], training=False)
    checkpoints.restore_checkpoint(model, path, **settings)
    named = checkpoints.named_variables(model)
    assert {f"model/{name}" for name in named} == expected.keys()
    for name, variable in named.items():
        np.testing.assert_array_equal(variable, expected[f"model/{name}"], err_msg=name)


# Inputs of the small models are loudness, pitch and, of one of them, timbre.
STACKS = (("input_stacks/0", "l_stack"), ("input_stacks/1", "f_stack"))
RNN = (r"decoder/rnn/rnn/", "decoder/rnn/")
BY_INDEX = (r"processor_group/reverb/", "processor_group/processors/3/")
VERSIONS = {
    "0.0.6": (*STACKS, RNN, BY_INDEX),
    "0.2": (RNN, BY_INDEX),
    "0.13.1": (BY_INDEX,),
    "1.0": (),
    "private": ((r"/ir$", "/_ir"), BY_INDEX),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_checkpoints_of_every_version_restore(version, tmp_path):
    values = stored(TRAINED / "solo_small")
    file = GraphFile(renamed(values, *VERSIONS[version]))
    path = file.write(tmp_path / "ckpt-3")
    assert_restores(TRAINED / "solo_small", path, values)


def test_the_first_decoder_with_timbre_restores(tmp_path):
    values = stored(TRAINED / "ae_small")
    rules = (*STACKS, ("input_stacks/2", "z_stack"), (r"/rnn/rnn/", "/rnn/"))
    path = GraphFile(renamed(values, *rules)).write(tmp_path / "ckpt-3")
    assert_restores(TRAINED / "ae_small", path, values)


@pytest.mark.parametrize("leaf", ["magnitudes", "_magnitudes"])
def test_filtered_noise_reverb_is_found_by_number(leaf, tmp_path):
    values = stored(VST)
    rule = ("processor_group/reverb/magnitudes", f"processor_group/processors/3/{leaf}")
    path = GraphFile(renamed(values, rule)).write(tmp_path / "ckpt-3")
    assert_restores(VST, path, values)


def test_pitch_tracker_of_earlier_plug_in_models_is_no_error_and_no_news(
    tmp_path, caplog
):
    values = stored(VST)
    file = GraphFile(values)
    file.add("model/preprocessor/crepe_model/conv1/kernel", np.ones([2, 3]))
    assert_restores(VST, file.write(tmp_path / "ckpt-3"), values)
    assert not caplog.records


def test_the_graph_decides_and_not_the_keys(tmp_path):
    values = stored(TRAINED / "solo_small")
    rules = (*STACKS, (r"/ir$", "/_ir"), (r"/rnn/rnn/", "/rnn/"))
    keys = dict(zip(values, renamed(values, *rules), strict=True))
    file = GraphFile()
    for name, value in values.items():
        file.add(name, value, key=keys[name])
    assert_restores(TRAINED / "solo_small", file.write(tmp_path / "ckpt-3"), values)


def test_second_names_of_a_stack_do_not_override_its_number(tmp_path):
    values = stored(TRAINED / "solo_small")
    file = GraphFile(values)
    # Versions 0.2 to 0.13 called the first stack f_stack, whatever its input was.
    file.link("model/decoder/f_stack", "model/decoder/input_stacks/0")
    file.link("model/decoder/l_stack", "model/decoder/input_stacks/1")
    assert_restores(TRAINED / "solo_small", file.write(tmp_path / "ckpt-3"), values)


@pytest.mark.parametrize(
    ("child", "key"), [("ir", "ir"), ("ir", "_ir"), ("_ir", "ir"), ("_ir", "_ir")]
)
def test_a_renamed_leaf_is_found_through_the_graph(child, key, tmp_path):
    values = stored(TRAINED / "tiny_small")
    file = GraphFile()
    group = "model/processor_group/reverb"
    for name, value in values.items():
        if name != f"{group}/ir":
            file.add(name, value)
    file.add(f"{group}/{child}", values[f"{group}/ir"], key=f"{group}/{key}")
    file.link(f"{group}/other", f"{group}/{child}")
    assert_restores(TRAINED / "tiny_small", file.write(tmp_path / "ckpt-3"), values)


REVERB = "model/processor_group/reverb/ir"


def without_reverb(tmp_path):
    """A checkpoint as the original wrote them while it did not see the reverb."""
    values = stored(TRAINED / "tiny_small")
    del values[REVERB]
    return GraphFile(values).write(tmp_path / "ckpt-3"), values


@pytest.mark.parametrize("before", [True, False], ids=["deferred", "built"])
def test_a_reverb_that_was_not_saved_is_an_error_with_a_way_out(before, tmp_path):
    path, values = without_reverb(tmp_path)
    model, (features, _) = (
        build(TRAINED / "tiny_small"),
        recorded_run(TRAINED / "tiny_small"),
    )
    if not before:
        model(features)
    with pytest.raises(InputError) as caught:
        model.restore(path)
        model(features)
    assert f"{path} without {REVERB}, 1 of 6 variables;" in str(caught.value)
    assert "allow_missing=['processor_group/reverb']" in str(caught.value)
    model.restore(path, allow_missing=["processor_group/reverb"])
    model(features)
    named = checkpoints.named_variables(model)
    for name in values:
        np.testing.assert_array_equal(named[name.removeprefix("model/")], values[name])


@pytest.mark.parametrize(
    "allowed",
    [
        ["processor_group/reverb/ir"],
        ("model/processor_group/reverb",),
        ["decoder", "processor_group"],
        "processor_group/reverb",
    ],
)
def test_what_may_be_missing_keeps_its_value_and_is_reported(allowed, tmp_path, caplog):
    path, values = without_reverb(tmp_path)
    model = build(TRAINED / "tiny_small")
    model(recorded_run(TRAINED / "tiny_small")[0])
    ir = model.processor_group.reverb._ir
    ir.assign(tf.fill(ir.shape, 0.25))
    checkpoints.restore_checkpoint(model, path, allow_missing=allowed)
    assert np.all(ir.numpy() == 0.25)
    assert f"no values for 1 variables, such as {REVERB}" in caplog.text
    kernel = values["model/decoder/dense_out/kernel"]
    np.testing.assert_array_equal(model.decoder.dense_out.kernel, kernel)


@pytest.mark.parametrize("allowed", [["processor_group/rev"], ["ir"], [""]])
def test_names_that_lead_to_no_variable_allow_nothing(allowed, tmp_path):
    path, _ = without_reverb(tmp_path)
    model = build(TRAINED / "tiny_small")
    model(recorded_run(TRAINED / "tiny_small")[0])
    with pytest.raises(InputError, match=f"allow_missing must.*Got {allowed[0]!r}"):
        checkpoints.restore_checkpoint(model, path, allow_missing=allowed)


def test_names_that_lead_to_other_variables_do_not_allow_this_one(tmp_path):
    path, _ = without_reverb(tmp_path)
    model = build(TRAINED / "tiny_small")
    model(recorded_run(TRAINED / "tiny_small")[0])
    with pytest.raises(InputError, match="without model/processor_group/reverb/ir, 1"):
        checkpoints.restore_checkpoint(model, path, allow_missing=["decoder"])


def test_other_parts_restore_without_the_reverb(tmp_path):
    path, values = without_reverb(tmp_path)
    model = build(TRAINED / "tiny_small")
    model.restore(path, restore_keys=["decoder"])
    model(recorded_run(TRAINED / "tiny_small")[0])
    kernel = values["model/decoder/dense_out/kernel"]
    np.testing.assert_array_equal(model.decoder.dense_out.kernel, kernel)


class Twice(tf.Module):
    """A graph of processors in which one runs twice."""

    def __init__(self):
        super().__init__()
        self.gain = models.Model()
        self.gain.level = tf.Variable(1.0)
        self.dag = [["mix", ["a"]], ["gain", ["mix"]], ["gain", ["gain"]]]
        self.mix = tf.keras.layers.Activation("relu")

    module_names = ("gain", "mix")

    @property
    def modules(self):
        return [self.gain, self.mix]


def test_a_processor_that_runs_twice_is_found_by_either_number():
    names = EarlierNames(Twice()).of("gain/level")
    assert names[:3] == ["gain/level", "processors/1/level", "processors/2/level"]
    assert not any("processors" in n for n in EarlierNames(Twice()).of("gainer/level"))
    assert set(names[3:]) == {name.replace("level", "_level") for name in names[:3]}


def test_names_that_never_changed_are_looked_for_first():
    names = EarlierNames(Twice())
    assert names.of("rnn/rnn/cell/bias")[:2] == ["rnn/rnn/cell/bias", "rnn/cell/bias"]
    assert names.of("turnrnn/rnn/x") == ["turnrnn/rnn/x", "turnrnn/rnn/_x"]
