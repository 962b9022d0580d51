"""A config that the user vouches for is read like a file of theirs."""

import sys

import gin
import pytest

from ddsp.training import config
from ddsp.training.errors import InputError


def folder_with(folder, text):
    (folder / "operative_config-0.gin").write_text(text)
    return folder


def load(folder, text):
    config.load_model_config(folder_with(folder, text), trust=True)


def test_trust_is_not_the_default(tmp_path):
    folder_with(tmp_path, "include 'models/ae.gin'\n")
    with pytest.raises(InputError, match="must not include"):
        config.load_model_config(tmp_path)


def test_modules_of_the_user_are_imported_and_their_names_known(tmp_path, monkeypatch):
    (tmp_path / "a_users_module.py").write_text(
        "import gin\n\n@gin.register(module='a_users_module')\n"
        "def a_users_function(x=1):\n    return x\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    load(
        tmp_path,
        "import a_users_module\na_users_function.x = 5\n"
        "Harmonic.scale_fn = @a_users_module.a_users_function\n",
    )
    assert gin.get_configurable("a_users_function")() == 5
    assert "a_users_module" in sys.modules


def test_files_of_the_package_and_beside_the_config_are_included(tmp_path):
    (tmp_path / "beside.gin").write_text("Harmonic.n_samples = 7\n")
    load(tmp_path, "include 'models/ae.gin'\ninclude 'beside.gin'\n")
    assert gin.query_parameter("Harmonic.n_samples") == 7
    assert gin.query_parameter("RnnFcDecoder.ch") == 512


def test_paths_and_code_are_kept(tmp_path):
    load(
        tmp_path,
        "train.save_dir = '/home/me'\nTFRecordProvider.file_pattern = 'x*'\n"
        "OnlineF0PowerPreprocessor.crepe_saved_model_path = '/home/me/crepe'\n"
        "Autoencoder.encoder = @tf.keras.layers.Lambda()\n",
    )
    assert gin.query_parameter("train.save_dir") == "/home/me"
    assert gin.query_parameter("TFRecordProvider.file_pattern") == "x*"
    name = "OnlineF0PowerPreprocessor.crepe_saved_model_path"
    assert gin.query_parameter(name) == "/home/me/crepe"
    assert gin.query_parameter("Autoencoder.encoder").selector.endswith("Lambda")


def test_unknown_names_are_left_out_with_a_warning(tmp_path, caplog):
    load(tmp_path, "import no_such_module\nNowhere.x = 3\nRnnFcDecoder.ch = 4\n")
    assert gin.query_parameter("RnnFcDecoder.ch") == 4
    assert "no_such_module" in caplog.text
    assert "Nowhere" in caplog.text


def test_unknown_arguments_are_an_error_all_the_same(tmp_path):
    with pytest.raises(InputError, match=r"line 2: .*chh"):
        load(tmp_path, "x = 1\nRnnFcDecoder.chh = 4\n")


def test_size_is_not_limited(tmp_path):
    load(tmp_path, "#" * 200_000 + "\nRnnFcDecoder.ch = 4\n")
    assert gin.query_parameter("RnnFcDecoder.ch") == 4


def test_the_newest_config_is_taken_here_too(tmp_path):
    (tmp_path / "operative_config-9.gin").write_text("RnnFcDecoder.ch = 9\n")
    load(tmp_path, "RnnFcDecoder.ch = 4\n")
    assert gin.query_parameter("RnnFcDecoder.ch") == 9
