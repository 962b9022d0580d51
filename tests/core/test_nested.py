import numpy as np
import pytest
import tensorflow as tf

from ddsp.core.nested import leaf_key, map_shape, nested_keys, nested_lookup, to_dict

TREE = {"a": 1, "b": {"c": 2, "d": {"e": 3}}, "empty": {}}


@pytest.mark.parametrize("delimiter", ["/", ".", "::"])
def test_every_path_leads_to_its_leaf(delimiter):
    paths = nested_keys(TREE, delimiter=delimiter)
    assert paths == ["a", f"b{delimiter}c", f"b{delimiter}d{delimiter}e"]
    leaves = [nested_lookup(path, TREE, delimiter=delimiter) for path in paths]
    assert leaves == [1, 2, 3]


def test_prefix_stands_before_every_path():
    assert nested_keys(TREE, prefix="x") == ["x/a", "x/b/c", "x/b/d/e"]


def test_a_path_may_end_at_a_dictionary():
    assert nested_lookup("b/d", TREE) == {"e": 3}


@pytest.mark.parametrize("path", ["x", "b/x", "b/c/x"])
def test_a_missing_path_names_itself_and_the_paths_there_are(path):
    with pytest.raises(KeyError) as error:
        nested_lookup(path, TREE)
    for text in ("'x'", repr(path), "b/d/e"):
        assert text in str(error.value)


def test_a_path_into_a_tensor_is_missing():
    with pytest.raises(KeyError, match="f0_hz/y"):
        nested_lookup("f0_hz/y", {"f0_hz": tf.ones([1, 2])})


def test_leaf_key_is_the_last_key():
    assert leaf_key("a/b/c") == "c"
    assert leaf_key("a") == "a"
    assert leaf_key("a/b.c", delimiter=".") == "c"


def test_outputs_are_named_in_order():
    assert to_dict((1, 2), ["x", "y"]) == {"x": 1, "y": 2}


def test_a_dictionary_keeps_its_identity():
    assert to_dict(TREE, None) is TREE


@pytest.mark.parametrize(
    "single",
    ["abc", np.ones(2), tf.ones(2), tf.Variable([1.0, 2.0])],
    ids=lambda x: type(x).__name__,
)
def test_a_single_output_is_named_whole(single):
    assert to_dict(single, ["z"])["z"] is single
    assert to_dict(single, "z")["z"] is single


@pytest.mark.parametrize("keys", [["x"], ["x", "y", "z"]])
def test_a_wrong_number_of_names_is_refused(keys):
    with pytest.raises(ValueError, match="2 outputs"):
        to_dict([1, 2], keys)


def test_missing_names_are_refused():
    with pytest.raises(TypeError, match="keys=None"):
        to_dict([1, 2], None)


def test_shapes_keep_the_structure():
    tree = {"a": tf.ones([2, 3]), "b": [np.ones(4), tf.Variable(1.0)]}
    assert map_shape(tree) == {"a": [2, 3], "b": [[4], []]}


def test_shapes_are_known_while_tracing():
    seen = []

    @tf.function(input_signature=[tf.TensorSpec([None, 5])])
    def traced(x):
        seen.append(map_shape({"x": x}))
        return x

    traced(tf.ones([3, 5]))
    assert seen == [{"x": [None, 5]}]
