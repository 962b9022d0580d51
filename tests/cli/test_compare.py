"""`ddsp compare`: the table, the JSON, the picture, and what is refused."""

import json
import os
from pathlib import Path

import pytest
from matplotlib.image import imread

from ddsp.cli import main as main_lib

SMALL = """\
step,seconds,total_loss,validation_total_loss
100,60,9,
200,70,7,8.25
300,80,7.5,8.5
"""
LARGE = "step,seconds,total_loss\n1000,0,6\n2000,1,nan\n"


def make_run(folder: Path, history: str | None, n_units: int = 8) -> None:
    folder.mkdir(parents=True)
    if history is not None:
        (folder / "history.csv").write_text(history)
    (folder / "operative_config-0.gin").write_text(
        f"RnnFcDecoder.ch = {n_units}\ntrain.batch_size = 16\n"
        "TFRecordProvider.example_secs = 4.0\n"
    )


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two runs in it."""
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "small", SMALL)
    make_run(tmp_path / "large", LARGE, n_units=512)
    return tmp_path


@pytest.mark.usefixtures("room")
def test_table_has_a_row_for_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main_lib.main(["compare", "small", "large"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "                  training loss            validation loss          speed",
        "run      steps     last   best  at step     last   best  at step"
        "    steps/s  audio s/s",
        "small      300    7.500  7.000      200    8.500  8.250      200"
        "      10.00      640.0",
        "large    2,000      nan  6.000    1,000        -      -        -"
        "       1000  6.400e+04",
        "",
        "settings that differ:",
        "  RnnFcDecoder.ch  small: 8 | large: 512",
    ]


def test_single_run_is_shown_without_what_is_not_known(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (room / "large" / "history.csv").write_text("step,seconds\n2000,1\n")
    assert main_lib.main(["compare", "large"]) == 0
    assert capsys.readouterr().out.splitlines() == ["run      steps", "large    2,000"]


def test_losses_of_another_kind_are_not_to_be_compared(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = room / "small" / "operative_config-0.gin"
    config.write_text("SpectralLoss.mag_weight = 2.0\nRnnFcDecoder.ch = 512\n")
    assert main_lib.main(["compare", "small", "large"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  SpectralLoss.mag_weight  small: 2.0 | large: -" in lines
    assert lines[-1] == ("The losses are set differently: their values do not compare.")


def make_checkpoint(folder: Path) -> None:
    import tensorflow as tf

    variable = tf.Variable(tf.zeros([20, 60]))
    tree = tf.train.Checkpoint(model=tf.train.Checkpoint(kernel=variable))
    tree.write(str(folder / "ckpt-700"))


def test_a_run_without_history_is_told_in_a_line(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(room / "old", None)
    make_checkpoint(room / "old")
    assert main_lib.main(["compare", "small", "old"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("parameters")
    assert lines[3].startswith("old        700 ")
    assert lines[3].endswith(" 1,200")
    assert lines[4:] == ["old: no history.csv, so no losses"]


@pytest.mark.usefixtures("room")
def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main_lib.main(["compare", "small", "large", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    small, large = content["runs"]
    assert small == {
        "name": "small",
        "steps": 300,
        "training_loss": {
            "last": 7.5,
            "last_step": 300,
            "best": 7.0,
            "best_step": 200,
        },
        "validation_loss": {
            "last": 8.5,
            "last_step": 300,
            "best": 8.25,
            "best_step": 200,
        },
        "steps_per_sec": 10.0,
        "audio_secs_per_sec": 640.0,
        "n_parameters": None,
        "note": "",
    }
    # JSON has no numbers that are not finite.
    assert large["training_loss"]["last"] is None
    assert large["validation_loss"] is None
    assert content["differing_bindings"] == {"RnnFcDecoder.ch": ["8", "512"]}


def test_plot_is_written_beside_the_table(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_lib.main(["compare", "small", "large", "--plot", "curves.png"]) == 0
    assert capsys.readouterr().out.startswith(" ")
    assert imread(room / "curves.png").shape[:2] == (1128, 1512)
    assert sorted(os.listdir(room)) == ["curves.png", "large", "small"]


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["missing"], "missing"),
        (["small", "bare"], "bare"),
        (["small", "--plot", "curves.jpg"], "curves.jpg"),
        (["small", "--plot", "nowhere/curves.png"], "nowhere/curves.png"),
        (["silent", "--plot", "curves.png"], "losses to be drawn"),
        (["foreign"], "history.csv"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    room: Path, capsys: pytest.CaptureFixture[str], argv: list[str], named: str
) -> None:
    (room / "bare").mkdir()
    make_run(room / "silent", "step,seconds\n")
    make_run(room / "foreign", "date,price\n")
    before = sorted(map(str, room.rglob("*")))
    assert main_lib.main(["compare", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("ddsp compare: error: ")
    assert named in line
    assert sorted(map(str, room.rglob("*"))) == before
