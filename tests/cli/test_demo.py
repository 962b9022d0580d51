"""`ddsp demo`: three files, five lines, all or nothing."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread
from tiny_model import make_tiny_model

from ddsp.cli import demo
from ddsp.cli import main as main_lib

FILES = {"source.wav", "violin.wav", "transfer.png"}


@pytest.fixture
def room(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """An empty working folder, and a small model in place of the violin."""
    model = make_tiny_model(tmp_path_factory.mktemp("model"))
    monkeypatch.setattr(demo, "MODEL", str(model))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_demo_writes_sounds_and_picture_and_says_so_in_five_lines(
    room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_lib.main(["demo"]) == 0
    assert names(room) == {"ddsp_demo"}
    assert names(room / "ddsp_demo") == FILES
    lengths = []
    for name in ("source.wav", "violin.wav"):
        audio, sample_rate = soundfile.read(room / "ddsp_demo" / name)
        lengths.append(audio.size / sample_rate)
        assert 20 * np.log10(audio.std()) > -40
        assert np.max(np.abs(audio)) < 1.0
    assert lengths[0] == pytest.approx(lengths[1], abs=0.004)
    assert imread(room / "ddsp_demo" / "transfer.png").shape[1] >= 1600
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 5
    assert all(str(Path("ddsp_demo", name)) in out for name in FILES)
    assert "ddsp transfer" in out
    assert err == ""


def test_failure_leaves_nothing(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "MODEL", "no_such_model")
    assert main_lib.main(["demo"]) == 2
    assert names(room) == set()


def test_another_folder_can_be_named_but_not_a_file(
    room: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(folder: Path) -> tuple[float, float]:
        raise AssertionError(f"worked before looking at {folder}")

    monkeypatch.setattr(demo, "_make_files", work)
    (room / "taken").write_text("mine")
    for argv in (["-o", "taken"], ["-o", "missing/inside"]):
        assert main_lib.main(["demo", *argv]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert argv[1] in line
    assert names(room) == {"taken"}
    assert (room / "taken").read_text() == "mine"
