"""Figures on the page of a notebook."""

import io
from typing import TYPE_CHECKING, Any

from ddsp.colab.surroundings import check_in_notebook, in_notebook
from ddsp.training import plotting
from ddsp.training.plotting import DEFAULT_SAMPLE_RATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of a screen; figures have more pixels, for sharp print and small text.
SHOWN_DPI = 72


def show(figure: "Figure") -> None:
    """Shows a figure of this library.

    Such figures belong to no window, so that notebooks do not show them by themselves.

    Args:
        figure: The figure.

    Raises:
        InputError: If the code runs in no notebook.
    """
    check_in_notebook("A figure", "write it to a file with plotting.save_figure")
    from IPython.display import Image, display

    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    width = round(SHOWN_DPI * figure.get_size_inches()[0])
    display(Image(data=picture.getvalue(), format="png", width=width))


def specplot(
    audio: Any,
    vmin: float = -5,
    vmax: float = 1,
    rotate: bool = True,
    size: int = 512 + 256,
    **matshow_kwargs: Any,
) -> "Figure | None":
    """Draws a spectrogram, and shows it in a notebook.

    Args:
        audio: Sound, [n_samples] or [batch, n_samples], of which the first is drawn.
        vmin: Natural logarithm of the magnitude that is black.
        vmax: Natural logarithm of the magnitude that is brightest.
        rotate: Whether time goes to the right and frequency up; otherwise time goes
            down and frequency to the right.
        size: Samples of a frame of the spectrogram.
        **matshow_kwargs: More arguments of matplotlib's `matshow`.

    Returns:
        Nothing in a notebook, where the figure is on the page; the figure elsewhere.
    """
    return _show_or_give(
        plotting.specplot(audio, vmin, vmax, rotate, size, **matshow_kwargs)
    )


def plot_impulse_responses(
    impulse_response: Any,
    desired_magnitudes: Any,
    sample_rate: float = DEFAULT_SAMPLE_RATE,
) -> "Figure | None":
    """Compares a filter with what it was designed for, and shows it in a notebook.

    Args:
        impulse_response: Impulse response, [..., n_samples]; the first is drawn.
        desired_magnitudes: Gains at equally spaced frequencies from 0 to half the
            sample rate, [..., n_frequencies]; the first are drawn.
        sample_rate: Samples per second.

    Returns:
        Nothing in a notebook, where the figure is on the page; the figure elsewhere.
    """
    return _show_or_give(
        plotting.plot_impulse_responses(
            impulse_response, desired_magnitudes, sample_rate
        )
    )


def _show_or_give(figure: "Figure") -> "Figure | None":
    """Shows a figure where there is a page; one that is returned would show twice."""
    if not in_notebook():
        return figure
    show(figure)
    return None
