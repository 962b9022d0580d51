"""A spectrogram shows a tone where it is."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from signals import sine

from ddsp.training import plotting

TONE = sine(2000.0, 8000)  # A quarter of the way up.


def image_of(figure: Figure) -> np.ndarray:
    """Brightness by row, from the top, and column."""
    (axis,) = figure.axes
    (image,) = axis.get_images()
    return np.asarray(image.get_array())


def test_time_goes_to_the_right_and_frequency_up() -> None:
    sound = np.concatenate([np.zeros(8000, np.float32), TONE])
    figure = plotting.specplot(sound)
    image = image_of(figure)
    assert image.shape[0] == 1024 // 2 + 1  # 768 samples, in a transform of 1024.
    height = 1.0 - np.argmax(image[:, -10]) / (image.shape[0] - 1)
    assert height == pytest.approx(0.25, abs=0.01)
    columns = image.max(axis=0)
    assert columns[: image.shape[1] // 2 - 4].max() < -10 < columns[-10]
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("Time", "Frequency")


def test_unrotated_picture_says_so() -> None:
    figure = plotting.specplot(TONE, rotate=False)
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("Frequency", "Time")
    image = image_of(figure)
    assert np.argmax(image[10]) / (image.shape[1] - 1) == pytest.approx(0.25, abs=0.01)


def test_first_of_a_batch_is_drawn() -> None:
    batch = np.stack([TONE, 0.0 * TONE])
    np.testing.assert_array_equal(
        image_of(plotting.specplot(batch)), image_of(plotting.specplot(TONE))
    )


def test_brightness_has_the_limits_of_the_original() -> None:
    (axis,) = plotting.specplot(TONE).axes
    (image,) = axis.get_images()
    assert (image.get_clim(), image.get_cmap().name) == ((-5, 1), "magma")
    assert axis.get_aspect() == "auto"
    assert not len(axis.get_xticks()) and not len(axis.get_yticks())


def test_limits_size_and_colours_can_be_chosen() -> None:
    figure = plotting.specplot(TONE, vmin=-3, vmax=2, size=256, cmap="gray")
    (image,) = figure.axes[0].get_images()
    assert image.get_clim() == (-3, 2)
    assert image_of(figure).shape[0] == 129
    assert image.get_cmap()(0.0) == to_rgba("black")


def test_default_rate_is_that_of_the_original() -> None:
    assert plotting.DEFAULT_SAMPLE_RATE == 16000
