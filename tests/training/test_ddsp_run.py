"""The original's command: its flags, the order of its configurations, its errors."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import gin
import pytest
import tiny_training
from absl import flags

from ddsp.training import ddsp_run
from ddsp.training.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def parse() -> Iterator[Callable[..., None]]:
    """Defines the flags and gives them values."""
    ddsp_run.define_flags()

    def parse_flags(*argv: str) -> None:
        flags.FLAGS(["ddsp_run", *argv])

    yield parse_flags
    flags.FLAGS.unparse_flags()


def test_flags_have_the_original_s_defaults(parse: Callable[..., None]) -> None:
    parse()
    defaults = {
        "mode": "train",
        "save_dir": "/tmp/ddsp",
        "restore_dir": "",
        "tpu": "",
        "cluster_config": "",
        "allow_memory_growth": False,
        "hypertune": False,
        "early_stop_loss_value": None,
        "gin_search_path": [],
        "gin_file": [],
        "gin_param": [],
        "run_once": False,
        "initial_delay_secs": None,
    }
    assert {name: flags.FLAGS[name].value for name in defaults} == defaults


def test_flags_are_defined_by_the_command_and_not_by_its_import(
    parse: Callable[..., None],
) -> None:
    code = (
        "from absl import flags\n"
        "from ddsp.cli import train\n"
        "from ddsp.training import ddsp_run\n"
        "assert 'save_dir' not in flags.FLAGS\n"
        "ddsp_run.define_flags()\n"
        "ddsp_run.define_flags()\n"
        "assert 'save_dir' in flags.FLAGS\n"
    )
    parse("--gin_param=batch_size=3", "--gin_param=b=4")
    assert flags.FLAGS.gin_param == ["batch_size=3", "b=4"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


def test_later_configurations_win(parse: Callable[..., None], tmp_path: Path) -> None:
    model, more = tmp_path / "model", tmp_path / "more"
    model.mkdir()
    more.mkdir()
    # Every level sets what the levels above it set too, and one thing more.
    (model / "operative_config-0.gin").write_text("batch_size = -1\n")
    (model / "operative_config-10.gin").write_text(
        "batch_size = 1\nlearning_rate = 1.0\nRnnFcDecoder.ch = 1\n"
        "Trainer.grad_clip_norm = 1.0\n"
    )
    (more / "mine.gin").write_text(
        "learning_rate = 2.0\nRnnFcDecoder.ch = 2\nTrainer.grad_clip_norm = 2.0\n"
    )
    (tmp_path / "last.gin").write_text(
        "RnnFcDecoder.ch = 3\nTrainer.grad_clip_norm = 3.0\n"
    )
    parse(
        "--gin_search_path",
        str(more),
        "--gin_file=mine.gin",
        f"--gin_file={tmp_path / 'last.gin'}",
        "--gin_param=Trainer.grad_clip_norm = 4.0",
    )
    ddsp_run.parse_gin(str(model))
    assert gin.query_parameter("Trainer.lr_decay_rate") == 0.98  # optimization/base.
    assert gin.query_parameter("%batch_size") == 1
    assert gin.query_parameter("%learning_rate") == 2.0
    assert gin.query_parameter("RnnFcDecoder.ch") == 3
    assert gin.query_parameter("Trainer.grad_clip_norm") == 4.0


def test_training_goes_on_where_it_stopped(
    parse: Callable[..., None], tmp_path: Path
) -> None:
    dataset = tiny_training.write_dataset(tmp_path / "dataset")
    model = tmp_path / "model"
    params = [
        *tiny_training.SIZES,
        f"TFRecordProvider.file_pattern = '{dataset}/data.tfrecord*'",
        "TFRecordProvider.example_secs = 0.128",
        "TFRecordProvider.centered = True",
        "F0LoudnessPreprocessor.time_steps = 32",
        "Harmonic.n_samples = 2048",
        "FilteredNoise.n_samples = 2048",
        "batch_size = 2",
    ]
    parse(
        f"--save_dir={model}",
        "--gin_file=models/solo_instrument.gin",
        "--gin_file=datasets/tfrecord.gin",
        *[f"--gin_param={param}" for param in [*params, "train.num_steps = 2"]],
    )
    assert ddsp_run.main([]) == 0
    gin.clear_config()
    flags.FLAGS.unparse_flags()
    # All but paths is in the model's folder.
    parse(
        f"--save_dir={model}",
        f"--gin_param=TFRecordProvider.file_pattern = '{dataset}/data.tfrecord*'",
        "--gin_param=train.num_steps = 3",
    )
    assert ddsp_run.main([]) == 0
    names = {path.name for path in model.iterdir()}
    assert {
        "ckpt-2.index",
        "ckpt-3.index",
        "operative_config-0.gin",
        "operative_config-2.gin",
        "dataset_statistics.json",
    } <= names


@pytest.mark.parametrize("mode", ["eval", "sample"])
def test_other_modes_say_that_they_are_missing(
    parse: Callable[..., None], capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    parse(f"--mode={mode}")
    assert ddsp_run.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ddsp_run: error: --mode must be train. Got --mode={mode}")
    assert "not in this version yet" in line


def test_a_missing_dataset_is_one_line(
    parse: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    parse(f"--save_dir={tmp_path}", "--gin_file=models/solo_instrument.gin")
    assert ddsp_run.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "train.data_provider" in line
    assert "datasets/tfrecord.gin" in line


def test_an_unknown_gin_file_is_one_line(
    parse: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    parse(f"--save_dir={tmp_path}", "--gin_file=models/violine.gin")
    assert ddsp_run.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "violine.gin" in line


def test_start_waits_as_long_as_it_is_told(
    parse: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    parse()
    ddsp_run.delay_start()
    parse("--initial_delay_secs=17")
    ddsp_run.delay_start()
    assert waits == [17]


def test_memory_growth_is_set_for_every_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    growing: dict[str, bool] = {}
    monkeypatch.setattr(
        "tensorflow.config.list_physical_devices",
        lambda kind: [f"{kind}:0", f"{kind}:1"],
    )
    monkeypatch.setattr(
        "tensorflow.config.experimental.set_memory_growth", growing.__setitem__
    )
    ddsp_run.allow_memory_growth()
    assert growing == {"GPU:0": True, "GPU:1": True}


def test_the_config_of_a_model_folder_imports_nothing(
    parse: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "operative_config-0.gin").write_text("import antigravity\n")
    parse()
    with pytest.raises(InputError, match="import nothing but ddsp"):
        ddsp_run.parse_gin(str(tmp_path))
