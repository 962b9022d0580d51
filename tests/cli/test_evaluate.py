"""`ddsp evaluate`: what it measures, what it says, what it writes, what it refuses."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_training
from records import dataset_info, write_records
from tiny_model import make_tiny_model

from ddsp.cli import evaluate
from ddsp.cli import main as main_lib
from ddsp.training.errors import InputError
from ddsp.training.evaluation import Evaluation

FOUND = Evaluation(
    "violin_model",
    3000,
    "dataset",
    "all",
    24,
    96.0,
    {"spectral_loss": 4.5, "total_loss": 4.5},
    loudness_l1_db=2.25,
    pitch_l1_midi=0.123,
    outlier_share=0.125,
    raw_pitch_accuracy=0.961,
    raw_chroma_accuracy=0.97,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models"))


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Path) -> Path:
    """A working folder with a model and a dataset in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "model")
    tiny_training.write_dataset(tmp_path / "dataset", n_examples=3)
    return tmp_path


def run(*argv: str) -> int:
    return main_lib.main(["evaluate", "--no_pitch", *argv])


def test_model_is_measured_and_the_numbers_are_written_beside_it(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("model", "dataset") == 0
    out, err = capsys.readouterr()
    assert err == ""
    numbers = json.loads((room / "model" / "metrics.json").read_text())
    loss = numbers["losses"]["total_loss"]
    assert loss > 0.0
    assert numbers["n_examples"] == 3
    assert (numbers["model"], numbers["dataset"]) == ("model", "dataset")
    lines = out.splitlines()
    assert any(
        line.startswith("model after 0 steps: 3 examples, 0.4 s") for line in lines
    )
    shown = dict(line.split()[:2] for line in lines if line.startswith("  loudness"))
    assert float(shown["loudness"]) == pytest.approx(
        numbers["loudness_l1_db"], abs=1e-3
    )
    assert f"  total loss  {loss:.3f}" in "\n".join(lines)
    assert lines[-1] == "model/metrics.json: all numbers"
    assert not [name for name in room.rglob("*") if name.suffix == ".partial"]


@pytest.mark.parametrize("name", ["dataset/dataset.json", "model/features.json"])
def test_what_describes_model_and_dataset_is_not_replaced(
    room: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (room / "model" / "features.json").write_text("{}")
    before = (room / name).read_text()
    assert run("model", "dataset", "-o", name) == 2
    assert f"Got {name} twice" in capsys.readouterr().err
    assert (room / name).read_text() == before


def test_json_is_all_that_is_printed_where_it_is_asked_for(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("model", "dataset", "--json", "-o", "out.json", "--n_batches", "1") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((room / "out.json").read_text())
    assert not (room / "model" / "metrics.json").exists()


def test_a_zip_has_its_numbers_beside_it(room: Path) -> None:
    (room / "zips").mkdir()
    with zipfile.ZipFile(room / "zips" / "mine.zip", "w") as archive:
        for file in (room / "model").iterdir():
            archive.write(file, f"model/{file.name}")
    assert run("zips/mine.zip", "dataset") == 0
    assert (room / "zips" / "metrics.json").is_file()


def test_a_bundled_model_leaves_its_numbers_in_the_current_folder(room: Path) -> None:
    assert evaluate.default_output("violin") == "metrics.json"
    assert run("violin", "dataset") == 0
    numbers = json.loads((room / "metrics.json").read_text())
    assert numbers["step"] == 2000 and numbers["losses"]["total_loss"] > 0.0


def table(found: Evaluation) -> str:
    return "\n".join([*evaluate._as_table(found), ""])


def test_table_says_each_number_once_with_its_unit() -> None:
    assert table(FOUND) == (
        "violin_model after 3000 steps: 24 examples, 96.0 s\n"
        "\n"
        "  total loss   4.500\n"
        "  loudness     2.250 dB     mean distance\n"
        "  pitch         12.3 cents  mean distance where it is sure; 0.123 notes\n"
        "  outliers      12.5 %      off by more than an octave\n"
        "  right pitch   96.1 %      of an example's sure frames, within 50 cents\n"
        "  right note    97.0 %      the same, in whatever octave\n"
    )


def test_several_losses_stand_below_their_sum() -> None:
    found = Evaluation(
        "m", 1, "d", "held_out", 1, 4.0, {"a": 1.0, "b": 2.0, "total_loss": 3.0}, 0.5
    )
    assert table(found) == (
        "m after 1 step: 1 example held out, 4.0 s\n"
        "\n"
        "  total loss  3.000\n"
        "    a         1.000\n"
        "    b         2.000\n"
        "  loudness    0.500 dB  mean distance\n"
    )


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The line with which a call ends."""
    assert run(*argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ddsp evaluate: error: ")
    return line


def test_what_cannot_be_used_is_one_line(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nowhere" in refused(capsys, "nowhere", "dataset")
    assert "ddsp prepare" in refused(capsys, "model", "nowhere")
    assert "--sample_rate 16000" in refused(capsys, "model", other_rate(room))
    assert ".json" in refused(capsys, "model", "dataset", "-o", "out.txt")
    assert "no_folder" in refused(
        capsys, "model", "dataset", "-o", "no_folder/out.json"
    )
    assert "too few" in refused(capsys, "model", "dataset", "--split", "held_out")
    assert not (room / "model" / "metrics.json").exists()


def other_rate(room: Path) -> str:
    """A dataset of twice the sample rate."""
    example = {
        "audio": np.zeros(4096),
        "audio_16k": np.zeros(2048),
        "f0_hz": np.full(32, 300.0),
        "f0_confidence": np.ones(32),
        "loudness_db": np.full(32, -20.0),
    }
    folder = room / "fast"
    folder.mkdir()
    write_records(folder / "data.tfrecord-00000-of-00001", [example])
    shape = {"frame_rate": 250, "example_secs": 0.128, "n_frames": 32}
    (folder / "dataset.json").write_text(dataset_info(sample_rate=32000, **shape))
    return "fast"


def test_old_numbers_stay_until_the_new_ones_are_there(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (room / "model" / "metrics.json").write_text("old")

    def fail(*_: Any, **__: Any) -> None:
        raise InputError("stopped half-way")

    monkeypatch.setattr("ddsp.training.evaluation.evaluate_model", fail)
    assert run("model", "dataset") == 2
    assert (room / "model" / "metrics.json").read_text() == "old"


def test_arguments_reach_the_library(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del room
    seen: list[Any] = []

    def keep(*args: Any, **kwargs: Any) -> Evaluation:
        kwargs.pop("say")
        seen.append((args, kwargs))
        return FOUND

    monkeypatch.setattr("ddsp.training.evaluation.evaluate_model", keep)
    argv = "model dataset --split training --batch_size 4 --n_batches 2 --seed 7"
    assert main_lib.main(["evaluate", *argv.split(), "--trust_config"]) == 0
    expected = {
        "split": "training",
        "batch_size": 4,
        "n_batches": 2,
        "pitch": True,
        "seed": 7,
        "trust_config": True,
    }
    assert seen == [(("model", "dataset"), expected)]
