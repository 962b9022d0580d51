"""Latent variables of long recordings: windows that pass into each other."""

import numpy as np
import pytest

from ddsp.training.inference.timbre import WindowedLatents

FRAME_RATE = 50.0


def latents(
    n_frames: int, n_kept: int | None = None
) -> tuple[WindowedLatents, list[tuple[int, int]]]:
    """Latents that say where in time a frame is, and in which window."""
    windows: list[tuple[int, int]] = []

    def encode(first: int, last: int) -> dict[str, np.ndarray]:
        windows.append((first, last))
        time = np.arange(first, last)[:, np.newaxis] / 1000.0
        window = np.full([last - first, 1], float(len(windows)))
        return {"z": np.hstack([time, window]), "one": window}

    return WindowedLatents(encode, n_frames, FRAME_RATE, n_kept), windows


@pytest.mark.parametrize("secs", [1, 60, 90])
def test_what_is_short_is_heard_as_a_whole(secs: int) -> None:
    n_frames = round(secs * FRAME_RATE)
    found, windows = latents(n_frames)
    assert windows == [(0, n_frames)]
    part = found.frames(n_frames // 3, n_frames // 2)["z"]
    expected = np.arange(n_frames // 3, n_frames // 2) / 1000.0
    np.testing.assert_allclose(part[:, 0], expected, rtol=1e-6)


def test_windows_of_long_recordings_are_short_and_fade_into_each_other() -> None:
    n_frames = round(400 * FRAME_RATE)
    found, windows = latents(n_frames)
    assert len(windows) > 4
    assert max(last - first for first, last in windows) <= 80 * FRAME_RATE
    whole = found.frames(0, n_frames)
    # Where windows agree, their weights add up to one.
    np.testing.assert_allclose(whole["z"][:, 0], np.arange(n_frames) / 1000, rtol=1e-5)
    # Where they do not, one fades into the next, without a jump.
    assert whole["z"][0, 1] == 1.0 and whole["z"][-1, 1] == len(windows)
    assert np.abs(np.diff(whole["one"][:, 0])).max() < 1.1 / (10 * FRAME_RATE)


def test_any_part_is_a_part_of_the_whole() -> None:
    n_frames = round(300 * FRAME_RATE)
    found, _ = latents(n_frames)
    whole = found.frames(0, n_frames)
    for first, last in ((0, 10), (2900, 3900), (n_frames - 5, n_frames)):
        part = found.frames(first, last)
        for name, latent in part.items():
            np.testing.assert_array_equal(latent, whole[name][first:last])


def test_windows_that_are_given_up_are_encoded_once_if_asked_for_in_order() -> None:
    n_frames = round(400 * FRAME_RATE)
    kept, _ = latents(n_frames)
    found, windows = latents(n_frames, n_kept=2)
    assert windows == []
    for first in range(0, n_frames, 1000):
        part, expected = (x.frames(first, first + 1000) for x in (found, kept))
        np.testing.assert_array_equal(part["z"], expected["z"])
    assert len(windows) == len(set(windows)) > 4
    found.frames(0, 10)
    assert windows[-1] == windows[0]
