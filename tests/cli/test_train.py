"""`ddsp train` hands its arguments over and says what to do next."""

import shlex
from pathlib import Path
from typing import Any

import gin
import pytest
import tiny_training

from ddsp.cli import main as main_lib
from ddsp.training import next_steps
from ddsp.training import run as run_lib


def test_a_dataset_becomes_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tiny_training.write_dataset(tmp_path / "My dataset", n_examples=1)
    model = tmp_path / "My model"
    argv = ["train", str(dataset), "-o", str(model), "--steps", "3"]
    for size in tiny_training.SIZES:
        argv += ["--gin_param", size]
    # A batch is larger than the dataset.
    assert main_lib.main([*argv, "--batch_size", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "device: CPU (no GPU visible)"
    assert any(line.startswith("step 3/3  loss ") for line in lines)
    assert lines[-1] == f"  ddsp transfer voice.wav -o out.wav --model '{model}'"
    assert (model / "ckpt-3.index").exists()
    assert (model / "dataset_statistics.npz").exists()


def test_a_model_that_needs_labels_is_given_to_a_command_that_plays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def train_model(dataset: str, output: str, **kwargs: Any) -> None:
        del dataset, kwargs
        solo, label = "models/solo_instrument.gin", "@encoders.OneHotEncoder()"
        with next_steps.config.isolated_gin():
            next_steps.config.parse_gin([solo], [f"Autoencoder.encoder = {label}"])
            (Path(output) / "operative_config-0.gin").write_text(gin.config_str())

    monkeypatch.setattr(run_lib, "train_model", train_model)
    assert main_lib.main(["train", "My data", "-o", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    _, command, why = said.splitlines()[-3:]
    assert shlex.split(command) == [
        "ddsp_run",
        "--mode=sample",
        "--run_once",
        f"--save_dir={tmp_path}",
        "--gin_file=datasets/tfrecord.gin",
        "--gin_param=TFRecordProvider.file_pattern='My data'",
    ]
    assert "cannot play" in why


def test_arguments_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    received: dict[str, Any] = {}

    def train_model(dataset: str, output: str, **kwargs: Any) -> None:
        received.update(kwargs, dataset=dataset, output=output)

    monkeypatch.setattr(run_lib, "train_model", train_model)
    argv = "train data -o model --config a.gin --steps 7 --batch_size 3 "
    argv += "--learning_rate 0.5 --save_every 5 --gin_file b.gin --gin_file c.gin "
    argv += "--seed 4 --deterministic --patience 6 --init_from violin "
    argv += "--parts decoder processor_group/reverb --augment "
    assert main_lib.main([*argv.split(), "--gin_param", "train.batch_size = 2"]) == 0
    assert received == {
        "dataset": "data",
        "output": "model",
        "config": "a.gin",
        "steps": 7,
        "batch_size": 3,
        "learning_rate": 0.5,
        "save_every": 5,
        "gin_files": ["b.gin", "c.gin"],
        "gin_params": ["train.batch_size = 2"],
        "seed": 4,
        "deterministic": True,
        "patience": 6,
        "init_from": "violin",
        "parts": ["decoder", "processor_group/reverb"],
        "augment": True,
    }


def test_a_folder_named_like_a_bundled_model_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_lib, "train_model", lambda *_, **__: None)
    monkeypatch.setattr("ddsp.pretrained.model_names", lambda: ["violin"])
    monkeypatch.setattr(next_steps, "is_playable", lambda _: True)
    assert main_lib.main(["train", "data", "-o", "violin"]) == 0
    assert capsys.readouterr().out.endswith("--model ./violin\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["no_such_folder", "-o", "model"], "no_such_folder"),
        ([".", "-o", "model"], "ddsp prepare . -o DATASET"),
        ([".", "-o", "model", "--steps", "0"], "steps=0"),
        ([".", "-o", "model", "--batch_size", "-2"], "batch_size=-2"),
        ([".", "-o", "model", "--seed", "-1"], "seed=-1"),
        ([".", "-o", "model", "--seed", "5000000000"], "seed=5000000000"),
    ],
)
def test_input_that_cannot_be_used_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main_lib.main(["train", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ddsp train: error: ")
    assert named in line
    assert list(tmp_path.iterdir()) == []
