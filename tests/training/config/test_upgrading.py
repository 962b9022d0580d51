"""Configs of 2020 and after, brought up to date statement by statement."""

import gin
import numpy as np
import pytest
import tensorflow as tf
from gin import config_parser
from small_models import TRAINED, recorded_run

from ddsp.training import config, decoders, models, preprocessing
from ddsp.training.config.raw_values import RawDelegate
from ddsp.training.config.upgrading import upgrade
from ddsp.training.errors import InputError

# As the first released versions wrote it, for the sizes of the recorded model; both
# decoders of that time, every argument that is gone, and the names that are.
OF_2020 = """
import ddsp
import ddsp.training

# Macros:
batch_size = 16
evaluators = [@BasicEvaluator]

# Parameters for Additive:
Additive.n_samples = 8000
Additive.name = 'additive'
Additive.normalize_below_nyquist = True
Additive.sample_rate = 16000
Additive.scale_fn = @core.exp_sigmoid

Autoencoder.decoder = @decoders.RnnFcDecoder()
Autoencoder.encoder = None
Autoencoder.losses = [@losses.SpectralLoss()]
Autoencoder.preprocessor = @preprocessing.DefaultPreprocessor()
Autoencoder.processor_group = @processors.ProcessorGroup()

# Parameters for cumsum:
cumsum.axis = 1
cumsum.use_angular = False

DefaultPreprocessor.time_steps = 125

exp_sigmoid.exponent = 10.0

FilteredNoise.initial_bias = -5.0
FilteredNoise.n_samples = 8000
FilteredNoise.name = 'filtered_noise'
FilteredNoise.window_size = 0

get_model.model = @models.Autoencoder()

processors.Add.name = 'add'

ProcessorGroup.dag = \\
    [(@synths.Additive(), ['amps', 'harmonic_distribution', 'f0_hz']),
     (@synths.FilteredNoise(), ['noise_magnitudes']),
     (@processors.Add(), ['filtered_noise/signal', 'additive/signal']),
     (@effects.Reverb(), ['add/signal'])]

Reverb.name = 'reverb'
Reverb.reverb_length = 400
Reverb.trainable = True

RnnFcDecoder.ch = 6
RnnFcDecoder.layers_per_stack = 2
RnnFcDecoder.output_splits = \\
    (('amps', 1), ('harmonic_distribution', 10), ('noise_magnitudes', 9))
RnnFcDecoder.rnn_channels = 12
RnnFcDecoder.rnn_type = 'gru'

SpectralLoss.delta_delta_freq_weight = 0.0
SpectralLoss.delta_delta_time_weight = 0.0
SpectralLoss.delta_freq_weight = 0.0
SpectralLoss.fft_sizes = (256, 128)
SpectralLoss.mag_weight = 1.0

train.num_steps = 30000
"""


def folder_with(folder, text):
    (folder / "operative_config-0.gin").write_text(text)
    return folder


def upgraded(text):
    """Bindings of a text after the upgrade, as written, and what was changed."""
    statements, changes = upgrade(config_parser.ConfigParser(text, RawDelegate()))
    bindings = {
        f"{s.scope}/{s.selector}.{s.arg_name}".strip("/."): s.value
        for s in statements
        if isinstance(s, config_parser.BindingStatement)
    }
    return bindings, changes


def build_of_2020(folder, trust):
    with config.isolated_gin():
        config.load_model_config(folder_with(folder, OF_2020), trust=trust)
        return models.get_model()


@pytest.mark.parametrize("trust", [False, True])
def test_a_config_of_2020_builds_the_model_of_today(trust, tmp_path):
    model = build_of_2020(tmp_path, trust)
    assert isinstance(model.preprocessor, preprocessing.F0LoudnessPreprocessor)
    assert model.preprocessor.time_steps == 125
    assert isinstance(model.decoder, decoders.RnnFcDecoder)
    assert list(model.decoder.input_keys) == ["f0_scaled", "ld_scaled"]
    names = [module.name for module in model.processor_group.modules]
    assert names == ["harmonic", "filtered_noise", "add", "reverb"]
    assert model.processor_group.modules[0].n_samples == 8000


def test_a_config_of_2020_sounds_like_the_recorded_model(tmp_path):
    # The recorded model has the same parts, with its two inputs the other way round.
    model = build_of_2020(tmp_path, trust=False)
    features, outputs = recorded_run(TRAINED / "solo_small")
    model(features, training=False)
    reader = tf.train.load_checkpoint(str(TRAINED / "solo_small" / "ckpt-3"))

    def value(name):
        return reader.get_tensor(f"model/{name}/.ATTRIBUTES/VARIABLE_VALUE")

    def swapped(kernel):
        return np.concatenate([kernel[6:12], kernel[:6], kernel[12:]])

    decoder = model.decoder
    for stack, recorded in zip(decoder.input_stacks, (1, 0), strict=True):
        assign_stack(stack, value, f"decoder/input_stacks/{recorded}")
    cell = decoder.rnn.rnn.cell
    cell.kernel.assign(swapped(value("decoder/rnn/rnn/cell/kernel")))
    cell.recurrent_kernel.assign(value("decoder/rnn/rnn/cell/recurrent_kernel"))
    cell.bias.assign(value("decoder/rnn/rnn/cell/bias"))
    assign_stack(decoder.out_stack, value, "decoder/out_stack")
    first = decoder.out_stack.layers[0].layers[0]
    first.kernel.assign(swapped(first.kernel.numpy()))
    decoder.dense_out.kernel.assign(value("decoder/dense_out/kernel"))
    decoder.dense_out.bias.assign(value("decoder/dense_out/bias"))
    ours = model(features, training=False)
    for name in ("amps", "harmonic_distribution", "noise_magnitudes"):
        np.testing.assert_allclose(ours[name], outputs[name], atol=2e-5)
    np.testing.assert_allclose(
        ours["harmonic"]["signal"], outputs["harmonic/signal"], atol=1e-3
    )


def assign_stack(stack, value, path):
    for index, fc in enumerate(stack.layers):
        dense, norm = (layer for layer in fc.layers if layer.weights)
        name = f"{path}/layer_with_weights-{index}/layer_with_weights"
        dense.kernel.assign(value(f"{name}-0/kernel"))
        dense.bias.assign(value(f"{name}-0/bias"))
        norm.gamma.assign(value(f"{name}-1/gamma"))
        norm.beta.assign(value(f"{name}-1/beta"))


def test_the_upgrade_is_said_once_in_one_line(tmp_path, caplog):
    build_of_2020(tmp_path, trust=False)
    build_of_2020(tmp_path, trust=False)
    (record,) = [r for r in caplog.records if "upgraded" in r.getMessage()]
    message = record.getMessage()
    assert record.levelname == "WARNING"
    assert message.startswith(str(tmp_path / "operative_config-0.gin"))
    assert "\n" not in message
    assert message.endswith(
        "Additive is Harmonic; DefaultPreprocessor is F0LoudnessPreprocessor; "
        "'additive' is 'harmonic' in graphs; cumsum.axis is left out; "
        "cumsum.use_angular is left out; "
        "SpectralLoss.delta_delta_freq_weight is left out; "
        "SpectralLoss.delta_delta_time_weight is left out; "
        "RnnFcDecoder.input_keys are ('f0_scaled', 'ld_scaled')"
    )


@pytest.mark.parametrize("folder", sorted(TRAINED.iterdir()), ids=lambda x: x.name)
def test_configs_of_the_last_version_stay_as_they_are(folder):
    text = (folder / "operative_config-0.gin").read_text()
    statements = list(config_parser.ConfigParser(text, RawDelegate()))
    assert upgrade(statements) == (statements, [])


@pytest.mark.parametrize(
    "name",
    [
        "DilatedConvDecoder.resample",
        "DilatedConvEncoder.resample",
        "SpectralLoss.delta_delta_freq_weight",
        "SpectralLoss.delta_delta_time_weight",
        "a/losses.SpectralLoss.delta_delta_time_weight",
        "cumsum.anything",
    ],
)
def test_arguments_that_are_gone_are_dropped(name):
    assert upgraded(f"{name} = 1.0")[0] == {}


@pytest.mark.parametrize(
    "name",
    [
        "DilatedConvDecoder.resample_stride",
        "DilatedConvDecoder.resample_after_convolve",
        "DilatedConvStack.resample_type",
        "SpectralLoss.cumsum_freq_weight",
        "SpectralLoss.delta_freq_weight",
        "MySpectralLoss.delta_delta_freq_weight",
        "cumsum",
        "my_cumsum.axis",
    ],
)
def test_arguments_and_names_that_only_look_like_them_stay(name):
    bindings, changes = upgraded(f"{name} = 1.0")
    assert list(bindings.values()) == [1.0]
    assert changes == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Additive", "Harmonic"),
        ("DefaultPreprocessor", "F0LoudnessPreprocessor"),
        ("TranscribingAutoencoder", "InverseSynthesis"),
    ],
)
def test_names_are_replaced_with_scopes_and_modules_kept(old, new):
    text = f"a/b.c.{old}.x = 1\ny.z = [{{'k': @s/t/m.{old}()}}, (@{old},)]\n{old} = 2"
    bindings, changes = upgraded(text)
    assert bindings["a/b.c." + new + ".x"] == 1
    (first, (second,)) = bindings["y.z"]
    assert first["k"] == (f"s/t/m.{new}", True)
    assert second == (new, False)
    assert bindings[old] == 2  # A macro may be called anything.
    assert changes[0] == f"{old} is {new}"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("RnnFcDecoder.ch = 3", ("f0_scaled", "ld_scaled")),
        ("Autoencoder.decoder = @decoders.RnnFcDecoder()", ("f0_scaled", "ld_scaled")),
        ("ZRnnFcDecoder.ch = 3", ("f0_scaled", "ld_scaled", "z")),
        ("Autoencoder.decoder = @ZRnnFcDecoder()", ("f0_scaled", "ld_scaled", "z")),
        ("RnnFcDecoder.input_keys = ('z',)", ("z",)),
        ("ZRnnFcDecoder.input_keys = ('z',)", ("z",)),
        ("a/RnnFcDecoder.input_keys = ('z',)", None),
        ("DilatedConvDecoder.ch = 3", None),
        ("RnnFcDecoder = 3", None),
    ],
)
def test_a_decoder_without_inputs_gets_those_of_its_time(text, keys):
    assert upgraded(text)[0].get("RnnFcDecoder.input_keys") == keys


def test_the_first_decoder_of_z_has_a_stack_for_it(tmp_path):
    text = OF_2020.replace("RnnFcDecoder", "ZRnnFcDecoder")
    config.load_model_config(folder_with(tmp_path, text))
    decoder = models.get_model().decoder
    assert list(decoder.input_keys) == ["f0_scaled", "ld_scaled", "z"]
    assert len(decoder.input_stacks) == 3


DAG = "ProcessorGroup.dag = [(@synths.{}(), ['amps']), (@Tanh(), ['{}'])]\n"


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("", None, "harmonic/signal"),
        ("Additive.name = 'additive'", "harmonic", "harmonic/signal"),
        (
            "Additive.name = 'tone'\na/Additive.name = 'additive'",
            "tone harmonic",
            "harmonic/signal",
        ),
        ("a/Additive.name = 'tone'", "tone", "harmonic/signal"),
        # No synthesizer of this model is called that.
        ("synths.Additive.name = 'tone'", "tone", "additive/signal"),
        # Something else has that name, which graphs therefore mean.
        ("Reverb.name = 'additive'", None, "additive/signal"),
        ("ProcessorGroup.additive = @synths.Additive()", None, "additive/signal"),
        ("Harmonic.name = 'harmonic'", "harmonic", "additive/signal"),
    ],
)
def test_graphs_follow_the_new_name_of_the_synthesizer(text, name, path):
    bindings, _ = upgraded(DAG.format("Additive", "additive/signal") + text)
    assert bindings["ProcessorGroup.dag"][1][1] == [path]
    names = {v for k, v in bindings.items() if k.endswith("Harmonic.name")}
    assert names == (set(name.split()) if name else set())


def test_a_harmonic_synthesizer_may_be_called_additive():
    text = DAG.format("Harmonic", "additive/signal") + "Harmonic.name = 'additive'"
    bindings, changes = upgraded(text)
    assert bindings["Harmonic.name"] == "additive"
    assert bindings["ProcessorGroup.dag"][1][1] == ["additive/signal"]
    assert changes == []


def test_only_whole_names_in_graphs_are_replaced():
    text = DAG.format("Harmonic", "additive_noise/signal") + "x.y = 'additive/signal'"
    bindings, changes = upgraded(text)
    assert bindings["ProcessorGroup.dag"][1][1] == ["additive_noise/signal"]
    assert bindings["x.y"] == "additive/signal"
    assert changes == []


def test_a_value_of_a_decoder_called_additive_stays_as_it_is():
    # Named only; followed by '/' it would be the output of a processor.
    text = DAG.format("Harmonic", "additive") + "Harmonic.name = 'additive_too'"
    assert upgraded(text)[1] == []
    text = DAG.format("Additive", "additive").replace("'amps'", "'additive'")
    bindings, changes = upgraded(text)
    first, second = bindings["ProcessorGroup.dag"]
    assert (first[1], second[1]) == (["additive"], ["additive"])
    assert changes == ["Additive is Harmonic"]


def test_paths_stay_where_no_synthesizer_is_renamed():
    bindings, changes = upgraded(DAG.format("Harmonic", "additive/signal"))
    assert bindings["ProcessorGroup.dag"][1][1] == ["additive/signal"]
    assert changes == []


@pytest.mark.parametrize("scope", ["", "a/"])
def test_graphs_and_names_behind_macros_are_renamed_together(scope):
    text = f"""
        ProcessorGroup.dag = %{scope}graph
        {scope}graph = [(@synths.Additive(), ['amps']), (@Tanh(), %inputs)]
        inputs = ['additive/signal', 'additive_too/signal']
        elsewhere = ['additive/signal']
        Additive.name = %called
        called = 'additive'
    """
    bindings, changes = upgraded(text)
    assert bindings["inputs"] == ["harmonic/signal", "additive_too/signal"]
    assert bindings["elsewhere"] == ["additive/signal"]
    assert bindings["Harmonic.name"] == "harmonic"
    assert bindings["called"] == "additive"
    assert changes == ["Additive is Harmonic", "'additive' is 'harmonic' in graphs"]


def test_macros_that_go_round_in_circles_do_no_harm():
    text = "ProcessorGroup.dag = %a\na = [%b, @Additive(), 'additive/x']\nb = [%a]"
    assert upgraded(text)[0]["a"][2] == "harmonic/x"


def test_a_name_behind_a_macro_is_taken_too():
    text = "x = 'additive'\nReverb.name = %x\n" + DAG.format("Additive", "additive/a")
    assert upgraded(text)[0]["ProcessorGroup.dag"][1][1] == ["additive/a"]


def test_both_synthesizers_of_one_model_stay():
    text = "Additive.n_samples = 1\nHarmonic.n_samples = 2"
    assert upgraded(text) == (
        {"Additive.n_samples": 1, "Harmonic.n_samples": 2},
        [],
    )


def test_what_has_no_successor_is_still_an_error(tmp_path):
    text = "DilatedConvEncoder.ch = 3\nDilatedConvEncoder.resample = 2\n"
    with pytest.raises(InputError, match=r"line 1: .*DilatedConvEncoder"):
        config.load_model_config(folder_with(tmp_path, text))


def test_lines_are_counted_as_they_were(tmp_path):
    text = "cumsum.axis = 1\nAdditive.name = 'additive'\nimport os\n"
    with pytest.raises(InputError, match=r"operative_config-0\.gin, line 3: "):
        config.load_model_config(folder_with(tmp_path, text))
    assert not gin.config_str().strip()
