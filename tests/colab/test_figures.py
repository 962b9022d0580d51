"""Figures of the library on a page, which would not show by themselves."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from signals import sine

from ddsp.colab import colab_utils
from ddsp.training import plotting
from ddsp.training.errors import InputError


def figure() -> Figure:
    made = Figure(figsize=(10.0, 4.0), dpi=120)
    made.subplots().plot([0, 1])
    return made


def test_page_gets_all_pixels_at_the_size_of_a_screen(jupyter) -> None:
    colab_utils.show(figure())
    (image,) = jupyter.shown
    pixels = imread(io.BytesIO(image.data))
    assert pixels.shape[:2] == (480, 1200)
    assert pixels[..., :3].std() > 0.01
    assert (image.kind, image.width) == ("Image", 720)


def test_spectrogram_is_shown_once_and_is_that_of_the_sound(jupyter) -> None:
    audio = 0.5 * sine(2000.0, 8000)
    assert colab_utils.specplot(audio, size=512, cmap="gray") is None
    (image,) = jupyter.shown
    expected = io.BytesIO()
    drawn = plotting.specplot(audio, size=512, cmap="gray")
    drawn.savefig(expected, format="png")
    np.testing.assert_array_equal(
        imread(io.BytesIO(image.data)), imread(io.BytesIO(expected.getvalue()))
    )


def test_filter_is_shown_once(colab) -> None:
    assert colab_utils.plot_impulse_responses([1.0, 0.5, 0.0], [1.0, 1.0]) is None
    assert [image.kind for image in colab.shown] == ["Image"]


@pytest.mark.usefixtures("nowhere")
def test_programs_get_the_figures_themselves() -> None:
    assert isinstance(colab_utils.specplot(sine(440.0, 4000)), Figure)
    assert isinstance(colab_utils.plot_impulse_responses([1.0, 0.5], [1.0]), Figure)
    with pytest.raises(InputError, match=r"plotting\.save_figure"):
        colab_utils.show(figure())
