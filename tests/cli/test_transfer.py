"""`ddsp transfer`: what it writes, what it says, what it refuses."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread
from tiny_model import make_tiny_model

from ddsp.cli import main as main_lib
from ddsp.training import audio_io, inference
from ddsp.training.errors import InputError
from ddsp.training.inference import TimbreTransfer, TransferResult
from ddsp.training.inference.settings import Settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "transfer.md").read_text()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_model(tmp_path_factory.mktemp("model")))


def tones(*frequencies_hz: float, secs: float = 1.0) -> np.ndarray:
    time = np.arange(int(secs * 22050)) / 22050
    partials = [
        np.sin(2 * np.pi * k * f0_hz * time) / k
        for f0_hz in frequencies_hz
        for k in range(1, 9)
    ]
    return 0.2 * np.sum(partials, axis=0)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a stereo recording in it."""
    monkeypatch.chdir(tmp_path)
    left = tones(220.0)
    soundfile.write("voice.flac", np.stack([left, 0.5 * left], axis=1), 22050)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_recording_is_played(
    room: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["transfer", "voice.flac", "-o", "out.wav", "--model", model, "--no_adjust"]
    assert main_lib.main(argv) == 0
    audio, sample_rate = soundfile.read("out.wav")
    assert (audio.size, sample_rate) == (16000, 16000)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(16000)))
    assert np.argmax(spectrum[180:260]) + 180 == pytest.approx(220, abs=3)
    out, err = capsys.readouterr()
    assert out.startswith("out.wav: 1.0 s played by ")
    assert err == ""
    assert names(room) == {"voice.flac", "out.wav"}


def test_same_seed_writes_the_same_bytes(room: Path, model: str) -> None:
    argv = ["transfer", "voice.flac", "--model", model, "--seed", "3", "-o"]
    assert main_lib.main([*argv, "a.wav"]) == main_lib.main([*argv, "b.wav"]) == 0
    assert (room / "a.wav").read_bytes() == (room / "b.wav").read_bytes()


def test_plot_is_written_beside_the_sound(room: Path, model: str) -> None:
    argv = ["transfer", "voice.flac", "-o", "out.wav", "--model", model]
    assert main_lib.main([*argv, "--plot", "out.png"]) == 0
    assert imread(room / "out.png").shape[1] >= 1600
    assert names(room) == {"voice.flac", "out.wav", "out.png"}


@pytest.mark.usefixtures("room")
def test_options_reach_the_instrument(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["transfer", "voice.flac", "-o", "out.wav", "--model", model]
    argv += ["--no_adjust", "--pitch_shift", "1", "--loudness_shift", "-12"]
    assert main_lib.main(argv) == 0
    assert "1 octave higher" in capsys.readouterr().out
    audio, _ = soundfile.read("out.wav")
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(16000)))
    assert np.argmax(spectrum[180:500]) + 180 == pytest.approx(440, abs=5)
    source = audio_io.load_audio("voice.flac")
    change_db = 20 * np.log10(audio.std() / source.std())
    assert change_db == pytest.approx(-12.0, abs=0.1)


def test_chord_is_played_and_warned_of(
    room: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write("chord.wav", tones(261.6, 329.6, 392.0) / 3, 22050)
    argv = ["transfer", "chord.wav", "-o", "out.wav", "--model", model]
    assert main_lib.main(argv) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert any("warning: more than one note" in line for line in warnings)
    assert (room / "out.wav").exists()


def spoil(room: Path) -> None:
    """Puts things into the working folder that cannot be used."""
    (room / "empty.wav").touch()
    (room / "text.wav").write_text("no sound")
    soundfile.write("silent.wav", np.zeros(16000), 16000)
    soundfile.write("short.wav", tones(220.0, secs=0.1), 22050)
    (room / "folder.wav").mkdir()
    (room / "bare").mkdir()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"input": "missing.wav"}, "missing.wav"),
        ({"input": "empty.wav"}, "empty.wav"),
        ({"input": "text.wav"}, "text.wav"),
        ({"input": "silent.wav"}, "silent.wav"),
        ({"input": "short.wav"}, "short.wav"),
        ({"input": "bare"}, "bare"),
        ({"model": "kazoo"}, "kazoo"),
        ({"model": "bare"}, "ckpt-<step>.index"),
        ({"output": "nowhere/out.wav"}, "nowhere/out.wav"),
        ({"output": "out.mp3"}, "out.mp3"),
        ({"output": "folder.wav"}, "folder.wav"),
        ({"output": "text.wav/out.wav"}, "text.wav/out.wav"),
        ({"input": "silent.wav", "output": "silent.wav"}, "silent.wav"),
        ({"plot": "nowhere/out.png"}, "nowhere/out.png"),
        ({"plot": "out.jpeg"}, "out.jpeg"),
        ({"json": "out.txt"}, "out.txt"),
        ({"json": "nowhere/out.json"}, "nowhere/out.json"),
        ({"autotune": "1.5"}, "autotune"),
        ({"autotune": "nan"}, "autotune"),
        ({"reverb": "-1"}, "reverb"),
        ({"key": "H major"}, "H major"),
        ({"seed": "-3"}, "seed"),
    ],
    ids=str,
)
def test_bad_input_is_one_line_and_leaves_nothing(
    room: Path,
    model: str,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    named: str,
) -> None:
    spoil(room)
    before = {path: os.stat(path).st_mtime_ns for path in room.rglob("*")}
    used = {"input": "voice.flac", "output": "out.wav", "model": model, **changed}
    argv = ["transfer", used["input"], "-o", used["output"], "--model", used["model"]]
    for name in set(used) - {"input", "output", "model"}:
        argv.append(f"--{name}={used[name]}")
    assert main_lib.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("ddsp transfer: error: ")
    assert named in line
    after = {path: os.stat(path).st_mtime_ns for path in room.rglob("*")}
    assert after == before


def test_damaged_checkpoint_is_named_and_not_the_recording(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (room / "model").mkdir()
    make_tiny_model(room / "model")
    data = room / "model" / "ckpt-0.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:100])
    assert main_lib.main(["transfer", "voice.flac", "-o", "o.wav", "--model", "model"])
    (line,) = capsys.readouterr().err.splitlines()
    assert "model" in line
    assert "voice.flac" not in line
    assert names(room) == {"voice.flac", "model"}


@pytest.mark.usefixtures("room")
def test_place_to_write_is_checked_before_the_work(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*args: object) -> None:
        raise AssertionError(f"worked on {args} before looking")

    monkeypatch.setattr(audio_io, "load_audio", work)
    argv = ["transfer", "voice.flac", "-o", "nowhere/out.wav", "--model", model]
    assert main_lib.main(argv) == 2


@pytest.mark.usefixtures("room")
def test_figures_and_the_division_of_the_time_are_told(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["transfer", "voice.flac", "-o", "out.wav", "--model", model]
    argv += ["--json", "out.json", "--autotune", "1", "--key", "A minor"]
    argv += ["--quiet", "30", "--threshold", "0.5", "--reverb", "0.25", "--seed", "4"]
    assert main_lib.main(argv) == 0
    figures = json.loads(Path("out.json").read_text())
    assert (figures["input"], figures["output"]) == ("voice.flac", "out.wav")
    assert figures["recording"]["pitch_midi"] == pytest.approx(57.0, abs=0.3)
    assert figures["played"]["pitch_midi"] % 12 == pytest.approx(9.0, abs=1e-3)
    assert figures["autotune"]["key"] == "A minor"
    settings = figures["settings"]
    wanted = {"quiet": 30.0, "threshold": 0.5, "reverb": 0.25, "seed": 4}
    assert {name: settings[name] for name in wanted} == wanted
    audio, _ = soundfile.read("out.wav")
    level = 20 * np.log10(np.sqrt(np.mean(audio**2)))
    assert figures["result"]["rms_db"] == pytest.approx(level, abs=0.01)
    assert set(figures["seconds_of_work"]) == {"pitch", "decoder", "synthesis", "files"}
    line = next(x for x in capsys.readouterr().out.splitlines() if "took" in x)
    assert all(part in line for part in figures["seconds_of_work"])


@pytest.mark.usefixtures("room")
def test_a_picture_that_fails_does_not_cost_the_sound(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def draw(*args: object) -> None:
        raise InputError(f"no picture of {len(args)} things")

    monkeypatch.setattr(inference, "draw_transfer", draw)
    argv = ["transfer", "voice.flac", "-o", "out.wav", "--model", model]
    assert main_lib.main([*argv, "--plot", "out.png"]) == 2
    out, err = capsys.readouterr()
    assert "no picture" in err and "out.wav: 1.0 s played" in out
    assert soundfile.info("out.wav").frames == 16000


@pytest.mark.usefixtures("room")
def test_the_example_in_python_hears_all_that_the_instrument_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = []

    def play(audio: np.ndarray, sample_rate: int, **_: object) -> TransferResult:
        heard.append((audio.size, sample_rate))
        return TransferResult(audio, 32000, 250.0, *[np.zeros(1)] * 5, 0.0, ())

    instrument = SimpleNamespace(recording_rate=32000, transfer=play)
    monkeypatch.setattr(TimbreTransfer, "from_folder", lambda _: instrument)
    soundfile.write("voice.wav", tones(220.0), 22050)
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    exec(compile(example, "transfer.md", "exec"), {})
    assert heard == [(32000, 32000)]


def test_sliders_go_as_far_as_the_document_says() -> None:
    rows = re.findall(r"^\| `--(\w+)` \| (-?\d+) \| (\d+) \|", DOCUMENT, re.MULTILINE)
    assert len(rows) == 6
    for name, *ends in rows:
        for end, beyond in zip(map(float, ends), (-0.01, 0.01), strict=True):
            Settings(**{name: end}).check()
            with pytest.raises(InputError, match=name):
                Settings(**{name: end + beyond}).check()
