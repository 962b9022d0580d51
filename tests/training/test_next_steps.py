"""Commands that are recommended are those that work."""

import shlex
from pathlib import Path

import gin
import pytest

from ddsp.training import config, next_steps


def write_config(folder: Path, *files: str, **bindings: str) -> str:
    """A model folder with nothing in it but a configuration."""
    with config.isolated_gin():
        lines = [f"{name.replace('__', '.')} = {v}" for name, v in bindings.items()]
        config.parse_gin(list(files), lines)
        text = gin.config_str()
    (folder / "operative_config-0.gin").write_text(text)
    return str(folder)


@pytest.mark.parametrize(
    ("file", "playable"),
    [
        ("models/solo_instrument.gin", True),
        ("models/ae.gin", True),  # Its encoder hears the sound.
        ("models/vst/vst.gin", True),  # It is played by power.
    ],
)
def test_models_that_need_a_recording_alone_can_be_played(
    tmp_path: Path, file: str, playable: bool
) -> None:
    assert next_steps.is_playable(write_config(tmp_path, file)) is playable


def test_labels_and_other_models_cannot_be_played(tmp_path: Path) -> None:
    label = {"Autoencoder__encoder": "@encoders.OneHotEncoder()"}
    labelled = write_config(tmp_path, "models/solo_instrument.gin", **label)
    assert not next_steps.is_playable(labelled)
    (tmp_path / "operative_config-0.gin").write_text("Autoencoder.encoder = None\n")
    assert not next_steps.is_playable(str(tmp_path))


def test_folder_without_a_readable_config_cannot_be_played(tmp_path: Path) -> None:
    assert not next_steps.is_playable(str(tmp_path))
    (tmp_path / "operative_config-0.gin").write_text("import os\n")
    assert not next_steps.is_playable(str(tmp_path))


def test_commands_are_those_of_a_shell() -> None:
    flags = next_steps.dataset_flags("my data/data.tfrecord*")
    command = next_steps.judging_command("eval", "my model", flags)
    assert shlex.split(command) == [
        "ddsp_run",
        "--mode=eval",
        "--run_once",
        "--save_dir=my model",
        "--gin_file=datasets/tfrecord.gin",
        "--gin_param=TFRecordProvider.file_pattern='my data/data.tfrecord*'",
    ]
    command = next_steps.transfer_command("my model")
    assert command == "ddsp transfer voice.wav -o out.wav --model 'my model'"


def test_a_folder_named_like_a_bundled_model_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ddsp.pretrained.model_names", lambda: ["violin"])
    assert next_steps.transfer_command("violin").endswith("--model ./violin")
