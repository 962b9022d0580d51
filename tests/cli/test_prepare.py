"""`ddsp prepare` from the command line."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from records import harmonic_tone, write_recording

from ddsp.cli import main as main_lib
from ddsp.terminal import ProgressLine
from ddsp.training import data, data_preparation
from ddsp.training.errors import InputError

FAST = ["--example_secs", "0.4", "--hop_secs", "0.1", "--frame_rate", "50"]


def test_it_prepares_and_says_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path / "in" / "a.wav", harmonic_tone(440.0, 1.0))
    write_recording(tmp_path / "in" / "b.wav", np.zeros(8000))
    output = tmp_path / "my dataset"
    status = main_lib.main(["prepare", str(tmp_path / "in"), "-o", str(output), *FAST])
    assert status == 0
    lines = capsys.readouterr().out.splitlines()
    summary, left_out, where, _, command = lines[-5:]
    assert summary.startswith("7 examples of 0.4 s from 1 recording: 1.0 s, 1.0 s with")
    assert left_out == "left out: b.wav: it is silent"
    assert where == f"dataset: {output}"
    assert command == f"  ddsp train '{output}' -o my_model"
    info = data.read_dataset_info(output)
    assert info is not None
    assert (info["n_examples"], info["frame_rate"], info["centered"]) == (7, 50, True)


def test_settings_reach_the_dataset(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", harmonic_tone(440.0, 0.5))
    arguments = ["prepare", str(tmp_path / "a.wav"), "-o", str(tmp_path / "out"), *FAST]
    assert main_lib.main([*arguments, "--sample_rate", "24000"]) == 0
    info = data.read_dataset_info(tmp_path / "out")
    assert info is not None
    assert info["sample_rate"] == 24000
    assert (info["example_secs"], info["hop_secs"]) == (0.4, 0.1)
    assert main_lib.main(arguments) == 2
    assert main_lib.main([*arguments, "--overwrite"]) == 0
    info = data.read_dataset_info(tmp_path / "out")
    assert info is not None and info["sample_rate"] == 16000


def test_who_does_the_work_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict] = []

    def prepare(*paths: object, **settings: object) -> None:
        del paths
        given.append(settings)
        raise InputError("enough")

    monkeypatch.setattr(data_preparation, "prepare_dataset", prepare)
    arguments = ["prepare", str(tmp_path), "-o", str(tmp_path / "out")]
    options = "--pipeline_options=--runner=FlinkRunner,--flink_master=host:8081"
    for more in (
        [],
        ["--processes", "3"],
        ["--runner", "beam"],
        ["--runner", "beam", options],
    ):
        assert main_lib.main([*arguments, *more]) == 2
    assert [some["processes"] for some in given] == [None, 3, None, None]
    assert [some["pipeline_options"] for some in given] == [
        None,
        None,
        ["--runner=DirectRunner"],
        ["--runner=FlinkRunner", "--flink_master=host:8081"],
    ]


def test_options_of_beam_are_nothing_without_beam(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path / "a.wav", harmonic_tone(440.0, 1.0))
    arguments = ["prepare", str(tmp_path / "a.wav"), "-o", str(tmp_path / "out")]
    for runner in ([], ["--runner", "local"]):
        options = "--pipeline_options=--runner=DirectRunner"
        assert main_lib.main([*arguments, *runner, options]) == 2
        said = capsys.readouterr().err
        assert "Got --pipeline_options=--runner=DirectRunner; add --runner bea" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("is_kept", [True, False])
def test_ctrl_c_says_how_to_go_on_and_what_may_be_removed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_kept: bool,
) -> None:
    work = tmp_path / ".out.preparing"

    def prepare(*paths: object, **settings: object) -> None:
        del paths, settings
        if is_kept:
            work.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(data_preparation, "prepare_dataset", prepare)
    arguments = ["prepare", str(tmp_path), "-o", str(tmp_path / "out")]
    assert main_lib.main(arguments) == 130
    go_on = f"go on where it was, or remove the folder {work}, which keeps what is done"
    said = capsys.readouterr().err
    expected = go_on if is_kept else "begin again"
    assert said == f"stopped: repeat the command to {expected}\n"


def test_a_frame_rate_that_fits_the_sample_rate_is_chosen_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path / "a.wav", harmonic_tone(440.0, 0.5))
    lengths = ["--example_secs", "0.4", "--hop_secs", "0.1"]
    for rate, frame_rate in (("44100", 100), ("24000", 250)):
        output = tmp_path / rate
        arguments = ["prepare", str(tmp_path / "a.wav"), "-o", str(output), *lengths]
        assert main_lib.main([*arguments, "--sample_rate", rate]) == 0
        info = data.read_dataset_info(output)
        assert info is not None and info["frame_rate"] == frame_rate
        line = "frame rate: 100 per second, since 250 would not be whole samples"
        assert (line in capsys.readouterr().out) == (rate == "44100")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.wav", "does not; check the name"), ("empty.wav", "0 bytes")],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    (tmp_path / "empty.wav").touch()
    output = tmp_path / "out"
    assert main_lib.main(["prepare", str(tmp_path / name), "-o", str(output)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ddsp prepare: error: ") and error.count("\n") == 1
    assert name in error and reason in error
    assert [path.name for path in tmp_path.iterdir()] == ["empty.wav"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO) -> str:
    """What a progress line writes while one step takes long."""
    with ProgressLine(stream, seconds=0.01) as line:
        line.say("reading a very long file")
        while stream.getvalue().count("reading") < 3:
            time.sleep(0.005)
    return stream.getvalue()


def test_a_log_gets_lines_while_a_step_takes_long() -> None:
    lines = shown(io.StringIO()).splitlines()
    assert len(lines) >= 3
    assert all(line.endswith("s  reading a very long file") for line in lines)


def test_a_terminal_gets_one_line_that_is_cleared_at_the_end() -> None:
    text = shown(Terminal())
    assert "\n" not in text
    assert text.endswith("\r") and not text.split("\r")[-2].strip()
