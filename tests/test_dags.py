"""Graphs of modules: what they return and which mistakes they name."""

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp import dags

layers = tf.keras.layers


def double(name: str) -> layers.Layer:
    return layers.Rescaling(2.0, name=name)


def test_nodes_pass_their_outputs_on() -> None:
    layer = dags.DAGLayer(
        [(double("front"), ["inputs/x"], ["h"]), ("back", ["front/h"], ["y"])],
        back=double("back"),
    )
    outputs = layer({"x": tf.constant([3.0])})
    np.testing.assert_allclose(outputs["front"]["h"], [6.0])
    np.testing.assert_allclose(outputs["back"]["y"], [12.0])
    assert outputs["out"] is outputs["back"]
    np.testing.assert_allclose(outputs["x"], outputs["inputs"]["x"])


def test_modules_train_as_part_of_the_layer() -> None:
    layer = dags.DAGLayer(
        [
            (layers.Dense(5, name="front"), ["x"], ["h"]),
            (layers.Dense(3, name="back"), ["front/h"], ["y"]),
        ]
    )
    layer({"x": tf.ones([2, 4])})
    assert [v.shape for v in layer.trainable_variables] == [(4, 5), (5,), (5, 3), (3,)]
    assert layer.modules == [layer.front, layer.back]


@gin.register(module="tests")
class Doubler(layers.Rescaling):
    def __init__(self, name: str = "doubler") -> None:
        super().__init__(2.0, name=name)


def test_gin_references_in_the_dag_build_modules() -> None:
    gin.parse_config("""
        DAGLayer.dag = [
            (@one/Doubler(), ['x'], ['y']), (@two/Doubler(), ['one/y'], ['y'])]
        one/Doubler.name = 'one'
        two/Doubler.name = 'two'
        """)
    layer = gin.get_configurable("dags.DAGLayer")()
    assert layer.module_names == ["one", "two"]
    np.testing.assert_allclose(layer({"x": tf.constant([1.0])})["out"]["y"], [4.0])


@pytest.mark.parametrize(
    ("dag", "modules", "message"),
    [
        ([], {}, "at least one node"),
        ([("a", ["x"], ["y"])], {}, "Every node must name a module"),
        ([("a", ["x"], ["y"])], {"a": 3}, "must be modules"),
        ([(double("a"), ["x"]), (double("a"), ["x"])], {}, "share a name"),
        ([(double("a"), ["x"])], {"a": double("a")}, "share a name"),
        ([(double("out"), ["x"], ["y"])], {}, "'inputs' or 'out'"),
        ([(double("a"),)], {}, "A node must be"),
        ([(double("call"), ["x"], ["y"])], {}, "layer's attribute"),
    ],
)
def test_mistakes_are_named_at_construction(
    dag: list, modules: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dags.DAGLayer(dag, **modules)


def test_missing_path_names_the_paths_there_are() -> None:
    layer = dags.DAGLayer([(double("a"), ["pitch"], ["y"])])
    with pytest.raises(KeyError, match="pitch"):
        layer.run_dag({"x": tf.constant(1.0)})


def test_missing_output_keys_are_named() -> None:
    layer = dags.DAGLayer([(double("a"), ["x"])])
    with pytest.raises(ValueError, match="output keys"):
        layer.run_dag({"x": tf.constant(1.0)})


def test_trainable_reaches_keras() -> None:
    dense = layers.Dense(2, name="dense")
    layer = dags.DAGLayer([(dense, ["x"], ["y"])], trainable=False)
    layer({"x": tf.ones([1, 2])})
    assert not layer.trainable_variables
