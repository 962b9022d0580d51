"""`history.csv`: one header, whole rows, no lost stretch, nothing foreign."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

from ddsp.training.errors import InputError
from ddsp.training.loop import history_file
from ddsp.training.loop.history_file import HistoryFile, read_history

HEADER = "step,seconds,total_loss"


def no_time() -> float:
    return 0.0


def text(folder: Path) -> str:
    return (folder / "history.csv").read_text()


def write(folder: Path, content: str | bytes) -> Path:
    content = content.encode() if isinstance(content, str) else content
    (folder / "history.csv").write_bytes(content)
    return folder


def lists(folder: Path) -> dict[str, tuple[list[int], list[float]]]:
    return {k: (s.tolist(), v.tolist()) for k, (s, v) in read_history(folder).items()}


def test_a_spreadsheet_can_read_it(tmp_path: Path) -> None:
    times = iter([10.0, 11.5, 130.25])
    history = HistoryFile(tmp_path / "new" / "run", clock=lambda: next(times))
    assert text(tmp_path / "new" / "run") == "step,seconds\n"
    history.append(1, {"total_loss": 6.5})
    history.append(300, {"total_loss": 2.0, "learning_rate": 3e-4})
    assert text(tmp_path / "new" / "run").splitlines() == [
        "step,seconds,total_loss,learning_rate",
        "1,1.5,6.5,",
        "300,120.25,2,0.0003",
    ]
    assert os.listdir(tmp_path / "new" / "run") == ["history.csv"]


def test_each_series_has_its_own_steps(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path, clock=no_time)
    history.append(1, {"total_loss": 4.0})
    history.append(2, {"validation_loss": 5.0})
    history.append(3, {"total_loss": math.nan, "validation_loss": math.inf})
    series = read_history(tmp_path)
    assert list(series) == ["seconds", "total_loss", "validation_loss"]
    assert series["total_loss"][0].tolist() == [1, 3]
    np.testing.assert_array_equal(series["total_loss"][1], [4.0, math.nan])
    assert series["validation_loss"][0].tolist() == [2, 3]
    assert series["validation_loss"][1].tolist() == [5.0, math.inf]
    assert series["total_loss"][0].dtype == np.int64


def test_float32_comes_back_exactly(tmp_path: Path) -> None:
    value = np.float32(math.pi)
    HistoryFile(tmp_path).append(1, {"total_loss": value})
    assert np.float32(read_history(tmp_path)["total_loss"][1][0]) == value


def test_known_columns_are_added_without_rewriting(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path, clock=no_time)
    history.append(1, {"a": 1.0})
    inode = os.stat(tmp_path / "history.csv").st_ino
    history.append(2, {"a": 2.0})
    history.append(3, {})
    assert os.stat(tmp_path / "history.csv").st_ino == inode
    assert text(tmp_path) == "step,seconds,a\n1,0,1\n2,0,2\n3,0,\n"


def test_one_step_has_one_row(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path, clock=no_time)
    history.append(1, {"a": 1.0})
    history.append(2, {"a": 2.0})
    history.append(2, {"a": 3.0, "b": 4.0})
    history.append(2, {"b": 5.0})
    assert text(tmp_path) == "step,seconds,a,b\n1,0,1,\n2,0,3,5\n"


def test_the_lost_stretch_is_dropped_on_resume(tmp_path: Path) -> None:
    write(tmp_path, f"{HEADER}\n100,1,4\n200,2,3\n300,3,9\n")
    HistoryFile(tmp_path, step=200)
    assert text(tmp_path) == f"{HEADER}\n100,1,4\n200,2,3\n"
    HistoryFile(tmp_path)
    assert text(tmp_path) == f"{HEADER}\n"


def test_seconds_go_on_after_a_pause(tmp_path: Path) -> None:
    write(tmp_path, f"{HEADER}\n100,20.5,4\n200,99,3\n")
    times = iter([5000.0, 5001.0])
    HistoryFile(tmp_path, step=100, clock=lambda: next(times)).append(101, {})
    assert lists(tmp_path)["seconds"] == ([100, 101], [20.5, 21.5])


def test_going_on_leaves_a_whole_file_alone(tmp_path: Path) -> None:
    write(tmp_path, f"{HEADER}\n100,1,4\n")
    inode = os.stat(tmp_path / "history.csv").st_ino
    HistoryFile(tmp_path, step=100)
    assert os.stat(tmp_path / "history.csv").st_ino == inode


@pytest.mark.parametrize("n_bytes", range(1, 11))
def test_a_row_that_was_cut_off_is_repaired(tmp_path: Path, n_bytes: int) -> None:
    whole = f"{HEADER}\n100,1,4\n"
    # Cut anywhere, it may still look like a row: 200,2,31 of 200,2,3125.
    write(tmp_path, whole + "200,2,3125\n"[:n_bytes])
    assert lists(tmp_path)["total_loss"] == ([100], [4.0])
    history = HistoryFile(tmp_path, step=500, clock=no_time)
    assert text(tmp_path) == whole
    history.append(300, {"total_loss": 2.0})
    assert lists(tmp_path)["total_loss"] == ([100, 300], [4.0, 2.0])


def test_an_empty_file_is_begun_afresh(tmp_path: Path) -> None:
    HistoryFile(write(tmp_path, ""), clock=no_time).append(1, {"a": 1.0})
    assert text(tmp_path) == "step,seconds,a\n1,0,1\n"


def test_a_kill_while_rewriting_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = HistoryFile(tmp_path, clock=no_time)
    history.append(1, {"a": 1.0})

    def killed(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt(args, kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(history_file.tf.io.gfile, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            history.append(2, {"b": 1.0})
    assert lists(tmp_path)["a"] == ([1], [1.0])
    HistoryFile(tmp_path, step=1, clock=no_time).append(2, {"b": 2.0})
    assert text(tmp_path) == "step,seconds,a,b\n1,0,1,\n2,0,,2\n"
    assert os.listdir(tmp_path) == ["history.csv"]


def test_what_a_spreadsheet_adds_to_the_form_is_understood(tmp_path: Path) -> None:
    content = f'\ufeff{HEADER},"a, b"\r\n100,1,4,\r\n'
    assert lists(write(tmp_path, content)) == {
        "seconds": ([100], [1.0]),
        "total_loss": ([100], [4.0]),
        "a, b": ([], []),
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("no history", "its first line has no end"),
        ("date,price\n1,2\n", "its first line does not begin with step,seconds"),
        ("step,seconds,a,a\n", "its first line does not begin with"),
        ("step;seconds\n1;2\n", "its first line does not begin with"),
        (f"{HEADER}\n1,2\n", "line 2 is no row"),
        (f"{HEADER}\n1,2,3\n2,2,3,4\n", "line 3 is no row"),
        (f"{HEADER}\n1,2,=1+1\n", "line 2 is no row"),
        (f"{HEADER}\n1,nan,1\n", "line 2 is no row"),
        (f"{HEADER}\n1,,1\n", "line 2 is no row"),
        (f"{HEADER}\n-1,2,3\n", "line 2 is no row"),
        (f"{HEADER}\n1.5,2,3\n", "line 2 is no row"),
        (f"{HEADER}\n²,2,3\n", "line 2 is no row"),
        (f"{HEADER}\n{'9' * 19},2,3\n", "line 2 is no row"),
        (f"{HEADER}\n2,2,3\n2,2,3\n", "line 3 is no row"),
        (f"{HEADER}\n\n1,2,3\n", "line 2 is no row"),
        ("step,seconds" + "".join(f",{i}" for i in range(999)) + "\n", "1000 columns"),
        (b"\xff\xfe\x00binary\n\x00\n", "it is no table of text"),
        (f'{HEADER}\n1,2,"3\n', "it is no table of text"),
    ],
)
def test_a_foreign_file_is_one_line_and_left_alone(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    write(tmp_path, content)
    before = (tmp_path / "history.csv").read_bytes()
    for use in (read_history, HistoryFile):
        with pytest.raises(InputError) as raised:
            use(tmp_path)
        assert reason in str(raised.value)
        assert str(tmp_path / "history.csv") in str(raised.value)
        assert len(str(raised.value).splitlines()) == 1
    assert (tmp_path / "history.csv").read_bytes() == before


def test_a_thousand_columns_are_read(tmp_path: Path) -> None:
    write(tmp_path, "step,seconds" + "".join(f",{i}" for i in range(998)) + "\n")
    assert len(read_history(tmp_path)) == 999


def test_a_file_of_any_size_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, f"{HEADER}\n")
    monkeypatch.setattr(history_file, "MAX_BYTES", len(HEADER) + 1)
    assert list(read_history(tmp_path)) == ["seconds", "total_loss"]
    monkeypatch.setattr(history_file, "MAX_BYTES", len(HEADER))
    with pytest.raises(InputError, match="more than 23 bytes"):
        read_history(tmp_path)


def test_folders_are_no_history(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must have a history\.csv"):
        read_history(tmp_path)
    (tmp_path / "history.csv").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        HistoryFile(tmp_path)


def test_a_step_backwards_is_refused(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path)
    with pytest.raises(ValueError, match="step=-1 after 0"):
        history.append(-1, {})
    history.append(7, {})
    with pytest.raises(ValueError, match="step=6 after 7"):
        history.append(6, {})


@pytest.mark.parametrize("name", ["", "step", "seconds", "two\nlines"])
def test_columns_need_names_of_their_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        HistoryFile(tmp_path).append(1, {name: 1.0})
    assert text(tmp_path) == "step,seconds\n"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "run"
    with pytest.raises(InputError) as raised:
        HistoryFile(folder)
    assert str(raised.value).startswith(
        f"The history of a run must go to a place that can be written. Got {folder} ("
    )
    assert len(str(raised.value).splitlines()) == 1
    history = HistoryFile(tmp_path / "run")
    os.remove(tmp_path / "run" / "history.csv")
    os.rmdir(tmp_path / "run")
    with pytest.raises(InputError, match="No such file or directory"):
        history.append(1, {})
