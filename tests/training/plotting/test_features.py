"""The picture of a recording: pitch, loudness and notes are where they belong."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from signals import sine

from ddsp.training import plotting

FRAME_RATE, N_FRAMES = 100, 200
LOUDNESS_DB = np.linspace(-60.0, -20.0, N_FRAMES)
IS_NOTE = np.isin(np.arange(N_FRAMES) // 50, (1, 3))  # Seconds 0.5 to 1, 1.5 to 2.


def draw(is_note: np.ndarray | None) -> Figure:
    sound = plotting.PlottedSound(
        "Voice",
        0.5 * sine(440.0, 32000),
        16000,
        np.full(N_FRAMES, 440.0),
        np.where(IS_NOTE, 0.95, 0.0),
        FRAME_RATE,
    )
    return plotting.plot_features(sound, LOUDNESS_DB, is_note)


@pytest.fixture(scope="module")
def figure() -> Figure:
    return draw(IS_NOTE)


def test_panels_are_named_and_share_one_time_axis(figure: Figure) -> None:
    titles = [axis.get_title("left") for axis in figure.axes]
    assert titles == ["Voice", "Pitch", "Loudness"]
    for axis in figure.axes:
        np.testing.assert_allclose(axis.get_xlim(), (0.0, 2.0))


def test_pitch_is_at_its_note_and_faint_where_it_is_unsure(figure: Figure) -> None:
    (curve,) = figure.axes[1].collections
    heights = np.concatenate(curve.get_segments())[:, 1]
    np.testing.assert_allclose(heights, 69.0, atol=1e-6)
    alpha = np.asarray(curve.get_alpha())
    assert alpha[:45].max() < 0.2 < 0.9 < alpha[52:95].min()


def test_loudness_is_the_one_that_is_given(figure: Figure) -> None:
    (line,) = figure.axes[2].get_lines()
    secs, loudness_db = line.get_data()
    np.testing.assert_allclose(secs, np.arange(N_FRAMES) / FRAME_RATE)
    np.testing.assert_array_equal(loudness_db, LOUDNESS_DB)


@pytest.mark.parametrize("panel", [1, 2])
def test_notes_are_shaded_where_they_sound(figure: Figure, panel: int) -> None:
    shaded = [
        (float(patch.get_x()), float(patch.get_x() + patch.get_width()))
        for patch in figure.axes[panel].patches
    ]
    np.testing.assert_allclose(shaded, [(0.5, 1.0), (1.5, 2.0)], atol=0.006)


def test_nothing_is_shaded_where_notes_are_not_told() -> None:
    assert not any(axis.patches for axis in draw(None).axes)
