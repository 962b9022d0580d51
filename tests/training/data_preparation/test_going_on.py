"""An interrupted preparation goes on, with any number of processes."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from records import harmonic_tone, read_records, write_recording

from ddsp.training.data import features
from ddsp.training.data_preparation import (
    analysis,
    decoding,
    prepare_dataset,
    workers,
)
from ddsp.training.data_preparation.settings import Settings
from ddsp.training.errors import InputError

ROOT = Path(__file__).resolve().parents[3]
FAST = {"example_secs": 0.4, "hop_secs": 0.1, "frame_rate": 50, "viterbi": False}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Three tones of which the first is more than one block."""
    folder = tmp_path / "in"
    for name, hz, secs in [("a", 330.0, 2.5), ("b", 440.0, 0.7), ("c", 550.0, 0.6)]:
        write_recording(folder / f"{name}.wav", harmonic_tone(hz, secs))
    return folder


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "BLOCK_SECS", 1.0)


def stopping(
    n_blocks: int,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException] | BaseException = KeyboardInterrupt,
) -> list[Any]:
    """Lets an error come after some blocks; returns where they are noted."""
    done: list[Any] = []
    true_function = analysis.analyse_block

    def analyse(*task: Any) -> None:
        if len(done) == n_blocks:
            raise error
        done.append((os.path.basename(task[0].folder), task[1]))
        true_function(*task)

    monkeypatch.setattr(analysis, "analyse_block", analyse)
    return done


def interrupt(
    recordings: Path, output: Path, monkeypatch: pytest.MonkeyPatch, n_blocks: int
) -> list[Any]:
    with monkeypatch.context() as patch:
        done = stopping(n_blocks, patch)
        with pytest.raises(KeyboardInterrupt):
            prepare_dataset(recordings, output, **FAST)
    assert len(done) == n_blocks
    return done


@pytest.mark.usefixtures("short_blocks")
def test_what_is_analysed_is_not_analysed_again(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_dataset(recordings, tmp_path / "whole", **FAST)
    first = interrupt(recordings, tmp_path / "out", monkeypatch, 2)
    assert not (tmp_path / "out").exists()
    assert sorted(os.listdir(tmp_path)) == [".out.preparing", "in", "whole"]
    # The work may also move: names of folders are not what it is recognised by.
    rest = stopping(99, monkeypatch)
    lines: list[str] = []
    prepare_dataset(recordings, tmp_path / "out", **FAST, progress=lines.append)
    assert len(rest) == 3 and not set(first) & set(rest)
    assert "analysing 4 s, 2 s of them before" in lines
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert sorted(os.listdir(tmp_path)) == ["in", "out", "whole"]


@pytest.mark.usefixtures("short_blocks")
@pytest.mark.parametrize("what", ["dead process", "full disk"])
def test_what_is_analysed_survives_more_than_ctrl_c(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    is_dead = what == "dead process"
    error = BrokenProcessPool("died") if is_dead else OSError(28, "No space left")
    said = "one has died, .* what is done is kept" if is_dead else "make room and rep"
    with monkeypatch.context() as patch:
        # One thread instead of processes, which are slow to start and hard to kill.
        patch.setattr(workers.Workers, "_start", lambda _: ThreadPoolExecutor(1))
        stopping(2, patch, error)
        with pytest.raises(InputError, match=said):
            prepare_dataset(recordings, tmp_path / "out", **FAST, processes=2)
    with pytest.raises(InputError, match="Got processes=0"):
        prepare_dataset(recordings, tmp_path / "out", **FAST, processes=0)
    rest = stopping(99, monkeypatch)
    info = prepare_dataset(recordings, tmp_path / "out", **FAST)
    assert len(rest) == 3 and info.n_examples == 22 + 4 + 3
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


@pytest.mark.usefixtures("short_blocks")
def test_other_recordings_and_settings_take_nothing_over(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(recordings, tmp_path / "out", monkeypatch, 4)
    # The same name with another content, and only that.
    write_recording(recordings / "a.wav", harmonic_tone(660.0, 0.8))
    for name in ("b.wav", "c.wav"):
        (recordings / name).unlink()
    done = stopping(99, monkeypatch)
    info = prepare_dataset(recordings, tmp_path / "out", **FAST)
    assert len(done) == 1 and info.n_examples == 5
    for example in read_records(tmp_path / "out"):
        assert np.median(example["f0_hz"]) == pytest.approx(660.0, rel=0.02)
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


@pytest.mark.usefixtures("short_blocks")
def test_another_setting_begins_anew(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(recordings, tmp_path / "out", monkeypatch, 4)
    done = stopping(99, monkeypatch)
    prepare_dataset(recordings, tmp_path / "out", **{**FAST, "center": False})
    assert len(done) == 5


@pytest.mark.parametrize("name", ["features-00000.npz", "audio.npy", "recording.json"])
def test_what_was_cut_off_is_done_again(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prepare_dataset(recordings, tmp_path / "whole", **FAST)
    interrupt(recordings, tmp_path / "out", monkeypatch, 2)
    paths = sorted((tmp_path / ".out.preparing" / "kept").rglob(name))
    assert len(paths) >= 2
    for path in paths:
        path.write_bytes(path.read_bytes()[:-40])
    prepare_dataset(recordings, tmp_path / "out", **FAST)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_preparation_that_was_killed_loses_no_older_dataset(
    tmp_path: Path, recordings: Path
) -> None:
    prepare_dataset(recordings / "a.wav", tmp_path / "out", **FAST)
    before = contents(tmp_path / "out")
    work = tmp_path / ".out.preparing"
    (work / "new").mkdir(parents=True)
    (work / "new" / "half").touch()
    # It was killed after the old folder had been put aside.
    (tmp_path / "out").rename(work / "replaced")
    with pytest.raises(InputError):
        prepare_dataset(recordings / "nothing.wav", tmp_path / "out", **FAST)
    with pytest.raises(InputError, match="--overwrite"):
        prepare_dataset(recordings / "b.wav", tmp_path / "out", **FAST)
    write_recording(tmp_path / "silent.wav", np.zeros(16000))
    with pytest.raises(InputError, match="silent"):
        prepare_dataset(
            tmp_path / "silent.wav", tmp_path / "out", **FAST, overwrite=True
        )
    assert contents(tmp_path / "out") == before
    assert not work.exists()


def test_identical_recordings_are_analysed_once(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recordings / "b2.wav").write_bytes((recordings / "b.wav").read_bytes())
    done = stopping(99, monkeypatch)
    info = prepare_dataset(recordings, tmp_path / "out", **FAST)
    assert len(done) == 3 and len(info.sources) == 4
    assert info.n_examples == len(read_records(tmp_path / "out")) == 22 + 4 + 4 + 3


SCRIPT = """
import sys
sys.path.insert(0, "tests")
from ddsp.training.data_preparation import prepare_dataset
lines = []
prepare_dataset(sys.argv[1], sys.argv[2], processes=2, progress=lines.append,
                example_secs=0.4, hop_secs=0.1, frame_rate=50, viterbi=False)
print(len(lines))
"""


def test_two_processes_make_the_same_records_and_need_no_guard(
    tmp_path: Path, recordings: Path
) -> None:
    prepare_dataset(recordings, tmp_path / "one", **FAST, processes=1)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(recordings), str(tmp_path / "two")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1  # The script ran once.
    one, two = (tmp_path / name for name in ("one", "two"))
    assert list(contents(one)) == list(contents(two))
    # Products are summed in another order where there are more threads.
    for found, expected in zip(read_records(two), read_records(one), strict=True):
        assert found.keys() == expected.keys()
        for name, values in found.items():
            rtol = 0.0 if name.startswith("audio") else 1e-6
            np.testing.assert_allclose(values, expected[name], rtol=rtol)


@pytest.mark.parametrize(
    ("wanted", "secs", "n_tasks", "n_processes"),
    [
        (None, 10.0, 9, 1),
        (None, 60.0, 9, 2),
        (None, 1e6, 9, 4),
        (None, 1e6, 3, 3),
        (3, 1.0, 9, 3),
        (3, 1.0, 2, 2),
        (99, 1e6, 50, 50),
    ],
)
def test_there_are_as_many_processes_as_are_worth_it(
    monkeypatch: pytest.MonkeyPatch,
    wanted: int | None,
    secs: float,
    n_tasks: int,
    n_processes: int,
) -> None:
    monkeypatch.setattr(workers, "_count_cores", lambda: 4)
    assert workers.count_processes(wanted, secs, n_tasks) == n_processes


@pytest.mark.parametrize("processes", [0, -1])
def test_no_process_at_all_is_refused(
    tmp_path: Path, recordings: Path, processes: int
) -> None:
    with pytest.raises(InputError, match=f"Got processes={processes}; leave it out"):
        prepare_dataset(recordings, tmp_path / "out", **FAST, processes=processes)


def test_one_preparation_at_a_time_writes_a_dataset(
    tmp_path: Path, recordings: Path
) -> None:
    def meddle(text: str) -> None:
        if text.startswith("wrote"):
            with pytest.raises(InputError, match="One process at a time"):
                prepare_dataset(recordings, tmp_path / "out", **FAST)
            refused.append(text)

    refused: list[str] = []
    prepare_dataset(recordings, tmp_path / "out", **FAST, progress=meddle)
    assert refused and len(read_records(tmp_path / "out")) == 22 + 4 + 3


def test_a_file_that_vanishes_is_a_dropped_recording(tmp_path: Path) -> None:
    decoded = decoding.decode_recording(tmp_path / "a.wav", tmp_path, Settings())
    assert decoded == decoding.Decoded(problem="it does not exist")


def test_lines_come_block_by_block(
    tmp_path: Path, recordings: Path, short_blocks: Callable[[], None]
) -> None:
    del short_blocks
    lines: list[str] = []
    prepare_dataset(
        recordings / "a.wav", tmp_path / "out", **FAST, progress=lines.append
    )
    assert [line for line in lines if line.startswith("analysed")] == [
        "analysed 1 of 2 s",
        "analysed 2 of 2 s",
        "analysed 2 of 2 s",
    ]
