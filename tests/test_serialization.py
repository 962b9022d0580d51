"""Configurations: what comes back equals, and nothing else comes back."""

import functools
import json
import sys

import gin
import keras
import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, dags, effects, losses, processors, serialization, synths

X = tf.constant([-2.0, 0.0, 3.0])


def through_json(layer):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    return keras.saving.deserialize_keras_object(config)


@pytest.mark.parametrize(
    "function",
    [
        core.exp_sigmoid,
        tf.nn.sigmoid,
        functools.partial(core.exp_sigmoid, max_value=3.0, exponent=2.0),
        functools.partial(
            functools.partial(core.exp_sigmoid, max_value=3.0), exponent=4
        ),
    ],
)
def test_functions_come_back_by_name(function):
    noise = through_json(synths.FilteredNoise(n_samples=100, scale_fn=function))
    np.testing.assert_array_equal(noise.scale_fn(X), function(X))


def test_inner_partial_gives_way_to_the_outer_one():
    inner = functools.partial(core.exp_sigmoid, max_value=3.0)
    outer = functools.partial(inner, max_value=5.0)
    decoded = serialization.decode(serialization.encode(outer))
    assert decoded.keywords == {"max_value": 5.0}


@pytest.mark.parametrize("scope", ["", "loud/"])
def test_gin_reference_keeps_what_gin_had_bound(scope):
    gin.parse_config(f"""
        {scope}exp_sigmoid.max_value = 5.0
        FilteredNoise.scale_fn = @{scope}ddsp.core.exp_sigmoid
    """)
    noise = gin.get_configurable("FilteredNoise")(n_samples=100)
    expected = noise.scale_fn(X)
    assert np.abs(expected - core.exp_sigmoid(X)).max() > 1.0
    config = noise.get_config()
    gin.clear_config()
    copy = synths.FilteredNoise.from_config(config)
    np.testing.assert_array_equal(copy.scale_fn(X), expected)


def not_ours(x):
    return x


@functools.wraps(core.exp_sigmoid)
def in_disguise(x):
    return -x


@pytest.mark.parametrize(
    "function",
    [lambda x: x, not_ours, in_disguise, tf.math.sin, np.tanh, eval],
)
def test_other_functions_are_refused_when_written(function):
    with pytest.raises(ValueError, match="must be a public one of"):
        effects.FIRFilter(scale_fn=function).get_config()


def test_positional_partial_is_refused():
    with pytest.raises(ValueError, match="keyword arguments only"):
        serialization.encode(functools.partial(core.exp_sigmoid, 1.0))


def test_values_of_other_kinds_are_refused():
    with pytest.raises(ValueError, match="Got floor="):
        serialization.encode(object(), "floor")


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "ddsp.core.tensors.tf_float32",
        "ddsp.core.np.fromfile",
        "ddsp.core.DB_RANGE",
        "ddsp.core.__loader__",
        "ddsp.core.",
        "ddsp.training.ddsp_run.main",
        "tensorflow.io.read_file",
        "tensorflow.nn.experimental",
        "tensorflow.nn.RNNCellDeviceWrapper",
        "antigravity.geohash",
        ["os", "system"],
        None,
        0,
    ],
)
def test_hostile_function_is_refused_and_nothing_is_imported(name):
    config = effects.FIRFilter().get_config()
    config["scale_fn"] = {"ddsp_function": name}
    before = set(sys.modules)
    with pytest.raises(ValueError, match="may name public functions"):
        effects.FIRFilter.from_config(config)
    with pytest.raises(ValueError, match="may name public functions"):
        keras.saving.deserialize_keras_object(
            {
                "class_name": "FIRFilter",
                "registered_name": "ddsp>FIRFilter",
                "module": "os",
                "config": config,
            }
        )
    assert set(sys.modules) == before


HOSTILE_LAYERS = [
    {"class_name": "system", "module": "os", "config": {"command": "exit 1"}},
    {"class_name": "function", "module": "os", "config": "system"},
    {
        "class_name": "function",
        "module": "os",
        "config": "system",
        "registered_name": "ddsp>Harmonic",
    },
    {
        "class_name": "function",
        "module": "builtins",
        "config": "eval",
        "registered_name": "function",
    },
    {"class_name": "function", "module": "this", "config": "s"},
    {"class_name": "function", "module": "keras.models", "config": "load_model"},
    {"class_name": "function", "module": "keras.activations", "config": "get"},
    {"class_name": "function", "module": "builtins", "config": ["eval"]},
    {"class_name": "function", "module": ["os"], "config": "system"},
    {"class_name": "load_model", "module": "keras.models", "config": {}},
    {"class_name": "__import__", "module": "builtins", "config": {"name": "this"}},
    {"class_name": "eval", "module": "builtins", "config": {}},
    {"class_name": ["Dense"], "module": "keras.layers", "config": {}},
    {
        "class_name": "system",
        "module": "os",
        "config": {},
        "registered_name": "ddsp>Harmonic",
    },
    *(
        {"class_name": name, "module": "keras.layers", "config": {"vocabulary": "/x"}}
        for name in ("StringLookup", "IntegerLookup", "TextVectorization")
    ),
    {"class_name": "function", "module": "keras.utils", "config": "get_file"},
    {"class_name": "Popen", "module": "subprocess", "config": {"args": ["false"]}},
    {"class_name": "geohash", "module": "antigravity", "config": {}},
    {"class_name": "Thing", "module": "ddsp.training.run", "config": {}},
    {"class_name": "__lambda__", "config": {"value": "4wAAAAAAAAAA"}},
    {"class_name": "__typespec__", "module": "os", "spec_name": "x", "config": []},
    {
        "class_name": "TFSMLayer",
        "module": "keras.layers",
        "config": {"filepath": "/nowhere"},
    },
    {
        "class_name": "Lambda",
        "module": "keras.layers",
        "config": {"function": {"class_name": "__lambda__", "config": {"value": ""}}},
    },
]


@pytest.mark.parametrize("hostile", HOSTILE_LAYERS, ids=lambda x: str(x["class_name"]))
@pytest.mark.parametrize("depth", [0, 1])
def test_hostile_module_is_refused_and_nothing_is_imported(hostile, depth, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("Keras has seen it.")

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", refuse)
    for _ in range(depth):
        hostile = {
            "class_name": "Sequential",
            "module": "keras",
            "config": {"layers": [hostile]},
        }
    group = processors.ProcessorGroup([(processors.Add(), ["x", "x"])])
    config = group.get_config()
    config["modules"]["add"] = {"ddsp_layer": hostile}
    before = set(sys.modules)
    with pytest.raises(ValueError, match="own layers and registered classes"):
        processors.ProcessorGroup.from_config(config)
    assert set(sys.modules) == before


def test_frozen_reverb_stays_frozen_and_keeps_its_response():
    reverb, audio = (
        effects.Reverb(trainable=True, reverb_length=8),
        tf.random.normal([1, 20]),
    )
    reverb(audio)
    reverb.trainable = False
    copy = through_json(reverb)
    copy.set_weights([np.arange(8.0)])
    reverb.set_weights([np.arange(8.0)])
    assert copy.trainable is False
    np.testing.assert_array_equal(copy(audio), reverb(audio))


def small_group():
    inner = processors.ProcessorGroup(
        [
            (synths.FilteredNoise(n_samples=40, seed=3), ["magnitudes"]),
            ("wet", ["filtered_noise/signal"]),
        ],
        wet=effects.TrainableReverb(reverb_length=5),
        name="inner",
    )
    dense = tf.keras.layers.Dense(4, activation="relu", name="dense")
    return processors.ProcessorGroup(
        [(dense, ["x"], ["magnitudes"]), (inner, ["dense"])]
    )


def test_nested_group_comes_back_with_its_modules():
    group, inputs = small_group(), {"x": tf.random.normal([2, 4, 3])}
    expected = group(inputs)
    assert np.abs(expected).max() > 0
    for copy in (through_json(group), type(group).from_config(group.get_config())):
        assert copy.module_names == group.module_names
        assert copy.dag == group.dag
        copy(inputs)  # Builds the variables.
        copy.set_weights(group.get_weights())
        np.testing.assert_array_equal(copy(inputs), expected)


def test_group_of_losses_comes_back():
    group = losses.LossGroup(
        [
            (losses.SpectralLoss(fft_sizes=(64,), mag_weight=2.0), ["a", "b"]),
            (losses.ParamLoss(loss_type="L2", name="power"), ["a", "b"]),
        ]
    )
    outputs = {"a": tf.random.normal([1, 200]), "b": tf.random.normal([1, 200])}
    expected, found = group(outputs), through_json(group)(outputs)
    assert len(expected) == 2
    assert expected == found


def test_plain_graph_comes_back():
    dag = [(tf.keras.layers.Rescaling(2.0, name="double"), ["x"], ["y"])]
    copy = through_json(dags.DAGLayer(dag, name="graph", trainable=False))
    assert (copy.name, copy.trainable) == ("graph", False)
    assert float(copy({"x": tf.constant(3.0)})["double"]["y"]) == 6.0


def test_loss_keeps_its_layer():
    dense = tf.keras.layers.Dense(2, kernel_initializer="ones")
    loss = losses.EmbeddingLoss(pretrained_model=dense)
    one, two = tf.ones([1, 3]), tf.zeros([1, 3])
    assert float(through_json(loss)(one, two)) == float(loss(one, two)) == 3.0


def test_classes_elsewhere_are_not_registered_in_our_name():
    class Mine(processors.Processor):
        pass

    assert keras.saving.get_registered_object("ddsp>Mine") is None
    registered = keras.saving.get_registered_object("ddsp>Harmonic")
    assert registered is synths.Harmonic


def test_configuration_is_not_changed_by_reading_it():
    config = small_group().get_config()
    before = json.dumps(config)
    processors.ProcessorGroup.from_config(config)
    assert json.dumps(config) == before


@pytest.mark.parametrize("key", ["dag", "modules"])
def test_configuration_of_a_graph_must_be_whole(key):
    config = small_group().get_config()
    del config[key]
    with pytest.raises(ValueError, match='"dag" and "modules"'):
        processors.ProcessorGroup.from_config(config)


@keras.saving.register_keras_serializable("tests")
class Vocabulary(keras.layers.StringLookup):
    pass


@keras.saving.register_keras_serializable("tests")
def twice(x):
    return 2.0 * x


class Unregistered(keras.layers.Layer):
    def call(self, x):
        return x


class Clipper(serialization.ConfigFromArguments):
    def __init__(self, level, floor=0.0):
        self._level, self.floor = level, floor


def test_registered_function_of_a_layer_comes_back():
    dense = keras.layers.Dense(1, activation=twice, kernel_initializer="ones")
    nested = serialization.decode(json.loads(json.dumps(serialization.encode(dense))))
    assert float(nested(tf.ones([1, 3]))[0, 0]) == 6.0


def test_keras_own_function_may_be_named():
    config = serialization.encode(keras.layers.Dense(1, kernel_initializer="ones"))
    config["ddsp_layer"]["config"]["activation"] = {
        "class_name": "function",
        "module": "builtins",
        "config": "relu",
        "registered_name": "function",
    }
    dense = serialization.decode(config)
    np.testing.assert_array_equal(dense(tf.constant([[-1.0], [2.0]])), [[0.0], [2.0]])


@pytest.mark.parametrize(
    "make",
    [lambda: Vocabulary(vocabulary=["a"]), lambda: keras.layers.Lambda(twice)],
)
def test_layer_that_could_not_be_read_is_not_written(make):
    with pytest.raises(ValueError, match="none that load files or code"):
        serialization.encode(make())


def test_unregistered_layer_is_refused_when_written():
    group = processors.ProcessorGroup([(Unregistered(name="mine"), ["x"])])
    with pytest.raises(
        ValueError, match=r"class_name='Unregistered'.*register_keras_serializable"
    ):
        group.get_config()


def test_argument_that_is_kept_privately_is_named():
    with pytest.raises(ValueError, match=r"'level' as self\.level"):
        Clipper(0.5).get_config()


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"level": 1.0, "ceiling": 2.0}, r"unknown \['ceiling'\]"),
        ({"floor": 1.0}, r"no \['level'\]"),
    ],
)
def test_wrong_arguments_of_a_configuration_are_named(config, complaint):
    with pytest.raises(ValueError, match=f"arguments of Clipper. Got {complaint}"):
        Clipper.from_config(config)
