import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import TRAINED, build, recorded_run

from ddsp.training import checkpoints

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.mark.parametrize("name", ["solo_small", "tiny_small", "ae_small"])
def test_variables_have_the_names_and_shapes_of_the_original(name):
    model = build(TRAINED / name)
    model(recorded_run(TRAINED / name)[0], training=False)
    expected = {
        key.removeprefix("model/").removesuffix(SUFFIX): shape
        for key, shape in tf.train.list_variables(str(TRAINED / name / "ckpt-3"))
        if key.startswith("model/")
    }
    named = checkpoints.named_variables(model)
    assert {key: list(v.shape) for key, v in named.items()} == expected


class Custom(keras.layers.Layer):
    """Lists, attributes and variables, as a user's layer has them."""

    def __init__(self):
        super().__init__()
        self.stacks = [keras.layers.Dense(2), keras.layers.Dense(3, use_bias=False)]
        self.norm = keras.layers.LayerNormalization()
        self.cells = keras.layers.Bidirectional(keras.layers.LSTM(2))
        self.table = keras.layers.Embedding(4, 2)
        self.scale = self.add_weight(shape=[2], name="whatever")
        self.sequence = keras.Sequential(
            [keras.layers.ReLU(), keras.layers.Conv1D(2, 3), keras.layers.Dense(1)]
        )

    def call(self, x):
        x = self.norm(self.stacks[1](self.stacks[0](x)))
        self.cells(x)
        self.table(tf.constant([1]))
        return self.sequence(x)


def test_a_users_layer_is_known_by_its_attributes():
    layer = Custom()
    layer(tf.zeros([1, 5, 2]))
    cell = ["kernel", "recurrent_kernel", "bias"]
    assert list(checkpoints.named_variables(layer)) == [
        "stacks/0/kernel",
        "stacks/0/bias",
        "stacks/1/kernel",
        "norm/gamma",
        "norm/beta",
        *(f"cells/forward_layer/cell/{name}" for name in cell),
        *(f"cells/backward_layer/cell/{name}" for name in cell),
        "table/embeddings",
        "scale",
        "sequence/layer_with_weights-0/kernel",
        "sequence/layer_with_weights-0/bias",
        "sequence/layer_with_weights-1/kernel",
        "sequence/layer_with_weights-1/bias",
    ]


class Hidden(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self._gain = self.add_weight(shape=[], name="gain")


def test_a_variable_without_a_name_is_an_error_rather_than_lost():
    with pytest.raises(ValueError, match="checkpoint_children"):
        checkpoints.named_variables(Hidden())


def test_a_layer_may_name_its_children_itself():
    class Named(Hidden):
        def checkpoint_children(self):
            return {"loudness": self._gain}

    assert list(checkpoints.named_variables(Named())) == ["loudness"]


def test_the_view_reads_and_writes_the_variables_themselves(tmp_path):
    layer = keras.layers.Dense(2)
    layer.build([None, 3])
    expected = layer.kernel.numpy()
    path = checkpoints.legacy_view(layer).save(str(tmp_path / "view"))
    layer.kernel.assign(tf.zeros([3, 2]))
    status = checkpoints.legacy_view(layer).restore(path)
    status.assert_existing_objects_matched()
    np.testing.assert_array_equal(layer.kernel, expected)
