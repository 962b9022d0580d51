"""The config of a download describes a model, and can do nothing else."""

import inspect
import sys

import gin
import numpy as np
import pytest
import tensorflow as tf
from small_models import TRAINED

import ddsp.training  # noqa: F401  Registers everything.
from ddsp.keras_objects import UNSAFE_LAYERS
from ddsp.training import config, models
from ddsp.training.config.model_config import MAX_BYTES
from ddsp.training.config.statements import MAX_NESTING
from ddsp.training.errors import InputError

SOLO = (TRAINED / "solo_small" / "operative_config-0.gin").read_text()


def folder_with(folder, text):
    (folder / "operative_config-0.gin").write_text(text)
    return folder


def refusal(folder, text):
    """What is said; nothing of the file must have remained."""
    with pytest.raises(InputError) as caught:
        config.load_model_config(folder_with(folder, text))
    message = str(caught.value)
    assert str(folder / "operative_config-0.gin") in message
    assert "\n" not in message
    assert not gin.config_str().strip()
    return message


@pytest.mark.parametrize(
    "statement",
    [
        "import os",
        "import os as ddsp",
        "import os.path",
        "from os import path",
        "from ddsp.training import train_util",
        "import ddspx",
        "import ddsp.training.data_preparation",
        "from __gin__ import dynamic_registration",
    ],
)
def test_imports_are_refused(statement, tmp_path):
    assert statement in refusal(tmp_path, f"x = 1\n{statement}\n")


def test_a_module_beside_the_config_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('was run')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    refusal(tmp_path, "import evil_module\n")
    assert "evil_module" not in sys.modules


@pytest.mark.parametrize("name", ["models/ae.gin", "/etc/passwd", "gs://x/y.gin"])
def test_includes_are_refused(name, tmp_path):
    assert name in refusal(tmp_path, f"include '{name}'\n")


@pytest.mark.parametrize("name", UNSAFE_LAYERS)
@pytest.mark.parametrize("form", ["@tf.keras.layers.{}()", "[{{'k': (@layers.{},)}}]"])
def test_layers_that_hold_code_or_files_are_refused(form, name, tmp_path):
    message = refusal(tmp_path, f"Autoencoder.encoder = {form.format(name)}\n")
    assert f"tf.keras.layers.{name}" in message


def test_their_arguments_are_refused_too(tmp_path):
    refusal(tmp_path, "Lambda.function = 'x'\n")
    refusal(tmp_path, "a/b/tf.keras.layers.Lambda.function = 'x'\n")


@pytest.mark.parametrize(
    "value",
    [
        "{'class_name': 'Lambda', 'config': {}}",
        "[({'x': {'module': 'os'}},)]",
        "{'registered_name': 'system'}",
        "{'config': 1}",
        "{%key: 1}",
        "{@core.exp_sigmoid: 1}",
    ],
)
@pytest.mark.parametrize("name", ["Bidirectional.layer", "any_macro"])
def test_dictionaries_that_keras_makes_objects_of_are_refused(name, value, tmp_path):
    assert name in refusal(tmp_path, f"key = 'x'\n{name} = {value}\n")


def acting():
    """Complete names of all that is registered and is no part of models or runs."""
    parts = ("core", "dags", "effects", "losses", "processors", "spectral_ops")
    training = ("data", "decoders", "encoders", "evaluators", "heuristics", "models")
    allowed = [f"ddsp.{name}." for name in (*parts, "synths")]
    allowed += [f"ddsp.training.{name}." for name in training]
    allowed += [f"ddsp.training.{name}." for name in ("nn", "preprocessing")]
    allowed += ["ddsp.training.trainers.", "tf.keras."]
    names = (name for name, _ in gin.config._REGISTRY.items())
    return sorted(name for name in names if not name.startswith(tuple(allowed)))


def test_what_acts_is_known_to_act():
    names = {"ddsp.training.train_util.train", "gin.singleton", "gin.macro"}
    names |= {f"ddsp.training.eval_util.{name}" for name in ("evaluate", "sample")}
    assert names <= set(acting())


@pytest.mark.parametrize("name", acting())
@pytest.mark.parametrize(
    "form",
    [
        "Autoencoder.encoder = @{}()",
        "Autoencoder.losses = [@x/y/{}]",
        "x = (1, {{'a': @{}()}})",
        "train.data_provider = @{}()",
        "Harmonic.scale_fn = @{}",
    ],
)
def test_what_acts_cannot_be_referred_to(form, name, tmp_path):
    assert name in refusal(tmp_path, form.format(name) + "\n")


@pytest.mark.parametrize(
    "text",
    [
        "Autoencoder.encoder = @data.TFRecordProvider()",
        "Autoencoder.encoder = %x\nx = [%y]\ny = @data.TFRecordProvider()",
        "Autoencoder.losses = [@trainers.Trainer()]",
        "a/FcStack.ch = @a/data.TFRecordProvider",
        "get_model.model = @trainers.get_trainer_class()",
        "tf.keras.layers.Bidirectional.layer = @data.TFRecordProvider()",
    ],
)
def test_a_model_is_not_made_of_parts_of_a_run(text, tmp_path):
    assert "must not be made of @ddsp.training." in refusal(tmp_path, text)


def test_a_run_is_made_of_them(tmp_path):
    text = """
        x = @data.TFRecordProvider()
        train.data_provider = %x
        get_trainer_class.trainer_class = @trainers.Trainer
        Trainer.learning_rate = 0.5
    """
    config.load_model_config(folder_with(tmp_path, text))
    assert gin.query_parameter("Trainer.learning_rate") == 0.5


@pytest.mark.parametrize(
    "text",
    ["a = %a", "a = %b\nb = [%a]", "Autoencoder.encoder = @models.Autoencoder()"],
)
def test_what_is_made_of_itself_is_refused(text, tmp_path):
    assert "must not be made of itself" in refusal(tmp_path, text)


def test_macros_that_multiply_are_refused(tmp_path):
    text = "".join(f"a{n} = [%a{n + 1}, %a{n + 1}]\n" for n in range(45))
    assert "objects" in refusal(tmp_path, f"{text}a45 = 1\n")


@pytest.mark.parametrize("depth", [MAX_NESTING, MAX_NESTING + 1, 150, 400, 9_000])
@pytest.mark.parametrize(
    "brackets", ["[]", ("(", ",)"), ("{1:", "}"), ("[{1: (", ",)}]")]
)
def test_deeply_nested_values_are_one_error(brackets, depth, tmp_path):
    opening, closing = brackets
    depth //= sum(opening.count(sign) for sign in "[({")
    text = f"x = 1\ny = {opening * depth}1{closing * depth}\n"
    if depth * sum(opening.count(sign) for sign in "[({") <= MAX_NESTING:
        config.load_model_config(folder_with(tmp_path, text))
    else:
        assert "line 2: " in refusal(tmp_path, text)


def test_huge_files_are_refused_unread(tmp_path):
    text = "x = 1\n".ljust(MAX_BYTES, "#")
    config.load_model_config(folder_with(tmp_path, text))
    gin.clear_config()
    message = refusal(tmp_path, f"{text}#")
    assert f"at most {MAX_BYTES} bytes" in message


@pytest.mark.parametrize(
    ("value", "is_accepted"),
    [
        (3, True),
        (0.5, True),
        ("text", True),
        (None, True),
        (print, False),
        (tf.io.gfile.remove, False),
        ([print], False),
        (object(), False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_constants_of_programs_must_be_numbers_or_text(value, is_accepted, tmp_path):
    gin.constant("tests.A_CONSTANT", value)
    try:
        text = "Harmonic.scale_fn = %tests.A_CONSTANT\n"
        if is_accepted:
            config.load_model_config(folder_with(tmp_path, text))
            assert gin.config_str().strip()
        else:
            assert "%tests.A_CONSTANT" in refusal(tmp_path, text)
    finally:
        gin.config._CONSTANTS.pop("tests.A_CONSTANT")


def test_the_constant_of_gin_itself_is_accepted(tmp_path):
    config.load_model_config(folder_with(tmp_path, "Harmonic.name = %gin.REQUIRED"))
    assert gin.get_configurable("Harmonic")
    assert gin.query_parameter("Harmonic.name").scoped_selector.startswith("gin.REQUI")


@pytest.mark.parametrize("scope", ["", "a/", "a/b/"])
@pytest.mark.parametrize(
    "name",
    [
        "TFRecordProvider.file_pattern",
        "NSynthTfds.data_dir",
        "OnlineF0PowerPreprocessor.crepe_saved_model_path",
        "train.save_dir",
        "train_util.train.restore_dir",
    ],
)
def test_places_are_left_out_in_every_scope(name, scope, tmp_path):
    text = f"place = '/home/x'\n{scope}{name} = '/home/somebody'\n"
    text += f"b/{scope}{name} = ['/home/somebody']\nc/{scope}{name} = %place\n"
    config.load_model_config(folder_with(tmp_path, text))
    remaining = gin.config_str()
    assert "somebody" not in remaining
    assert name.split(".")[-1] not in remaining


def test_every_argument_that_could_be_a_place_is_left_out(tmp_path):
    marks = ("path", "dir", "file", "folder", "ckpt", "pattern")
    found = []
    for name, configurable in gin.config._REGISTRY.items():
        if name.startswith("ddsp."):
            for argument in inspect.signature(configurable.wrapped).parameters:
                # A number of seconds is no place.
                is_place = any(mark in argument.split("_") for mark in marks)
                if is_place and not argument.endswith("_secs"):
                    found.append(f"{name}.{argument}")
    assert len(found) >= 5
    text = "".join(f"{name} = '/home/somebody'\n" for name in found)
    config.load_model_config(folder_with(tmp_path, text))
    assert "somebody" not in gin.config_str()


@gin.register(module="ddsp.config_tests")
def everywhere(
    base_dir=None,
    checkpoint_path=None,
    ckpt=None,
    data_dir=None,
    dataset_folder=None,
    file_pattern=None,
    model_path=None,
    restore_dir=None,
    save_dir=None,
    n_places=0,
):
    """Has all names of places that the original has anywhere."""
    return locals()


def test_all_places_of_the_original_are_left_out(tmp_path):
    names = inspect.signature(everywhere).parameters
    text = "".join(f"everywhere.{name} = 'x'\n" for name in names)
    config.load_model_config(folder_with(tmp_path, text))
    made = gin.get_configurable("everywhere")()
    assert {name for name, value in made.items() if value} == {"n_places"}


@pytest.mark.parametrize("value", ["None", "'tiny'"])
def test_a_pitch_network_that_is_no_file_is_kept(value, tmp_path):
    name = "OnlineF0PowerPreprocessor.crepe_saved_model_path"
    config.load_model_config(folder_with(tmp_path, f"{name} = {value}\n"))
    assert repr(gin.query_parameter(name)) == value
    gin.clear_config()
    text = "TFRecordProvider.file_pattern = 'tiny'\ntrain.save_dir = None\n"
    config.load_model_config(folder_with(tmp_path, text))
    assert not gin.config_str().strip()


@pytest.mark.parametrize("seed", range(8))
def test_damaged_configs_are_read_or_are_one_line(seed, tmp_path):
    random = np.random.default_rng(seed)
    for _ in range(12):
        letters = list(SOLO)
        for place in random.integers(len(letters), size=4):
            letters[place] = random.choice(list("@%()[]{}'\"\\=/.:,-#\n\0 aé"))
        start = random.integers(len(letters))
        del letters[start : start + random.integers(40)]
        gin.clear_config()
        try:
            config.load_model_config(folder_with(tmp_path, "".join(letters)))
        except InputError as error:
            assert "\n" not in str(error)


def test_an_honest_config_is_read_whole(tmp_path):
    config.load_model_config(folder_with(tmp_path, SOLO))
    assert models.get_model().decoder.dense_out.units == 20
