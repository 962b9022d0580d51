"""A keyboard to draw notes beside."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_KEYS, OCTAVE = 132, 12  # Eleven octaves; MIDI numbers end in the last one.
BLACK_KEYS = (1, 3, 6, 8, 10)  # Above a C.
SIZE_INCHES = (10.0, 6.0)
DEFAULT_XLIM = (0.0, 1000.0)
BLACK, FAINT, LINE = "#2b2b30", "#f0f0f3", "#c9c9d1"


def pianoroll_plot_setup(
    figsize: tuple[float, float] | None = None,
    side_piano_ratio: float = 0.025,
    faint_pr: bool = True,
    xlim: tuple[float, float] | None = None,
) -> "tuple[Figure, Axes, Axes]":
    """Makes a figure for notes, with a keyboard at its left side.

    Both parts share the vertical axis, on which the key of a MIDI number reaches from
    half below to half above it.

    Args:
        figsize: Width and height in inches; None for 10 by 6.
        side_piano_ratio: Width of the keyboard as a share of that of the notes.
        faint_pr: Whether to shade the rows of black keys.
        xlim: Ends of the horizontal axis; None for 0 to 1000, as of frames.

    Returns:
        The figure, the part for the notes and the one with the keyboard.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=figsize or SIZE_INCHES, layout="constrained")
    keyboard, notes = figure.subplots(
        1, 2, sharey=True, width_ratios=(side_piano_ratio, 1.0)
    )
    _draw_keyboard(keyboard)
    notes.set_xlim(*(xlim or DEFAULT_XLIM))
    notes.set_ylim(-0.5, N_KEYS - 0.5)
    notes.tick_params(axis="y", left=False, labelleft=False)
    octaves = list(range(0, N_KEYS, OCTAVE))
    keyboard.set_yticks(octaves, [f"C{number // OCTAVE - 1}" for number in octaves])
    keyboard.tick_params(axis="y", length=0.0, labelsize="small")
    if faint_pr:
        for number in _black_keys():
            row = (number - 0.5, number + 0.5)
            notes.axhspan(*row, color=FAINT, linewidth=0, zorder=0)
        for number in octaves:
            notes.axhline(number - 0.5, color=LINE, linewidth=0.6, zorder=0.5)
    return figure, notes, keyboard


def _black_keys() -> list[int]:
    """MIDI numbers of the black keys."""
    return [number for number in range(N_KEYS) if number % OCTAVE in BLACK_KEYS]


def _draw_keyboard(axis: "Axes") -> None:
    """Draws keys, of which the black ones are shorter."""
    black = _black_keys()
    axis.set_xlim(0.0, 1.0)
    axis.set_xticks([])
    axis.barh(black, 0.62, height=1.0, color=BLACK, linewidth=0)
    # Two white keys touch where there is no black one, or behind its middle.
    for number in range(N_KEYS):
        if number % OCTAVE in (0, 5):
            axis.axhline(number - 0.5, color=BLACK, linewidth=0.5)
    axis.hlines(black, 0.62, 1.0, color=BLACK, linewidth=0.5)
