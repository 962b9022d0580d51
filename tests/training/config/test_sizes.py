"""The sizes of a config are held against the checkpoint beside it."""

import os
import re
import shutil

import gin
import pytest
from small_models import GOLDEN, TRAINED

from ddsp import pretrained
from ddsp.training import config
from ddsp.training.config.sizes import (
    MAX_SIZE,
    MIN_COUNT,
    MIN_LENGTH,
    MIN_WIDTH,
    WITHOUT_CHECKPOINT,
    Limits,
    limits_of,
)
from ddsp.training.errors import InputError

N_VARIABLES, N_VALUES = 94, 5548  # Of solo_small.


@pytest.fixture
def folder(tmp_path):
    """A model that a test may change."""
    return shutil.copytree(TRAINED / "solo_small", tmp_path / "model")


def load(folder, text):
    gin.clear_config()
    (folder / "operative_config-0.gin").write_text(f"first = 1\n{text}\n")
    config.load_model_config(folder)


def refusal(folder, text, line=2):
    with pytest.raises(InputError, match="larger than its checkpoint") as caught:
        load(folder, text)
    message = str(caught.value)
    assert message.startswith(f"{folder / 'operative_config-0.gin'}, line {line}: ")
    assert "\n" not in message
    assert not gin.config_str().strip()
    return message


def test_a_checkpoint_limits_what_a_model_can_have():
    found = limits_of(str(TRAINED / "solo_small" / "ckpt-3"))
    assert found == Limits(N_VARIABLES, N_VALUES)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("DilatedConvDecoder.layers_per_stack", N_VARIABLES),
        ("DilatedConvDecoder.stacks", N_VARIABLES),
        ("FcStack.layers", N_VARIABLES),
        ("RnnSandwich.fc_stack_layers", N_VARIABLES),
        ("RnnFcDecoder.ch", MIN_WIDTH),
        ("RnnFcDecoder.rnn_channels", MIN_WIDTH),
        ("Dense.units", MIN_WIDTH),
        ("Reverb.reverb_length", MIN_LENGTH),
        ("Harmonic.n_samples", MAX_SIZE),
        ("Harmonic.sample_rate", MAX_SIZE),
        ("F0LoudnessPreprocessor.time_steps", MAX_SIZE),
    ],
)
def test_a_size_may_be_what_an_honest_model_needs_and_no_more(name, most, folder):
    name = name.replace("Dense", "tf.keras.layers.Dense")
    load(folder, f"{name} = {most}")
    message = refusal(folder, f"{name} = {most + 1}")
    assert f"{name.rpartition('.')[2]} = {most + 1}, where at most {most}" in message
    refusal(folder, f"{name} = -{most + 1}")
    refusal(folder, f"{name} = {10**400}")
    refusal(folder, f"a/b/{name} = 1e999")


@pytest.mark.parametrize(
    "name", ["train.num_steps", "Trainer.lr_decay_steps", "FilteredNoise.seed"]
)
def test_what_costs_nothing_may_be_as_large_as_it_likes(name, folder):
    load(folder, f"{name} = {10**15}")
    assert gin.query_parameter(name) == 10**15


def test_large_checkpoints_allow_large_sizes():
    values = Limits(10**3, 10**9)
    bindings = {
        ("", "ddsp.x.Y"): {"layers": 10**3, "ch": 10**9, "reverb_length": 10**9}
    }
    config.sizes.check_sizes(bindings, values)
    for name in ("layers", "ch", "reverb_length"):
        larger = {("", "ddsp.x.Y"): {name: bindings["", "ddsp.x.Y"][name] + 1}}
        with pytest.raises(config.sizes.SizeError, match=name):
            config.sizes.check_sizes(larger, values)


def test_small_checkpoints_do_not_limit_parts_without_variables():
    bindings = {("", "ddsp.x.Y"): {"layers": MIN_COUNT, "ch": MIN_WIDTH}}
    config.sizes.check_sizes(bindings, Limits(1, 1))


def test_layers_within_stacks_multiply(folder):
    text = "DilatedConvDecoder.stacks = {}\nDilatedConvDecoder.layers_per_stack = {}"
    load(folder, text.format(9, 10))
    load(folder, text.format(0, 10))
    assert "layers in all = 100," in refusal(folder, text.format(10, 10), line=3)
    scoped = (
        "DilatedConvDecoder.stacks = 10\na/DilatedConvDecoder.layers_per_stack = {}"
    )
    load(folder, scoped.format(9))
    refusal(folder, scoped.format(10), line=3)
    # Of two decoders each has its own.
    load(folder, "a/" + text.format(10, 1).replace("\n", "\nb/"))
    load(folder, "ResidualStack.block_sizes = [30, 30, 34]")
    refusal(folder, "ResidualStack.block_sizes = [30, 30, 35]")


def test_inputs_of_decoders_are_counted(folder):
    keys = [f"k{n}" for n in range(N_VARIABLES + 1)]
    load(folder, f"RnnFcDecoder.input_keys = {keys[1:]}")
    assert "input keys = 95," in refusal(folder, f"RnnFcDecoder.input_keys = {keys}")
    text = (
        f"RnnFcDecoder.layers_per_stack = {{}}\nRnnFcDecoder.input_keys = {keys[:47]}"
    )
    load(folder, text.format(2))
    assert "layers in all = 141," in refusal(folder, text.format(3), line=3)
    # Here one stack has all keys.
    load(folder, text.format(3).replace("RnnFc", "DilatedConv"))
    refusal(folder, f"RnnFcDecoder.input_keys = [{'%a, ' * 5}]\na = {keys[:20]}")


def test_macros_hide_nothing(folder):
    load(folder, f"n = {10**9}\nm = [1, %n]\ntrain.num_steps = %n")
    refusal(folder, f"n = {10**9}\nm = [1, %n]\nRnnFcDecoder.ch = %m", line=4)
    refusal(folder, f"a/n = {10**9}\nRnnFcDecoder.ch = %a/n", line=3)
    refusal(folder, "RnnFcDecoder.output_splits = (('amps', 100000000000),)")


def test_macros_that_are_named_often_count_as_often(folder):
    text = ", ".join(["'x'"] * 3000)
    often = ", ".join(["%a"] * 3000)
    text = f"a = [{text}]\nb = [{often}]\nRnnFcDecoder.input_keys = %b"
    assert "input keys = 9000000," in refusal(folder, text, line=4)


def test_a_folder_without_checkpoint_has_limits_too(folder):
    for path in folder.glob("ckpt-*"):
        path.unlink()
    (folder / "checkpoint").unlink(missing_ok=True)
    most = WITHOUT_CHECKPOINT.n_variables
    load(folder, f"FcStack.layers = {most}")
    refusal(folder, f"FcStack.layers = {most + 1}")


def test_a_damaged_checkpoint_is_one_line(folder):
    (folder / "ckpt-3.index").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"ckpt-3\.index, which is damaged") as caught:
        config.load_model_config(folder)
    assert "\n" not in str(caught.value)


def test_the_user_s_trust_is_not_limited(folder):
    path = folder / "operative_config-0.gin"
    path.write_text("RnnFcDecoder.layers_per_stack = 1000000\n")
    config.load_model_config(folder, trust=True)
    assert gin.query_parameter("RnnFcDecoder.layers_per_stack") == 1000000


HONEST = [
    *sorted(TRAINED.iterdir()),
    GOLDEN / "checkpoints" / "tiny_instrument",
    GOLDEN / "checkpoints" / "nsynth_ae",
    *(pretrained.model_folder(name) for name in pretrained.model_names()),
]


@pytest.mark.parametrize("folder", HONEST, ids=lambda path: path.name)
def test_honest_models_are_read(folder):
    config.load_model_config(folder)
    assert gin.config_str()


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize(
    "name", ["operative_config-0.gin", "operative_config-9.gin", "checkpoint"]
)
@pytest.mark.parametrize("part", ["", "ckpt-3"])
def test_pipes_are_refused_unread(part, name, trust, folder):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(InputError, match=f"{re.escape(name)}, which is a pipe"):
        config.load_model_config(folder / part, trust=trust)


@pytest.mark.parametrize("name", ["ckpt-3.index", "ckpt-3.data-00000-of-00001"])
def test_devices_as_checkpoints_are_refused_unread(name, folder):
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(InputError, match=f"{re.escape(name)}, which is a pipe"):
        config.load_model_config(folder)


def test_a_config_in_the_folder_around_may_be_no_pipe_either(folder):
    (folder / "operative_config-0.gin").unlink()
    os.mkfifo(folder.parent / "operative_config-0.gin")
    with pytest.raises(InputError, match="which is a pipe"):
        config.load_model_config(folder)


def test_links_to_files_are_read(folder):
    path = folder / "operative_config-0.gin"
    shutil.move(path, folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")
    config.load_model_config(folder)
    assert gin.config_str()
