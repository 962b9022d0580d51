"""Frames around values, and runs of frames."""

import numpy as np
import pytest

from ddsp.training import heuristics
from ddsp.training.heuristics.frames import find_runs


def test_frames_since_the_onset_are_those_of_the_original(golden) -> None:
    record = np.load(golden / "training" / "functions.npz")["active_idx"]
    # The recorded roll had these two notes; the first one may have begun before it.
    roll = np.zeros([40, 128])
    roll[3:10, 60] = roll[12:30, 64] = 1
    counts = heuristics.get_active_frame_indices(roll)
    np.testing.assert_array_equal(counts, record)
    assert counts.max() == 18


def test_a_note_that_sounds_from_the_beginning_counts_from_0() -> None:
    roll = np.zeros([5, 2])
    roll[:3, 0] = 70.0
    roll[:, 1] = 70.0
    counts = heuristics.get_active_frame_indices(roll)
    assert counts[:, 0].tolist() == [0, 1, 2, 0, 0]
    assert counts[:, 1].tolist() == [0, 1, 2, 3, 4]


def test_windows_overlap_and_begin_before_the_signal() -> None:
    signal = np.arange(1.0, 11.0)
    windows = heuristics.window_array(signal, sr=4, win_len=1.0, frame_step_ratio=0.5)
    assert windows.numpy().tolist() == [
        [0, 0, 1, 2],
        [1, 2, 3, 4],
        [3, 4, 5, 6],
        [5, 6, 7, 8],
        [7, 8, 9, 10],
        [9, 10, 0, 0],
    ]


def test_windows_are_cut_along_any_axis() -> None:
    signal = np.arange(24.0).reshape(2, 12)
    windows = heuristics.window_array(signal, sr=4, win_len=1.0, ax=1)
    assert windows.shape == (2, 5, 4)
    for one, row in zip(windows, signal, strict=True):
        alone = heuristics.window_array(row, sr=4, win_len=1.0)
        np.testing.assert_array_equal(one, alone)


@pytest.mark.parametrize(
    ("mode", "width", "expected"),
    [
        ("front", 4, [-3.7, -3.7, -3.7, -3.7, 1.5, 2.25]),
        ("center", 4, [-3.7, -3.7, -3.7, 1.5, 2.25, 2.25]),
        ("center", 3, [-3.7, -3.7, 1.5, 2.25, 2.25]),
        ("end", 4, [-3.7, 1.5, 2.25, 2.25, 2.25, 2.25]),
        ("end", 1, [-3.7, 1.5, 2.25]),
    ],
)
def test_ends_are_repeated_as_they_are(
    mode: str, width: int, expected: list[float]
) -> None:
    # The original cut the fractions off: -3.7 was followed by -3 (T53).
    vec = np.array([-3.7, 1.5, 2.25])
    assert heuristics.pad_for_frame(vec, mode, width).tolist() == expected
    columns = np.stack([vec, 2 * vec], axis=1)
    padded = heuristics.pad_for_frame(columns, mode, width)
    assert padded[:, 1].tolist() == [2 * value for value in expected]
    rows = heuristics.pad_for_frame(columns.T, mode, width, axis=1)
    np.testing.assert_array_equal(rows, padded.T)


def test_unknown_mode_is_an_error() -> None:
    with pytest.raises(ValueError, match="Got mode='back'"):
        heuristics.pad_for_frame(np.zeros(3), "back", 2)


def vec(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def text(is_on: np.ndarray) -> str:
    return "".join("x" if on else "." for on in is_on)


@pytest.mark.parametrize(
    ("before", "cleared", "glued"),
    [
        (".xx.xxxx.x..", "....xxxx....", "....xxxxxx.."),
        # The original left a short run at the very end alone (T46).
        ("xxx...xx", "xxx.....", "xxxxxxxx"),
        ("xx...xxx", ".....xxx", ".....xxx"),
        ("xxx.x.x", "xxx....", "xxxxxxx"),
        ("........", "........", "........"),
        ("xxxxxxxx", "xxxxxxxx", "xxxxxxxx"),
    ],
)
def test_short_runs_go_or_join_the_note_before(
    before: str, cleared: str, glued: str
) -> None:
    is_on = vec(before)
    assert heuristics.remove_short(is_on, min_samples=3) is is_on
    assert text(is_on) == cleared
    is_on = vec(before)
    heuristics.remove_short(is_on, min_samples=3, glue_back=True)
    assert text(is_on) == glued


def test_runs_are_found_up_to_both_ends() -> None:
    assert find_runs(vec("xx..x.xx")).tolist() == [[0, 2], [4, 5], [6, 8]]
    assert find_runs(vec("")).shape == find_runs(vec("...")).shape == (0, 2)
