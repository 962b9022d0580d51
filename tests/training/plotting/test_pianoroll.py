"""A keyboard whose keys lie at their MIDI numbers."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ddsp.training import plotting


def pixels(figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def column(image: np.ndarray, axis, x: float, y: float) -> np.ndarray:
    """Colour of the point of an axis, in its own coordinates."""
    across, up = axis.transData.transform((x, y))
    return image[image.shape[0] - 1 - round(up), round(across)]


def test_eleven_octaves_stand_beside_a_thousand_frames() -> None:
    figure, notes, keyboard = plotting.pianoroll_plot_setup()
    assert notes.get_ylim() == keyboard.get_ylim() == (-0.5, 131.5)
    assert notes.get_xlim() == (0.0, 1000.0)
    assert figure.axes == [keyboard, notes]
    labels = [label.get_text() for label in keyboard.get_yticklabels()]
    assert dict(zip(keyboard.get_yticks(), labels, strict=True))[60] == "C4"
    assert len(labels) == 11


def test_black_keys_are_black_and_their_rows_are_shaded() -> None:
    figure, notes, keyboard = plotting.pianoroll_plot_setup(
        figsize=(6.0, 8.0), side_piano_ratio=0.1
    )
    notes.set_ylim(54.5, 78.5)
    image = pixels(figure)
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    for number in range(56, 78):
        is_black = "#" in names[number % 12]
        key = column(image, keyboard, 0.3, number)
        assert (key.max() < 60) == is_black
        row = column(image, notes, 500.0, number)
        assert (row.min() < 250) == is_black


def test_rows_can_be_left_white() -> None:
    figure, notes, _ = plotting.pianoroll_plot_setup(faint_pr=False)
    notes.set_ylim(54.5, 78.5)
    image = pixels(figure)
    assert column(image, notes, 500.0, 61).min() == 255


@pytest.mark.parametrize("ratio", [0.025, 0.2])
def test_keyboard_has_its_share_of_the_width(ratio: float) -> None:
    figure, notes, keyboard = plotting.pianoroll_plot_setup(
        side_piano_ratio=ratio, xlim=(2.0, 3.0)
    )
    figure.draw_without_rendering()
    widths = [axis.get_position().width for axis in (keyboard, notes)]
    assert widths[0] / widths[1] == pytest.approx(ratio, rel=0.01)
    assert notes.get_xlim() == (2.0, 3.0)
