"""`ddsp inspect`: what it prints, writes and returns."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from records import write_recording
from training.data_inspection import scales

from ddsp.cli import inspect as inspect_command
from ddsp.cli import main as main_lib
from ddsp.training import data_inspection
from ddsp.training.data_inspection import Place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_recording(tmp_path / "in" / "scale.wav", scales.play())
    return tmp_path / "in"


def test_clean_recordings_end_with_status_zero(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_lib.main(["inspect", str(folder), "--minutes", "0.05"]) == 0
    out = capsys.readouterr().out
    assert "1 recording: 11.0 s, 5." in out
    assert "\nC4  █" in out and "loudness, weighted as by the ear" in out
    assert out.splitlines()[-1] == "Nothing wrong was found."


def test_warning_says_what_and_what_to_do_and_does_not_fail(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_lib.main(["inspect", str(folder), "--minutes", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.startswith("[warning]")]
    assert lines[at].startswith("[warning] There are 5.")
    assert lines[at + 1].startswith("  Record more of the same instrument")
    assert lines[-1].startswith("Training will work; it would work better")
    assert max(map(len, lines[at:])) <= 88


def test_ten_minutes_are_wanted_and_far_less_ends_with_status_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_lib.main(["inspect", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    text = " ".join(" ".join(lines).split())
    assert "[stops training] There are 5." in text
    assert "an instrument wants 10.0 min or more." in text
    assert lines[-1] == "Training on these recordings will not work."


def test_chords_are_shown_with_their_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_recording(tmp_path / "chords.wav", scales.play(scales.CHORD))
    arguments = ["inspect", str(path), "--minutes", "0.001", "--json"]
    assert main_lib.main(arguments) == 1
    out = capsys.readouterr().out
    content = json.loads(out)
    (finding,) = content["findings"]
    assert finding["kind"] == "polyphonic" and finding["prevents_training"]
    (place,) = finding["places"]
    assert place["recording"] == "chords.wav" and len(place["spans_secs"]) == 8
    assert not content["will_train"]


def test_json_has_all_figures_and_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.wav").touch()
    assert main_lib.main(["inspect", str(folder), "--minutes", "0.05", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [finding["kind"] for finding in content["findings"]] == ["unusable"]
    assert content["findings"][0]["places"][0]["note"] == "it is empty (0 bytes)"
    (recording,) = content["recordings"]
    assert recording["name"] == "scale.wav" and recording["sample_rate"] == 16000
    assert recording["noise_db"] == pytest.approx(-75.0, abs=1.5)
    assert recording["hum_hz"] is None and recording["hum_db"] is None
    assert recording["peak"] == pytest.approx(0.36, abs=0.02)
    assert recording["decay_secs"] < 0.2 and recording["n_decays"] > 20
    assert content["seconds"] == pytest.approx(11.0, abs=0.01)
    assert sum(content["note_counts"]) == pytest.approx(
        50 * content["voiced_secs"], abs=1
    )
    assert len(content["loudness_edges_db"]) == len(content["loudness_counts"]) + 1


def test_picture_is_written(folder: Path, tmp_path: Path) -> None:
    picture = tmp_path / "a b.png"
    main_lib.main(["inspect", str(folder), "--plot", str(picture)])
    image = imread(picture)
    assert image.shape[1] > 1000 and np.ptp(image[..., :3]) > 0.8


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere"], "which does not; check the name"),
        (["."], "which has none; put WAV"),
        ([".", "--plot", "picture.jpg"], "must end in .png"),
    ],
)
def test_wrong_call_is_one_line_and_status_two(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main_lib.main(["inspect", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("ddsp inspect: error: ") and reason in err
    assert len(err.splitlines()) == 1


def test_ctrl_c_says_that_it_has_stopped(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(*paths: object, **settings: object) -> None:
        del paths, settings
        raise KeyboardInterrupt

    monkeypatch.setattr(data_inspection, "inspect_recordings", stop)
    assert main_lib.main(["inspect", str(folder)]) == 130
    assert capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "ten"])
def test_minutes_must_be_positive(
    minutes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main_lib.main(["inspect", "folder", "--minutes", minutes])
    assert ended.value.code == 2
    assert "--minutes" in capsys.readouterr().err


def test_place_shows_the_longest_times_in_their_order() -> None:
    spans = [(10.0 * k, 10.0 * k + 1.0 + k % 3) for k in range(8)]
    text = inspect_command._place(Place("a.wav", spans, "half"))
    assert text.startswith("a.wav: half; at 0:00.0-0:01.0, 0:10.0-0:12.0, 0:20.0-")
    assert text.endswith("1:10.0-1:12.0 and 2 more")
    assert inspect_command._place(Place("a.wav")) == "a.wav"
    assert inspect_command._clock(3599.96) == "60:00.0"
