"""`ddsp transfer` of several recordings: what is played, what is kept, what is told."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from tiny_model import make_tiny_model

from ddsp.cli import main as main_lib
from ddsp.training import audio_io, inference
from ddsp.training.errors import InputError
from ddsp.training.inference import TimbreTransfer, stopwatch


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_model(tmp_path_factory.mktemp("model")))


def tone(f0_hz: float) -> np.ndarray:
    phase = 2 * np.pi * f0_hz * np.arange(11025) / 22050
    return 0.2 * np.sum([np.sin(k * phase) / k for k in range(1, 9)], axis=0)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two recordings, and one that cannot be played."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "songs" / "live").mkdir(parents=True)
    soundfile.write("songs/a.wav", tone(220.0), 22050)
    soundfile.write("songs/live/b.wav", tone(330.0), 22050)
    (tmp_path / "songs" / "broken.wav").write_text("no sound")
    return tmp_path


def test_a_folder_is_played_and_failures_are_listed_at_the_end(
    songs: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["transfer", "songs", "-o", "out", "--model", model, "--json", "all.json"]
    assert main_lib.main([*argv, "--plot", "pictures"]) == 1
    out, err = capsys.readouterr()
    assert "[1/3]" in out and "[3/3]" in out
    assert "2 of 3 recordings played" in out.splitlines()[-1]
    (line,) = err.splitlines()
    assert "failed: songs/broken.wav" in line
    assert {str(p.relative_to(songs / "out")) for p in songs.rglob("out/**/*.wav")} == {
        "a.wav",
        "live/b.wav",
    }
    assert (songs / "pictures/a.png").exists()
    assert (songs / "pictures/live/b.png").exists()
    figures = json.loads((songs / "all.json").read_text())
    assert [x["input"] for x in figures] == ["songs/a.wav", "songs/live/b.wav"]


def test_results_that_are_there_are_kept_unless_told_otherwise(
    songs: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (songs / "songs/broken.wav").unlink()
    argv = ["transfer", "songs", "-o", "out", "--model", model]
    assert main_lib.main(argv) == 0
    first = (songs / "out/a.wav").stat().st_mtime_ns
    (songs / "out/live/b.wav").unlink()
    capsys.readouterr()
    assert main_lib.main(argv) == 0
    assert "1 of 2 results are there and are kept" in capsys.readouterr().out
    assert (songs / "out/a.wav").stat().st_mtime_ns == first
    assert (songs / "out/live/b.wav").exists()
    assert main_lib.main([*argv, "--overwrite"]) == 0
    assert (songs / "out/a.wav").stat().st_mtime_ns > first


def test_several_files_go_to_a_folder_and_no_recording_is_replaced(
    songs: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    two = ["songs/a.wav", "songs/live/b.wav"]
    before = (songs / "songs/a.wav").read_bytes()
    (songs / "voice.flac").touch()
    assert main_lib.main(["transfer", *two, "-o", "songs", "--model", model]) == 2
    assert "must not replace" in capsys.readouterr().err
    assert (songs / "songs/a.wav").read_bytes() == before
    assert main_lib.main(["transfer", *two, "-o", "voice.flac", "--model", model]) == 2
    assert "voice.flac" in capsys.readouterr().err
    assert main_lib.main(["transfer", *two, "-o", "out", "--model", model]) == 0
    assert names(songs / "out") == {"a.wav", "b.wav"}


def test_a_batch_sounds_as_one_by_one(songs: Path, model: str) -> None:
    two = ["songs/a.wav", "songs/live/b.wav"]
    argv = ["--model", model, "--seed", "5"]
    assert main_lib.main(["transfer", *two, "-o", "out", *argv]) == 0
    assert main_lib.main(["transfer", two[1], "-o", "one.wav", *argv]) == 0
    assert (songs / "one.wav").read_bytes() == (songs / "out/b.wav").read_bytes()


@pytest.fixture
def pair(songs: Path) -> Path:
    """A folder with two recordings that can be played."""
    (songs / "songs/broken.wav").unlink()
    return songs


def read_json(path: Path) -> dict[str, dict]:
    return {entry["output"]: entry for entry in json.loads(path.read_text())}


def test_figures_of_kept_results_stay_in_the_file(pair: Path, model: str) -> None:
    argv = ["transfer", "songs", "-o", "out", "--model", model, "--json", "all.json"]
    assert main_lib.main(argv) == 0
    first = read_json(pair / "all.json")
    assert set(first) == {"out/a.wav", "out/live/b.wav"}
    assert main_lib.main(argv) == 0
    assert read_json(pair / "all.json") == first
    (pair / "out/a.wav").unlink()
    assert main_lib.main([*argv, "--quiet", "33"]) == 0
    again = read_json(pair / "all.json")
    assert again["out/live/b.wav"] == first["out/live/b.wav"]
    assert again["out/a.wav"]["settings"]["quiet"] == 33.0


def test_figures_are_written_after_each_recording(
    pair: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = audio_io.load_audio

    def load_or_stop(path: Path, sample_rate: int) -> np.ndarray:
        if path.name == "b.wav":
            raise KeyboardInterrupt
        return load(path, sample_rate)

    monkeypatch.setattr(audio_io, "load_audio", load_or_stop)
    argv = ["transfer", "songs", "-o", "out", "--model", model, "--json", "all.json"]
    assert main_lib.main(argv) != 0
    assert set(read_json(pair / "all.json")) == {"out/a.wav"}


def test_what_lacks_its_picture_or_figures_is_played_again(
    pair: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["transfer", "songs", "-o", "out", "--model", model]
    assert main_lib.main(argv) == 0
    assert main_lib.main([*argv, "--plot", "out", "--json", "out/all.json"]) == 0
    assert len(read_json(pair / "out/all.json")) == 2
    assert (pair / "out/a.png").exists() and (pair / "out/live/b.png").exists()
    (pair / "out/live/b.png").unlink()
    capsys.readouterr()
    assert main_lib.main([*argv, "--plot", "out", "--json", "out/all.json"]) == 0
    out = capsys.readouterr().out
    assert "1 of 2 results are there" in out and "1 of 1 recordings played" in out
    assert (pair / "out/live/b.png").exists()


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"input": "a"}]', "no figures"])
def test_a_file_of_something_else_is_not_replaced_by_figures(
    pair: Path, model: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (pair / "all.json").write_text(content)
    argv = ["transfer", "songs", "-o", "out", "--model", model, "--json", "all.json"]
    assert main_lib.main(argv) == 2
    assert "all.json" in capsys.readouterr().err
    assert (pair / "all.json").read_text() == content
    assert not (pair / "out").exists()


def test_a_picture_that_fails_does_not_cost_the_sound(
    pair: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(*args: object) -> None:
        raise InputError(f"no picture of {len(args)} things")

    monkeypatch.setattr(inference, "draw_transfer", draw)
    argv = ["transfer", "songs", "-o", "out", "--model", model, "--plot", "out"]
    assert main_lib.main(argv) == 1
    assert (pair / "out/a.wav").exists() and (pair / "out/live/b.wav").exists()


@pytest.mark.parametrize(
    "wrong",
    [["--model", "nosuch"], ["--json", "nowhere/all.json"], ["--plot", "x/y/z"]],
    ids=str,
)
def test_a_batch_that_does_not_begin_leaves_no_folder(
    pair: Path, model: str, wrong: list[str]
) -> None:
    before = names(pair)
    argv = [
        "transfer",
        "songs",
        "-o",
        "out",
        "--model",
        model,
        "--plot",
        "out/pictures",
    ]
    assert main_lib.main([*argv, *wrong]) == 2
    assert names(pair) == before


def test_figures_may_go_to_the_folder_that_is_made(pair: Path, model: str) -> None:
    argv = ["transfer", "songs", "-o", "out", "--model", model]
    assert main_lib.main([*argv, "--json", "out/all.json"]) == 0
    assert names(pair / "out") == {"a.wav", "live", "all.json"}


def test_results_may_go_to_the_folder_around_the_recordings(
    pair: Path, model: str
) -> None:
    recordings = {path: path.read_bytes() for path in pair.rglob("songs/**/*.wav")}
    assert main_lib.main(["transfer", "songs", "-o", ".", "--model", model]) == 0
    assert {"a.wav", "live"} <= names(pair)
    assert {path: path.read_bytes() for path in recordings} == recordings


def test_restoring_the_model_counts_for_the_first_recording(
    pair: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    restore = TimbreTransfer.from_folder

    def restore_slowly(*args: Any) -> TimbreTransfer:
        now[0] += 7.0
        return restore(*args)

    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(TimbreTransfer, "from_folder", restore_slowly)
    argv = ["transfer", "songs", "-o", "out", "--model", model, "--json", "all.json"]
    assert main_lib.main(argv) == 0
    entries = read_json(pair / "all.json").values()
    assert [x["seconds_of_work"]["files"] for x in entries] == [7.0, 0.0]
