"""Moments of Adam, in the four ways in which they have been stored."""

import keras
import numpy as np
import pytest
from graph_files import GraphFile, read_values
from small_models import TRAINED, build, recorded_run

from ddsp.training import checkpoints
from ddsp.training.checkpoints.optimizer_state import adam_moments

FOLDER = TRAINED / "tiny_small"
REVERB = "model/processor_group/reverb/ir"


@pytest.fixture
def model():
    model = build(FOLDER)
    model(recorded_run(FOLDER)[0], training=False)
    return model


@pytest.fixture
def values():
    """Values of the model by name."""
    values = read_values(FOLDER / "ckpt-3")
    return {key: value for key, value in values.items() if key.startswith("model/")}


def moments_of(values):
    """Two moments of each variable, unlike those of any other."""
    rng = np.random.default_rng(0)
    return {
        name: [rng.random(value.shape, np.float32) for _ in "mv"]
        for name, value in values.items()
    }


def restore(model, path):
    """A used optimizer after restoring, and its moments by the model's names."""
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables[::-1])
    for slot in optimizer._momentums + optimizer._velocities:
        slot.assign(np.full(slot.shape, 9.0))
    checkpoints.restore_checkpoint(model, path, optimizer)
    named = checkpoints.named_variables(model)
    found = adam_moments(named, optimizer)
    return optimizer, {f"model/{name}": slots for name, slots in found.items()}


def assert_moments(found, expected):
    assert found.keys() == expected.keys()
    assert found
    for name, pair in expected.items():
        for slot, value in zip(found[name], pair, strict=True):
            np.testing.assert_array_equal(slot, value, err_msg=name)


def with_slots(values, moments, rename=lambda name: name):
    """A checkpoint as TensorFlow 2.10 and earlier wrote it."""
    file = GraphFile({rename(name): value for name, value in values.items()})
    file.add("optimizer/iter", np.int64(12345))
    for name in ("beta_1", "beta_2", "decay", "learning_rate"):
        file.add(f"optimizer/{name}", np.float32(0.5))
    for slot in (0, 1):
        for name, pair in moments.items():
            file.add_slot(rename(name), "mv"[slot], pair[slot])
    return file


def with_list(values, moments, full_names=None):
    """A checkpoint as TensorFlow 2.11 wrote it."""
    file = GraphFile()
    for name, value in values.items():
        file.add(name, value, (full_names or {}).get(name, ""))
    file.add("optimizer/_iterations", np.int64(12345))
    file.link("optimizer/_variables/0", "optimizer/_iterations")
    for i, (name, pair) in enumerate(moments.items()):
        for j, slot in enumerate("mv"):
            full_name = f"Adam/{slot}/{full_names[name]}" if full_names else "Variable"
            file.add(f"optimizer/_variables/{2 * i + j + 1}", pair[j], full_name)
    return file


def assert_all_zero(found):
    assert len(found) == 6
    assert not any(np.any(slot) for pair in found.values() for slot in pair)


def zeros_for(names, values):
    return {name: [np.zeros_like(values[name])] * 2 for name in names}


def in_tree_order(model, values):
    return {f"model/{k}": values[f"model/{k}"] for k in model_names(model)}


def model_names(model):
    return list(checkpoints.named_variables(model))


def test_slots_of_earlier_versions_are_restored(model, values, tmp_path, caplog):
    moments = moments_of(values)
    path = with_slots(values, moments).write(tmp_path / "ckpt-3")
    optimizer, found = restore(model, path)
    assert int(optimizer.iterations) == 12345
    assert_moments(found, moments)
    assert not caplog.records
    # What is no state, but a setting, stays as it was asked for.
    assert optimizer.beta_1 == 0.9
    np.testing.assert_allclose(optimizer.learning_rate, 0.001)


def test_slots_follow_variables_that_have_other_names_today(model, values, tmp_path):
    def rename(name):
        name = name.replace("/rnn/rnn/", "/rnn/")
        return name.replace("group/reverb/ir", "group/processors/3/_ir")

    moments = moments_of(values)
    path = with_slots(values, moments, rename).write(tmp_path / "ckpt-3")
    assert_moments(restore(model, path)[1], moments)


def test_variables_without_slots_start_at_zero_and_are_named(
    model, values, tmp_path, caplog
):
    moments = moments_of(values)
    known = {name: pair for name, pair in moments.items() if name != REVERB}
    path = with_slots(values, known).write(tmp_path / "ckpt-3")
    _, found = restore(model, path)
    zeros = np.zeros_like(values[REVERB])
    assert_moments(found, {**moments, REVERB: [zeros, zeros]})
    expected = "no moments of Adam for 1 of 6 variables, such as processor_group/rev"
    assert expected in caplog.text


def test_half_a_pair_of_slots_is_none(model, values, tmp_path):
    moments = moments_of(values)
    file = with_slots(values, {n: p for n, p in moments.items() if n != REVERB})
    file.add_slot(REVERB, "m", moments[REVERB][0])
    _, found = restore(model, file.write(tmp_path / "ckpt-3"))
    assert not np.any(found[REVERB][0])


def test_slots_of_another_shape_start_at_zero(model, values, tmp_path):
    moments = moments_of(values)
    wrong = {**moments, REVERB: [moments[REVERB][0], moments[REVERB][1][:5]]}
    path = with_slots(values, wrong).write(tmp_path / "ckpt-3")
    zeros = np.zeros_like(values[REVERB])
    assert_moments(restore(model, path)[1], {**moments, REVERB: [zeros, zeros]})


def test_listed_moments_without_names_are_anybodys(model, values, tmp_path, caplog):
    ordered = moments_of(in_tree_order(model, values))
    path = with_list(values, ordered).write(tmp_path / "ckpt-3")
    optimizer, found = restore(model, path)
    assert int(optimizer.iterations) == 12345
    assert_all_zero(found)
    assert "6 of 6 variables" in caplog.text


def full_names(values):
    """Names that Keras 2 gave to variables, which say nothing of paths."""
    return {name: f"layer_{i}/variable" for i, name in enumerate(sorted(values))}


def test_listed_moments_with_names_go_by_name(model, values, tmp_path, caplog):
    moments = moments_of(dict(sorted(values.items(), reverse=True)))
    assert [f"model/{name}" for name in model_names(model)] != list(moments)
    file = with_list(values, moments, full_names(values))
    _, found = restore(model, file.write(tmp_path / "ckpt-3"))
    assert_moments(
        found, {f"model/{n}": moments[f"model/{n}"] for n in model_names(model)}
    )
    assert not caplog.records


def test_names_find_the_moments_of_some_variables(model, values, tmp_path, caplog):
    moments = moments_of(values)
    known = {name: pair for name, pair in moments.items() if name != REVERB}
    file = with_list(values, known, full_names(values))
    _, found = restore(model, file.write(tmp_path / "ckpt-3"))
    zeros = np.zeros_like(values[REVERB])
    assert_moments(found, {**moments, REVERB: [zeros, zeros]})
    assert "1 of 6 variables" in caplog.text


def test_names_that_two_variables_share_do_not_count(model, values, tmp_path):
    ordered = moments_of(in_tree_order(model, values))
    shared = dict.fromkeys(values, "kernel")
    path = with_list(values, ordered, shared).write(tmp_path / "ckpt-3")
    assert_all_zero(restore(model, path)[1])


@pytest.mark.parametrize("change", ["shorter", "longer", "none", "odd"])
def test_a_list_of_another_length_starts_afresh(
    change, model, values, tmp_path, caplog
):
    ordered = moments_of(in_tree_order(model, values))
    if change == "shorter":
        ordered.popitem()
    if change == "none":
        ordered = {}
    file = with_list(values, ordered)
    if change in ("longer", "odd"):
        file.add("optimizer/_variables/13", np.ones([2], np.float32))
    if change == "longer":
        file.add("optimizer/_variables/14", np.ones([2], np.float32))
    optimizer, found = restore(model, file.write(tmp_path / "ckpt-3"))
    assert int(optimizer.iterations) == 12345
    assert len(found) == 6
    assert not any(np.any(slot) for pair in found.values() for slot in pair)
    assert "6 of 6 variables" in caplog.text
    np.testing.assert_array_equal(model.processor_group.reverb._ir, values[REVERB])


def test_a_hole_in_the_list_starts_afresh(model, values, tmp_path):
    file = with_list(values, moments_of(in_tree_order(model, values)))
    list_node = file.graph.nodes[file.node("optimizer/_variables")]
    (hole,) = (c for c in list_node.children if c.local_name == "5")
    del file.graph.nodes[hole.node_id].attributes[:]
    _, found = restore(model, file.write(tmp_path / "ckpt-3"))
    assert not any(np.any(slot) for pair in found.values() for slot in pair)


def test_a_frozen_variable_needs_no_moments(model, values, tmp_path, caplog):
    model.processor_group.trainable = False
    moments = moments_of(values)
    path = with_slots(values, moments).write(tmp_path / "ckpt-3")
    _, found = restore(model, path)
    del moments[REVERB]
    assert_moments(found, moments)
    assert not caplog.records


def test_what_was_restored_is_written_in_the_order_of_today(model, values, tmp_path):
    moments = moments_of(values)
    path = with_slots(values, moments).write(tmp_path / "old-3")
    optimizer, _ = restore(model, path)
    new = checkpoints.save_checkpoint(model, optimizer, tmp_path, step=12345)
    saved = read_values(new)
    listed = [slot for name in model_names(model) for slot in moments[f"model/{name}"]]
    for i, slot in enumerate(listed):
        np.testing.assert_array_equal(saved[f"optimizer/_variables/{i + 1}"], slot)
    assert "optimizer/_variables/13" not in saved
    assert saved["optimizer/_iterations"] == 12345


def test_a_name_that_two_variables_share_does_not_lead_to_one_of_them(
    model, values, tmp_path
):
    names = full_names(values)
    names["model/decoder/dense_out/bias"] = names[REVERB]
    moments = moments_of(values)
    del moments["model/decoder/dense_out/bias"]
    file = with_list(values, moments, names)
    _, found = restore(model, file.write(tmp_path / "ckpt-3"))
    shared = zeros_for(["model/decoder/dense_out/bias", REVERB], values)
    assert_moments(found, {**moments, **shared})


def test_moments_that_two_names_share_lead_nowhere(model, values, tmp_path):
    names, moments = full_names(values), moments_of(values)
    file = with_list(values, moments, names)
    for i, slot in enumerate("mv"):
        name = f"Adam/{slot}/{names[REVERB]}"
        file.add(f"optimizer/_variables/{13 + i}", moments[REVERB][i], name)
    _, found = restore(model, file.write(tmp_path / "ckpt-3"))
    assert_moments(found, {**moments, **zeros_for([REVERB], values)})


class Weights(keras.layers.Layer):
    """Variables of one shape under any names, in any order."""

    def __init__(self, *names, **path_names):
        super().__init__(name="weights")
        for name in names:
            weight = self.add_weight(shape=(3,), name=path_names.get(name, name))
            setattr(self, name, weight)
        self.built = True


def used_optimizer(layer, level=1.0):
    """An optimizer whose moments say which variable they belong to."""
    optimizer = keras.optimizers.Adam()
    optimizer.build(layer.trainable_variables)
    for name, pair in adam_moments(
        checkpoints.named_variables(layer), optimizer
    ).items():
        for i, slot in enumerate(pair):
            slot.assign([level, ord(name[0]), i])
    return optimizer


def restored_moments(layer, path, **settings):
    optimizer = keras.optimizers.Adam()
    checkpoints.restore_checkpoint(layer, path, optimizer, **settings)
    moments = adam_moments(checkpoints.named_variables(layer), optimizer)
    return {name: [s.numpy().tolist() for s in pair] for name, pair in moments.items()}


def own(*names):
    return {name: [[1.0, ord(name[0]), i] for i in (0, 1)] for name in names}


ZERO = [[0.0, 0.0, 0.0]] * 2


@pytest.fixture(params=["ours", "without names of ours"])
def saved_a_b(request, tmp_path, monkeypatch):
    """Variables a and b with moments; Keras 3 alone leaves only their full names."""
    layer = Weights("a", "b")
    if request.param != "ours":
        monkeypatch.setattr(checkpoints.saving, "moments_tree", lambda _: {})
    return checkpoints.save_checkpoint(layer, used_optimizer(layer), tmp_path, 1)


def test_moments_belong_to_their_variables_in_any_order(saved_a_b, caplog):
    assert restored_moments(Weights("b", "a"), saved_a_b) == own("b", "a")
    assert not caplog.records


def test_a_new_variable_gets_no_moments_of_another(saved_a_b):
    found = restored_moments(Weights("b", "c"), saved_a_b, allow_missing=["c"])
    assert found == {**own("b"), "c": ZERO}


def test_two_new_variables_cost_the_others_nothing(saved_a_b, caplog):
    layer = Weights("new", "b", "other", "a")
    found = restored_moments(layer, saved_a_b, allow_missing=["new", "other"])
    assert found == {"new": ZERO, **own("b"), "other": ZERO, **own("a")}
    assert "2 of 4 variables" in caplog.text


def test_ours_need_no_names_of_keras(tmp_path):
    layer = Weights("a", "b", a="same", b="same")
    path = checkpoints.save_checkpoint(layer, used_optimizer(layer), tmp_path, 1)
    again = Weights("b", "a", a="same", b="same")
    assert restored_moments(again, path) == own("b", "a")


def test_names_of_keras_that_say_two_things_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints.saving, "moments_tree", lambda _: {})
    layer = Weights("a", "b", "c", a="same", b="same")
    path = checkpoints.save_checkpoint(layer, used_optimizer(layer), tmp_path, 1)
    assert restored_moments(layer, path) == {"a": ZERO, "b": ZERO, **own("c")}


def test_the_names_of_ours_add_no_values(tmp_path):
    layer = Weights("a")
    path = checkpoints.save_checkpoint(layer, used_optimizer(layer), tmp_path, 1)
    listed = {key for key in read_values(path) if key.startswith("optimizer/_v")}
    assert listed == {f"optimizer/_variables/{i}" for i in (1, 2)}
    assert not [key for key in read_values(path) if "_moments" in key]


@pytest.mark.parametrize("new", [[], ["new_1"], ["new_1", "new_2"]])
@pytest.mark.parametrize("keys", [None, ["decoder"]])
def test_recorded_moments_all_come_back_whatever_is_new(new, keys, caplog):
    folder = TRAINED / "solo_small"
    model = build(folder)
    for name in new:
        setattr(model, name, model.add_weight(shape=(2,), name=name))
    model(recorded_run(folder)[0], training=False)
    optimizer = keras.optimizers.Adam()
    allowed = () if keys else new
    checkpoints.restore_checkpoint(
        model, folder, optimizer, restore_keys=keys, allow_missing=allowed
    )
    assert len(optimizer._momentums) == 30 + len(new)
    assert sum(bool(np.any(slot)) for slot in optimizer._momentums) == 30
    expected = f"{len(new)} of {30 + len(new)} variables, such as new_1"
    assert (expected in caplog.text) == bool(new)
