"""What a folder tells of a run, and in what two runs differ."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from ddsp.training import compare
from ddsp.training.compare import LossSummary, RunReport
from ddsp.training.errors import InputError

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "checkpoints"
HISTORY = """\
step,seconds,total_loss,learning_rate,validation_total_loss
100,60,9,0.1,
200,70,7,0.1,8
300,80,nan,0.1,
400,80,8,0.1,7.5
500,95,7.5,0.1,7.75
"""
CONFIG = """\
import ddsp
# Macros:
batch_size = 8
size = %batch_size
train.batch_size = %size
TFRecordProvider.example_secs = 2.5
Harmonic.n_samples = 64000
Harmonic.sample_rate = 16000
a/Add.name = 'add'
SpectralLoss.fft_sizes = (64, 32)
get_model.model = @models.Autoencoder()
Autoencoder.losses = [@losses.SpectralLoss(), {'x': %unknown}]
"""


def make_run(
    folder: Path, history: str | None = HISTORY, config: str | None = CONFIG
) -> Path:
    folder.mkdir(parents=True)
    if history is not None:
        (folder / "history.csv").write_text(history)
    if config is not None:
        (folder / "operative_config-0.gin").write_text(config)
    return folder


def read(folder: Path) -> RunReport:
    (report,) = compare.read_runs([folder])
    return report


def test_losses_and_speed_are_those_of_the_history(tmp_path: Path) -> None:
    report = read(make_run(tmp_path / "run"))
    assert report.name == "run"
    assert report.steps == 500
    assert report.training_loss == LossSummary(7.5, 500, 7.0, 200)
    assert report.validation_loss == LossSummary(7.75, 500, 7.5, 400)
    # Of 10, 10 and 100 / 15; no time was measured between 300 and 400.
    assert report.steps_per_sec == 10.0
    assert report.audio_secs_per_sec == 10.0 * 8 * 2.5
    assert report.n_parameters is None
    assert report.note == ""
    steps, losses = report.curves["validation"]
    assert (steps.tolist(), losses.tolist()) == ([200, 400, 500], [8.0, 7.5, 7.75])
    assert report.curves["training"][0].tolist() == [100, 200, 300, 400, 500]


def test_a_loss_without_a_finite_value_has_no_best() -> None:
    assert LossSummary.of(np.array([]), np.array([])) is None
    summary = LossSummary.of(np.array([1, 2]), np.array([math.nan, math.inf]))
    assert summary is not None
    assert math.isnan(summary.best)
    assert summary.last == math.inf


def test_one_row_has_no_speed(tmp_path: Path) -> None:
    report = read(make_run(tmp_path / "run", "step,seconds,total_loss\n7,1,2\n"))
    assert report.steps_per_sec is None
    assert report.audio_secs_per_sec is None
    assert report.validation_loss is None
    assert report.steps == 7


@pytest.mark.parametrize(
    ("gone", "secs_per_sec"),
    [
        ("TFRecordProvider.example_secs = 2.5", 10.0 * 8 * 4),
        ("train.batch_size = %size", None),
        ("batch_size = 8", None),
    ],
)
def test_seconds_of_audio_are_known_if_the_config_tells(
    tmp_path: Path, gone: str, secs_per_sec: float | None
) -> None:
    config = CONFIG.replace(f"{gone}\n", "")
    assert read(make_run(tmp_path / "run", config=config)).audio_secs_per_sec == (
        secs_per_sec
    )


@pytest.mark.parametrize("value", ["True", "'many'", "[1]", "%batch_size"])
def test_a_size_that_is_no_number_is_unknown(tmp_path: Path, value: str) -> None:
    config = CONFIG.replace("batch_size = 8", f"batch_size = {value}")
    assert read(make_run(tmp_path / "run", config=config)).audio_secs_per_sec is None


@pytest.mark.parametrize("name", ["tiny_instrument", "nsynth_ae"])
def test_parameters_are_counted_without_those_of_the_optimizer(name: str) -> None:
    variables = json.loads((GOLDEN / name / "variables.json").read_text())
    report = read(GOLDEN / name)
    # Variables of the original's model, by their names there.
    assert report.n_parameters == sum(map(math.prod, variables.values()))
    assert report.steps == 3
    assert report.note == "no history.csv, so no losses"
    assert report.training_loss is None
    assert report.curves["training"][0].size == 0


def test_bindings_are_shown_as_they_are_written(tmp_path: Path) -> None:
    assert read(make_run(tmp_path / "run")).bindings == {
        "train.batch_size": "8",
        "TFRecordProvider.example_secs": "2.5",
        "Harmonic.n_samples": "64000",
        "Harmonic.sample_rate": "16000",
        "a/Add.name": "'add'",
        "SpectralLoss.fft_sizes": "(64, 32)",
        "get_model.model": "@models.Autoencoder()",
        "Autoencoder.losses": "[@losses.SpectralLoss(), {'x': %unknown}]",
    }


def test_nothing_in_a_config_is_run(tmp_path: Path) -> None:
    config = f"import antigravity_that_does_not_exist\n{CONFIG}"
    assert read(make_run(tmp_path / "run", config=config)).bindings


def test_only_what_differs_is_told(tmp_path: Path) -> None:
    other = CONFIG.replace("batch_size = 8", "batch_size = 9").replace("a/Add", "Add")
    folders = [
        make_run(tmp_path / "one"),
        make_run(tmp_path / "two", config=other),
        make_run(tmp_path / "old", config=None),
        make_run(tmp_path / "three"),
    ]
    reports = compare.read_runs(folders)
    assert compare.differing_bindings(reports) == {
        "Add.name": [None, "'add'", None, None],
        "a/Add.name": ["'add'", None, None, "'add'"],
        "train.batch_size": ["8", "9", None, "8"],
    }
    assert compare.differing_bindings(reports[2:]) == {}


def test_the_newest_config_and_the_furthest_step_count(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(GOLDEN / "tiny_instrument", folder)
    assert read(folder).bindings["FilteredNoise.initial_bias"] == "-5.0"
    (folder / "history.csv").write_text("step,seconds\n2,1\n")
    assert read(folder).steps == 3
    (folder / "history.csv").write_text("step,seconds\n2,1\n5,2\n")
    assert read(folder).steps == 5


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["a/violin"], ["violin"]),
        (["a/violin", "b/flute/"], ["violin", "flute"]),
        (["a/x", "b/x", "c"], ["a/x", "b/x", "c"]),
        (["r/a/x", "r/b/x", "q/b/x"], ["a/x", "r/b/x", "q/b/x"]),
        (["a/x", "./a/x"], ["x", "x"]),
    ],
)
def test_names_are_as_short_as_they_can_be(
    folders: list[str], names: list[str]
) -> None:
    assert compare.short_names(folders) == names


def test_what_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="that `ddsp train` has written"):
        read(tmp_path / "missing")
    with pytest.raises(InputError, match="which has neither"):
        read(make_run(tmp_path / "empty", history=None))
    with pytest.raises(InputError, match="line 2 is no row"):
        read(make_run(tmp_path / "foreign", "step,seconds\nx,y\n"))
    with pytest.raises(InputError, match="line 1"):
        read(make_run(tmp_path / "bad", config="a b c\n"))
    huge = make_run(tmp_path / "huge", config="#" * (1 << 20) + "\n")
    with pytest.raises(InputError, match="at most 1048576 bytes"):
        read(huge)
    shutil.copytree(GOLDEN / "tiny_instrument", tmp_path / "cut")
    index = tmp_path / "cut" / "ckpt-3.index"
    index.write_bytes(index.read_bytes()[:100])
    with pytest.raises(InputError, match="whose index cannot be read") as raised:
        read(tmp_path / "cut")
    assert len(str(raised.value).splitlines()) == 1
