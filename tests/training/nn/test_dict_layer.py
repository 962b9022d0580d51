import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn


class Weighted(nn.DictLayer):
    """One required and two optional inputs, told apart by their weights."""

    output_keys = ("total",)

    def call(self, x, y=10.0, z=100.0):
        return x + 2.0 * y + 3.0 * z


ONE, TWO, THREE = (tf.constant(v) for v in (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((ONE, TWO, THREE), {}),
        (({"x": ONE, "y": TWO, "z": THREE},), {}),
        (({"x": ONE, "y": THREE}, {"y": TWO, "z": THREE}), {}),
        ((), {"x": ONE, "y": TWO, "z": THREE}),
        ((ONE, {"y": TWO, "z": THREE}), {}),
        (({"x": ONE, "y": TWO},), {"z": THREE}),
        (({"x": ONE, "y": TWO, "z": THREE, "more": ONE},), {"training": True}),
    ],
)
def test_all_ways_of_calling_give_the_same(args, kwargs):
    assert float(Weighted()(*args, **kwargs)["total"]) == 1.0 + 4.0 + 9.0


def test_missing_optional_inputs_take_their_defaults():
    layer = Weighted()
    assert float(layer({"x": ONE})["total"]) == 1.0 + 20.0 + 300.0
    assert float(layer({"x": ONE, "z": THREE})["total"]) == 1.0 + 20.0 + 9.0


def test_other_keys_rename_inputs_and_are_all_required():
    layer = Weighted(input_keys=["a", "b/c"], output_keys=["sum"])
    assert float(layer({"a": ONE, "b": {"c": TWO}})["sum"]) == 1.0 + 4.0 + 300.0
    with pytest.raises(TypeError, match="'b/c'"):
        layer({"a": ONE})


def test_an_input_given_twice_is_an_error():
    with pytest.raises(TypeError, match="pass each input once"):
        Weighted()(ONE, TWO, THREE, {"x": ONE})


def test_a_missing_input_is_named():
    with pytest.raises(TypeError, match="'x'"):
        Weighted()({"y": TWO})


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([{}], r"\['a', 'b'\]\. Got none; missing: 'a', 'b'\."),
        ([], r"Got none; missing: 'a', 'b'\."),
        ([{"a": 1.0, "c": 1.0}], r"Got the keys \['a', 'c'\]; missing: 'b'\."),
        ([1.0], r"Got 1 by position; missing: 'b'\."),
        ([1.0, {"c": 1.0}], r"Got 1 by position and the keys \['c'\]; missing: 'b'\."),
        ([1.0, 2.0, 3.0], r"Got 3 by position; pass each input once\."),
    ],
)
def test_what_is_missing_is_said_and_nothing_else(inputs, said):
    class Difference(nn.DictLayer):
        output_keys = ("difference",)

        def call(self, a, b):
            return a - b

    with pytest.raises(TypeError, match=said + "$") as raised:
        Difference()(*inputs)
    assert "may have" not in str(raised.value)


def test_optional_inputs_are_said_where_there_are_some():
    with pytest.raises(
        TypeError, match=r"\['x'\], and may have \['y', 'z'\]\. Got none; missing: 'x'"
    ):
        Weighted()({})


def test_inputs_are_checked_before_keras_says_anything():
    class Halves(nn.DictLayer):
        output_keys = ("half",)

        def check_inputs(self, x, y):
            raise ValueError(f"Mine. Got {x} and {y}.")

        def call(self, x, y=2.0):
            return x / y

    with pytest.raises(ValueError, match=r"^Mine\. Got 1\.0 and 2\.0\.$"):
        Halves()({"x": 1.0})


def test_outputs_can_be_named_by_the_return_annotation():
    class Halves(nn.DictLayer):
        def call(self, x) -> ["left", "right"]:  # noqa: F821
            return x[:1], x[1:]

    outputs = Halves()(tf.constant([1.0, 2.0]))
    assert {k: v.numpy().tolist() for k, v in outputs.items()} == {
        "left": [1.0],
        "right": [2.0],
    }


def test_outputs_without_names_are_an_error():
    class Nameless(nn.DictLayer):
        def call(self, x):
            return x

    with pytest.raises(KeyError, match="output_keys"):
        Nameless()


def test_a_dictionary_is_returned_as_it_is():
    class Named(nn.DictLayer):
        output_keys = ()

        def call(self, x):
            return {"anything": x}

    assert float(Named()(x=ONE)["anything"]) == 1.0


def test_wrong_number_of_outputs_is_an_error():
    with pytest.raises(ValueError, match="one key for each output"):
        Weighted(output_keys=["a", "b"])(ONE, TWO, THREE)


def test_keys_may_be_added_after_construction():
    class Sum(nn.DictLayer):
        output_keys = ("sum",)

        def call(self, *inputs):
            return tf.add_n(inputs)

    layer = Sum(input_keys=["a"])
    layer.input_keys.append("b")
    assert layer.n_inputs == 2
    assert float(layer({"a": ONE, "b": TWO})["sum"]) == 3.0


def test_split_to_dict_cuts_in_order():
    parts = nn.split_to_dict(tf.range(6.0)[tf.newaxis], (("a", 1), ("b", 2), ("c", 3)))
    expected = {"a": [[0.0]], "b": [[1.0, 2.0]], "c": [[3.0, 4.0, 5.0]]}
    assert {k: v.numpy().tolist() for k, v in parts.items()} == expected


def test_output_splits_are_parts_of_one_dense_layer(rng):
    class Shifted(nn.OutputSplitsLayer):
        def compute_output(self, x, y):
            return x + y

    layer = Shifted(output_splits=(("a", 2), ("b", 3)))
    x = rng.normal(size=[2, 7, 4]).astype(np.float32)
    outputs = layer({"x": x, "y": tf.ones_like(x)})
    kernel, bias = layer.dense_out.get_weights()
    whole = (x + 1.0) @ kernel + bias
    np.testing.assert_allclose(outputs["a"], whole[..., :2], atol=1e-5)
    np.testing.assert_allclose(outputs["b"], whole[..., 2:], atol=1e-5)


def test_compute_output_must_be_defined():
    with pytest.raises(NotImplementedError, match="compute_output"):
        nn.OutputSplitsLayer(input_keys=["x"])(ONE)


def test_layer_with_splits_ignores_keywords_of_keras():
    class Decoder(nn.OutputSplitsLayer):
        def compute_output(self, z):
            return z

    decoder = Decoder(output_splits=(("amps", 1), ("noise", 2)))
    z = tf.ones([1, 4])
    np.testing.assert_array_equal(
        decoder(z, training=True)["noise"], decoder({"z": z})["noise"]
    )
