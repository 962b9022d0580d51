"""Folders of strangers and of the original: what is read, and what trust changes."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import gin
import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
from tiny_model import make_tiny_model

from ddsp.cli import main as main_lib
from ddsp.training import postprocessing
from ddsp.training.errors import InputError
from ddsp.training.inference import TimbreTransfer
from ddsp.training.inference.restored_model import refusing_what_fails
from ddsp.training.inference.transfer import transfer


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(plain: Path, tmp_path: Path) -> Path:
    """A model that a test may change."""
    return Path(shutil.copytree(plain, tmp_path / "model"))


def low_tone() -> np.ndarray:
    phase = 2 * np.pi * 110.0 * np.arange(8000) / 16000
    return np.sum([0.1 * np.sin(k * phase) / k for k in range(1, 9)], axis=0)


def test_a_folder_with_a_pickle_only_is_adjusted_to(plain: Path, folder: Path) -> None:
    statistics = postprocessing.load_statistics(plain)
    assert statistics is not None
    for path in folder.glob("dataset_statistics.*"):
        path.unlink()
    content = pickle.dumps({**statistics, "mean_pitch": np.float32(74.0)}, 4)
    (folder / "dataset_statistics.pkl").write_bytes(content)
    expected, played = (transfer(low_tone(), 16000, model) for model in (plain, folder))
    assert played.register_shift == expected.register_shift == 2.0
    assert not any("statistics" in warning for warning in played.warnings)
    np.testing.assert_array_equal(played.audio, expected.audio)


def test_a_hostile_pickle_stops_the_model(folder: Path) -> None:
    for path in folder.glob("dataset_statistics.*"):
        path.unlink()
    path = folder / "dataset_statistics.pkl"
    path.write_bytes(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")
    with pytest.raises(InputError, match=r"it asks for 'os\.system'"):
        TimbreTransfer.from_folder(folder)


def make_foreign(folder: Path) -> Path:
    """Lets a config import a module of Python's own."""
    path = folder / "operative_config-0.gin"
    path.write_text("import this_is_foreign\n" + path.read_text())
    return folder


@pytest.fixture
def foreign(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model whose config imports a module that leaves a mark."""
    code = "import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\n"
    (tmp_path / "this_is_foreign.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "this_is_foreign", raising=False)
    return make_foreign(folder)


def test_a_foreign_import_needs_trust(foreign: Path, tmp_path: Path) -> None:
    mark = tmp_path / "this_is_foreign.ran"
    with pytest.raises(InputError, match="import"):
        TimbreTransfer.from_folder(foreign)
    with pytest.raises(InputError, match="import"):
        transfer(low_tone(), 16000, foreign)
    assert not mark.exists()
    TimbreTransfer.from_folder(foreign, trust_config=True)
    assert mark.exists()


def test_a_trusted_model_sounds_as_it_does_without_the_import(
    foreign: Path, plain: Path
) -> None:
    trusted = transfer(low_tone(), 16000, foreign, trust_config=True)
    np.testing.assert_array_equal(
        trusted.audio, transfer(low_tone(), 16000, plain).audio
    )


def test_the_command_trusts_when_it_is_told(
    foreign: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("voice.wav", low_tone(), 16000)
    argv = ["transfer", "voice.wav", "-o", "out.wav", "--model", str(foreign)]
    assert main_lib.main(argv) == 2
    assert "import" in capsys.readouterr().err
    assert not (tmp_path / "out.wav").exists()
    assert not (tmp_path / "this_is_foreign.ran").exists()
    assert main_lib.main([*argv, "--trust_config"]) == 0
    assert (tmp_path / "out.wav").exists()


def test_the_command_plays_a_zip(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("voice.wav", low_tone(), 16000)
    shutil.make_archive("violin", "zip", plain)
    argv = ["transfer", "voice.wav", "--model"]
    assert main_lib.main([*argv, "violin.zip", "-o", "zip.wav"]) == 0
    assert main_lib.main([*argv, str(plain), "-o", "folder.wav"]) == 0
    assert Path("zip.wav").read_bytes() == Path("folder.wav").read_bytes()


class Forgetful(keras.layers.Layer):
    """Looks for something under a name that nothing has."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Fails."""
        return {"noise": x}["f0_hz_of_this"]


@gin.configurable(module="ddsp.restored_model_tests")
def looks_in_vain(error: Exception) -> None:
    raise error


def layer_call() -> None:
    Forgetful()(tf.ones(3))


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (layer_call, "KeyError f0_hz_of_this; train it"),
        (lambda: {}["a key"], "KeyError a key; train it"),
        (lambda: looks_in_vain(KeyError("a key")), "KeyError 'a key'; train it"),
        (lambda: looks_in_vain(KeyError()), "KeyError; train it"),
        (lambda: looks_in_vain(ValueError("\n\n  why.\nand how")), "ValueError why; "),
        (lambda: looks_in_vain(ValueError("\x1b[1mred\x1b[0m")), "ValueError red; "),
        (lambda: looks_in_vain(ValueError()), "ValueError; train it"),
    ],
)
def test_what_fails_says_why_in_one_line(
    fail: Callable[[], None], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught, refusing_what_fails(tmp_path):
        fail()
    message = str(caught.value)
    assert f"model={tmp_path}: {said}" in message
    assert "\n" not in message


def test_a_model_that_would_never_be_built_is_one_line(folder: Path) -> None:
    path = folder / "operative_config-0.gin"
    path.write_text(path.read_text() + "\nRnnFcDecoder.layers_per_stack = 1000000000\n")
    with pytest.raises(InputError, match=r"line \d+: .*layers_per_stack = 1000000000,"):
        TimbreTransfer.from_folder(folder)
