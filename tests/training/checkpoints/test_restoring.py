import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from graph_files import GRAPH_KEY, GraphFile
from small_models import TRAINED, tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.checkpoints import restoring, saved, view
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
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
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


class Part(keras.layers.Layer):
    """A layer for others."""


def one_of_many():
    """A layer with one of the variables of a recorded model."""
    layer, layer.decoder = Part(), Part()
    saved_model = saved.SavedCheckpoint(str(TRAINED / "tiny_small" / "ckpt-3"))
    key = saved_model.key(saved_model.node("model/decoder/dense_out/kernel"))
    (kernel,) = saved_model.read([key], ["float32"])
    layer.decoder.dense_out = keras.layers.Dense(kernel.shape[1], use_bias=False)
    layer.decoder.dense_out.build([None, kernel.shape[0]])
    return layer


def test_values_nobody_asked_for_are_reported(caplog):
    layer = one_of_many()
    checkpoints.restore_checkpoint(layer, TRAINED / "tiny_small", verbose=False)
    assert not caplog.records
    checkpoints.restore_checkpoint(layer, TRAINED / "tiny_small")
    assert "5 values" in caplog.text


def test_a_checkpoint_without_names_is_an_error(tmp_path):
    path = str(tmp_path / "ckpt-1")
    tf.raw_ops.SaveV2(
        prefix=path, tensor_names=["x"], shape_and_slices=[""], tensors=[tf.ones([2])]
    )
    with pytest.raises(InputError, match="CHECKPOINTABLE"):
        checkpoints.restore_checkpoint(keras.layers.Dense(1), path)


def test_what_is_not_needed_is_counted_and_named(caplog):
    checkpoints.restore_checkpoint(one_of_many(), TRAINED / "tiny_small")
    path = TRAINED / "tiny_small" / "ckpt-3"
    expected = f"{path} holds 5 values that the model has no variables for, such as"
    assert f"{expected} model/decoder/dense_out/bias" in caplog.text


def test_nothing_is_reported_when_only_a_part_was_asked_for(caplog):
    model, features = tiny_autoencoder()
    model(features)
    checkpoints.restore_checkpoint(model, TRAINED / "tiny_small", restore_keys=[])
    assert not caplog.records


def saved_without(tmp_path, *names):
    """A checkpoint that lacks values, and a model whose values are others."""
    model, _, features = trained_tiny_autoencoder(0)
    tree = view.variable_tree(model)
    for name in names:
        *parts, last = name.split("/")
        branch = tree
        for part in parts:
            branch = branch[part]
        del branch[last]
    path = view.as_checkpoint({"model": tree}).save(str(tmp_path / "ckpt"))
    again, _ = tiny_autoencoder()
    again(features)
    return path, again


def test_how_many_variables_are_missing_is_said(tmp_path):
    names = ["decoder/dense_out/kernel", "decoder/rnn/rnn/cell/bias"]
    path, model = saved_without(tmp_path, *names)
    with pytest.raises(InputError) as caught:
        checkpoints.restore_checkpoint(model, path)
    n_all = len(checkpoints.named_variables(model))
    expected = f"without model/{names[1]} and 1 other, 2 of {n_all} variables"
    assert f"{expected}; use the configuration" in str(caught.value)
    # Half a decoder is no part to go on without.
    assert "allow_missing" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parts_that_were_not_asked_for_may_be_missing(tmp_path):
    model = Part()
    model.encoder, model.decoder = (keras.layers.Dense(1) for _ in range(2))
    for layer in (model.encoder, model.decoder):
        layer.build([None, 2])
    kernel, bias = (np.full(shape, 7.0, np.float32) for shape in ([2, 1], [1]))
    file = GraphFile({"model/encoder/kernel": kernel, "model/encoder/bias": bias})
    path = file.write(tmp_path / "ckpt-1")
    assert checkpoints.restore_checkpoint(model, path, restore_keys=["encoder"]) == 1
    assert np.all(model.encoder.kernel == 7.0)
    with pytest.raises(InputError, match="without model/decoder/kernel"):
        checkpoints.restore_checkpoint(model, path, restore_keys=["decoder"])


@pytest.mark.parametrize("keys", ["decoder", ["decoder"], ("encoder", "decoder")])
def test_parts_may_be_named_alone_or_in_a_list(keys, tmp_path):
    model, _, features = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(model, None, tmp_path, step=2)
    again, _ = tiny_autoencoder()
    again(features)
    checkpoints.restore_checkpoint(again, tmp_path, restore_keys=keys)
    assert_equal(values(again), values(model))


@pytest.mark.parametrize(
    "keys", [["decoder", "decodr"], ["input_stacks"], "ecod", [""]]
)
def test_parts_that_do_not_exist_are_named(keys, tmp_path):
    model, _, _ = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(model, None, tmp_path, step=1)
    before = values(model)
    with pytest.raises(
        InputError, match="restore_keys must name parts of the"
    ) as error:
        checkpoints.restore_checkpoint(model, tmp_path, restore_keys=keys)
    assert repr(keys if isinstance(keys, str) else keys[-1]) in str(error.value)
    assert_equal(values(model), before)


def test_nothing_changes_when_one_shape_is_wrong(tmp_path):
    model, _, _ = trained_tiny_autoencoder(0)
    tree = view.variable_tree(model)
    tree["decoder"]["dense_out"]["bias"] = tf.Variable(tf.zeros([7]))
    view.as_checkpoint({"model": tree}).save(str(tmp_path / "ckpt"))
    again, used, _ = trained_tiny_autoencoder(1)
    before, moments = values(again), [m.numpy() for m in used._momentums]
    with pytest.raises(
        InputError, match=r"dense_out/bias must have shape \[6\]. Got \[7"
    ):
        checkpoints.restore_checkpoint(again, tmp_path, used)
    assert_equal(values(again), before)
    assert int(used.iterations) == 1
    for left, right in zip(used._momentums, moments, strict=True):
        np.testing.assert_array_equal(left, right)


def test_values_of_another_type_are_an_error_that_names_them(tmp_path):
    numbers = np.ones([2, 1], np.int64)
    file = GraphFile({"model/kernel": numbers, "model/bias": np.ones([1])})
    layer = keras.layers.Dense(1)
    layer.build([None, 2])
    with pytest.raises(InputError, match="model/kernel of type int64") as caught:
        checkpoints.restore_checkpoint(layer, file.write(tmp_path / "ckpt-1"))
    assert "instead of float32" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_floating_values_are_cast_to_the_type_of_their_variable(dtype, tmp_path):
    kernel = np.array([[1.5], [-0.25]], np.float32)
    bias = np.full([1], 3.0, np.float32)
    path = GraphFile({"model/kernel": kernel, "model/bias": bias})
    layer = keras.layers.Dense(1, dtype=dtype)
    layer.build([None, 2])
    checkpoints.restore_checkpoint(layer, path.write(tmp_path / "ckpt-1"))
    np.testing.assert_array_equal(np.asarray(layer.kernel, np.float32), kernel)
    assert layer.kernel.dtype == dtype


def damaged(tmp_path, graph):
    path = str(tmp_path / "ckpt-1")
    tf.raw_ops.SaveV2(
        prefix=path,
        tensor_names=[GRAPH_KEY],
        shape_and_slices=[""],
        tensors=[tf.constant(graph)],
    )
    return path


def with_hole(kind):
    file = GraphFile({"model/kernel": np.ones([2])})
    if kind == "child":
        file.graph.nodes[1].children.add(node_id=3, local_name="bias")
    if kind == "slot":
        slots = file.graph.nodes[1].slot_variables
        slots.add(original_variable_node_id=1, slot_name="m", slot_variable_node_id=3)
    return file.graph.SerializeToString()


@pytest.mark.parametrize(
    "graph",
    [b"\xff\xff", b"", [b"a", b"b"], with_hole("child"), with_hole("slot")],
    ids=["noise", "empty", "array", "child", "slot"],
)
def test_a_damaged_object_graph_is_an_error(graph, tmp_path):
    path = damaged(tmp_path, graph)
    with pytest.raises(InputError, match="its object graph") as caught:
        checkpoints.restore_checkpoint(keras.layers.Dense(1), path)
    assert path in str(caught.value)


def test_a_graph_without_holes_is_none(tmp_path):
    assert saved.SavedCheckpoint(damaged(tmp_path, with_hole("none"))).nodes


def test_names_may_lead_in_circles(tmp_path):
    file = GraphFile({"model/a/kernel": np.float32(1), "other": np.float32(2)})
    file.link("model/a/parent", "model")
    file.link("model/again", "model/a")
    checkpoint = saved.SavedCheckpoint(file.write(tmp_path / "ckpt-1"))
    assert list(checkpoint.keys_below("model").values()) == ["model/a/kernel"]
    assert checkpoint.keys_below("missing") == {}
    node = checkpoint.node("model/again/parent/a/kernel")
    assert checkpoint.key(node) == "model/a/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    assert checkpoint.full_name(None) == "" and checkpoint.key(None) is None
    assert checkpoint.node("model/a/kernel/x") is None


@pytest.mark.parametrize(
    ("name", "values", "step"),
    [
        ("ckpt-5", {}, 5),
        ("weights", {}, 0),
        ("ckpt-5", {"optimizer/iter": np.int64(7)}, 7),
        ("ckpt-5", {"optimizer/_iterations": np.int64(2**40)}, 2**40),
    ],
)
def test_the_step_is_the_optimizers_or_else_in_the_name(name, values, step, tmp_path):
    path = GraphFile({"other/x": np.float32(0), **values}).write(tmp_path / name)
    assert saved.SavedCheckpoint(path).step() == step
    assert checkpoints.restore_checkpoint(keras.layers.ReLU(), path) == step


def test_written_files_that_lack_a_value_are_refused(tmp_path):
    model, _, _ = trained_tiny_autoencoder(0)
    tree = {"model": view.variable_tree(model)}
    path = view.as_checkpoint(tree).save(str(tmp_path / "ckpt"))
    restoring.verify(path, tree)
    tree["model"]["extra"] = keras.Variable(1.0)
    with pytest.raises(InputError, match="without model/extra; save again"):
        restoring.verify(path, tree)


@pytest.mark.parametrize("before", [True, False], ids=["deferred", "built"])
@pytest.mark.parametrize("part", [None, 0.0, 0.5, 0.99])
def test_a_model_refuses_damaged_data_at_once(part, before, tmp_path):
    model, optimizer, features = trained_tiny_autoencoder(0)
    path = checkpoints.save_checkpoint(model, optimizer, tmp_path, step=1)
    file = tmp_path / "ckpt-1.data-00000-of-00001"
    content = file.read_bytes()
    file.unlink()
    if part is not None:
        file.write_bytes(content[: int(part * len(content))])
    again, _ = tiny_autoencoder()
    if not before:
        again(features)
    with pytest.raises(InputError, match="cannot be read") as caught:
        again.restore(tmp_path)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_that_cannot_be_restored_never_runs(tmp_path):
    path, _ = saved_without(tmp_path, "decoder/dense_out/kernel")
    model, features = tiny_autoencoder()
    model.restore(path)
    for _ in range(2):
        with pytest.raises(InputError, match="without model/decoder/dense_out/kernel"):
            model(features)


def test_the_last_restore_before_the_first_call_counts(tmp_path):
    model, _, features = trained_tiny_autoencoder(0)
    path, _ = saved_without(tmp_path / "bad", "decoder/dense_out/kernel")
    checkpoints.save_checkpoint(model, None, tmp_path / "good", step=2)
    again, _ = tiny_autoencoder()
    again.restore(path)
    again.restore(tmp_path / "good")
    again(features)
    assert_equal(values(again), values(model))


def test_a_waiting_restore_keeps_what_it_was_asked_for(tmp_path, caplog):
    path, _ = saved_without(tmp_path, "decoder/dense_out/kernel")
    model, features = tiny_autoencoder()
    model.restore(path, verbose=False, allow_missing=["decoder/dense_out"])
    model(features)
    assert "no values for 1 variables" in caplog.text
    pending = checkpoints.PendingRestore(path)
    assert (pending.verbose, pending.restore_keys) == (True, None)
    assert pending.allow_missing == ()


@pytest.mark.parametrize("layer", [keras.layers.Dense(1), tiny_autoencoder()[0]])
def test_what_has_no_variables_yet_is_not_restored_in_silence(layer):
    with pytest.raises(InputError, match="call the model once first, or use"):
        checkpoints.restore_checkpoint(layer, TRAINED / "tiny_small")


def test_what_never_has_variables_is_restored_from_nothing(tmp_path):
    path = GraphFile({"optimizer/iter": np.int64(3)}).write(tmp_path / "ckpt-3")
    assert checkpoints.restore_checkpoint(keras.layers.Identity(), path) == 3


@pytest.mark.parametrize("keys", [["name"], ["losses"], ["encoder"], "encoder"])
def test_parts_without_variables_cannot_be_restored(keys, tmp_path):
    model, _, _ = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(model, None, tmp_path, step=1)
    with pytest.raises(InputError, match="parts of the model that have") as caught:
        checkpoints.restore_checkpoint(model, tmp_path, restore_keys=keys)
    assert "there are 'decoder'" in str(caught.value)


@pytest.mark.parametrize(
    "part", ["model", "model/", "model/decoder/dense_out", "decoder/", "decoder"]
)
def test_missing_parts_may_be_allowed_as_messages_name_them(part, tmp_path):
    path, model = saved_without(tmp_path, "decoder/dense_out")
    assert checkpoints.restore_checkpoint(model, path, allow_missing=[part]) == 1


@pytest.mark.parametrize(
    "part", ["nonsense", "model/nonsense", "", "decod", "mode", "decoder/dense_out/k"]
)
def test_missing_parts_that_do_not_exist_are_an_error(part, tmp_path):
    model, _, _ = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(model, None, tmp_path, step=1)
    with pytest.raises(InputError, match="allow_missing must name") as caught:
        checkpoints.restore_checkpoint(model, tmp_path, allow_missing=["decoder", part])
    assert f"Got {part!r}" in str(caught.value)
    assert "there are 'decoder', and parts" in str(caught.value)


def test_a_checkpoint_of_something_else_is_refused_though_all_may_be_missing(tmp_path):
    path = GraphFile({"model/other": np.ones([3])}).write(tmp_path / "ckpt-1")
    layer = keras.layers.Dense(1)
    layer.build([None, 2])
    with pytest.raises(InputError, match=", 2 of 2 variables") as caught:
        checkpoints.restore_checkpoint(layer, path, allow_missing=["model"])
    assert "allow_missing" not in str(caught.value)


def with_reverb():
    from ddsp import effects, processors, synths

    model, features = tiny_autoencoder()
    model.processor_group = processors.ProcessorGroup(
        [
            (
                synths.Harmonic(n_samples=640),
                ["amps", "harmonic_distribution", "f0_hz"],
            ),
            (
                effects.Reverb(trainable=True, reverb_length=100, name="reverb"),
                ["harmonic/signal"],
            ),
        ]
    )
    return model, features


def test_a_processor_that_is_missing_may_be_left_as_it_is(tmp_path):
    plain, _, _ = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(plain, None, tmp_path, step=1)
    model, features = with_reverb()
    model(features)
    part = "processor_group/reverb"
    with pytest.raises(InputError, match="without model/processor_gr") as caught:
        checkpoints.restore_checkpoint(model, tmp_path)
    assert f"restore with allow_missing=['{part}']" in str(caught.value)
    assert checkpoints.restore_checkpoint(model, tmp_path, allow_missing=[part]) == 1
    assert_equal(
        values(plain), {k: v for k, v in values(model).items() if part not in k}
    )


def test_shapes_are_judged_before_what_is_missing(tmp_path):
    plain, _, _ = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(plain, None, tmp_path, step=1)
    model, features = with_reverb()
    model.decoder.dense_out = keras.layers.Dense(9)
    model.decoder.output_splits = (("amps", 1), ("harmonic_distribution", 8))
    model(features)
    with pytest.raises(InputError, match=r"dense_out/kernel must have") as caught:
        checkpoints.restore_checkpoint(model, tmp_path)
    n_all = len(values(model))
    expected = f"of {n_all} variables 2 have another shape and 1 are missing"
    assert expected in str(caught.value)
    assert "allow_missing" not in str(caught.value)


def test_a_model_that_was_never_called_has_nothing_to_save(tmp_path):
    for model, _ in (with_reverb(), tiny_autoencoder()):
        with pytest.raises(InputError, match="call the model once first"):
            checkpoints.save_checkpoint(model, None, tmp_path, step=1)
        assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="Got Reverb, which has never been called"):
        checkpoints.named_variables(with_reverb()[0])


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
def test_a_pipe_is_no_part_of_a_checkpoint(ending, tmp_path):
    model, _, _ = trained_tiny_autoencoder(0)
    checkpoints.save_checkpoint(model, None, tmp_path, step=1)
    file = tmp_path / f"ckpt-1.{ending}"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(InputError, match=f"ckpt-1.{ending} is no file"):
        checkpoints.restore_checkpoint(model, tmp_path)


def test_many_children_are_listed_once(tmp_path):
    file = GraphFile({"model/x": np.float32(0)})
    model = file.graph.nodes[file.node("model")]
    for i in range(1000):
        model.children.add(node_id=2, local_name=f"other_{i}")
    checkpoint = saved.SavedCheckpoint(file.write(tmp_path / "ckpt-1"))
    children = checkpoint.children(1)
    assert len(children) == 1001
    assert checkpoint.node("model/other_999") == checkpoint.node("model/x") == 2
    assert checkpoint.children(1) is children
