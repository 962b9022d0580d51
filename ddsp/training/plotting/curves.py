"""The picture of how losses fell, in one run or in several."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ddsp.training.plotting.transfer import COLORS, DPI, STYLE, _light_grid, _title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Told apart with every kind of colour vision as far as eight can be.
RUN_COLORS = (
    *COLORS,
    "#2b8a57",
    "#8b55b0",
    "#c2334d",
    "#117f8a",
    "#8a6a1f",
    "#5d6470",
)
DASHES = ("-", "--", ":")  # For the ninth run and the seventeenth.
PANELS = {"training": "Training", "validation": "Held-out sounds"}
# From such a ratio on, a linear axis hides the smaller part.
LOG_STEP_RATIO, LOG_LOSS_RATIO = 20.0, 3.0
# Steps before this part of the longest run would fill the picture with their fall.
FIRST_SHOWN = 1 / 100
LABEL_CHARACTERS = 26
LABEL_DISTANCE = 0.075  # Of the panel's height, for two lines of text not to touch.

Series = tuple[np.ndarray, np.ndarray]


def _no_series() -> Series:
    return np.zeros(0, np.int64), np.zeros(0)


@dataclass(frozen=True)
class RunCurves:
    """The losses of a run.

    Attributes:
        name: What the run is called.
        training: Steps and losses, [n_values] each.
        validation: The same for held-out examples.

    Example:
        >>> import numpy as np
        >>> curve = (np.array([100, 200]), np.array([6.5, 5.0]))
        >>> RunCurves("violin", training=curve).validation[0].size
        0
    """

    name: str
    training: Series = field(default_factory=_no_series)
    validation: Series = field(default_factory=_no_series)


def plot_curves(runs: Sequence[RunCurves]) -> "Figure":
    """Draws the losses of runs over steps.

    Axes are logarithmic where values differ much; the first hundredth of the steps is
    left out, unless a run ended so early. A dot marks the lowest loss of each curve,
    whose end bears the name of the run.

    Args:
        runs: The runs.

    Returns:
        A figure with a panel for the losses of training, and one for those of held-out
        sounds below it; a panel that would be empty is left out.

    Raises:
        ValueError: If no run has a finite loss.
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    kinds = [kind for kind in PANELS if any(_finite(run, kind)[0].size for run in runs)]
    if not kinds:
        raise ValueError(
            "A run must have losses to be drawn. Got none that is finite; train for "
            "some steps first."
        )
    layout = ConstrainedLayoutEngine(hspace=0.05, h_pad=0.12, w_pad=0.14)
    with matplotlib.rc_context(STYLE):
        size = (12.6, 1.6 + 3.9 * len(kinds))
        figure = Figure(figsize=size, dpi=DPI, layout=layout)
        axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
        first = _set_step_axis(axes[-1], runs, kinds)
        for axis, kind in zip(axes, kinds, strict=True):
            curves = [_finite(run, kind, first) for run in runs]
            _set_loss_axis(axis, np.concatenate([losses for _, losses in curves]))
            _draw_panel(axis, [run.name for run in runs], curves)
            _title(axis, PANELS[kind])
        figure.align_ylabels(axes)
        _write_title(figure, runs)
    return figure


def _finite(run: RunCurves, kind: str, first: float = 1.0) -> Series:
    """The part of a curve that can be drawn."""
    steps, losses = getattr(run, kind)
    is_drawn = np.isfinite(losses) & (steps >= first)
    return steps[is_drawn], losses[is_drawn]


def _set_step_axis(
    axis: "Axes", runs: Sequence[RunCurves], kinds: Sequence[str]
) -> float:
    """Chooses the axis of steps; returns the first step that it shows."""
    curves = [_finite(run, kind)[0] for run in runs for kind in kinds]
    ends = [steps[-1] for steps in curves if steps.size]
    first, last = min(steps[0] for steps in curves if steps.size), max(ends)
    # But a run that ended early is to be seen.
    first = max(first, min(FIRST_SHOWN * last, min(ends) / 2))
    if last >= LOG_STEP_RATIO * first:
        axis.set_xscale("log")
        axis.set_xlim(first, last)
        _label_between_powers_of_ten(axis.xaxis, last / first)
        axis.set_xlabel("training steps (logarithmic)")
    else:
        axis.set_xlim(0, last)
        axis.set_xlabel("training steps")
    axis.xaxis.set_major_formatter(lambda step, _: f"{step:,.10g}")
    return first


def _set_loss_axis(axis: "Axes", losses: np.ndarray) -> None:
    """Chooses the axis of losses."""
    low, high = losses.min(), losses.max()
    if low > 0 and high >= LOG_LOSS_RATIO * low:
        axis.set_yscale("log")
        axis.set_ylim(low / (high / low) ** 0.06, high * (high / low) ** 0.06)
        _label_between_powers_of_ten(axis.yaxis, high / low)
    else:
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
        axis.set_ylim(low - room, high + room)
    axis.yaxis.set_major_formatter(lambda loss, _: f"{loss:.6g}")
    axis.set_ylabel("total loss")


def _label_between_powers_of_ten(axis: "Axis", ratio: float) -> None:
    """Labels a logarithmic axis, which need not reach over a power of ten."""
    from matplotlib.ticker import LogLocator, NullLocator

    if ratio < 12.0:
        axis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)))
    elif ratio < 500.0:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())


def _draw_panel(axis: "Axes", names: Sequence[str], curves: Sequence[Series]) -> None:
    """Draws one curve for each run, and names it."""
    _light_grid(axis)
    ends = []
    for number, (name, (steps, losses)) in enumerate(zip(names, curves, strict=True)):
        if not steps.size:
            continue
        color = RUN_COLORS[number % len(RUN_COLORS)]
        dashes = DASHES[number // len(RUN_COLORS) % len(DASHES)]
        axis.plot(steps, losses, color=color, linestyle=dashes, linewidth=1.9)
        best = np.argmin(losses)
        axis.plot(
            steps[best],
            losses[best],
            "o",
            color=color,
            markersize=7.5,
            markeredgecolor="white",
            markeredgewidth=1.4,
            clip_on=False,
            zorder=4,
        )
        label = f"{_shortened(name)}  {losses[best]:.4g}"
        ends.append((float(steps[-1]), float(losses[-1]), label, color))
    _name_ends(axis, ends)


def _name_ends(axis: "Axes", ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Writes names beside the ends of curves, apart from each other."""
    to_panel = axis.transData + axis.transAxes.inverted()
    places = [to_panel.transform((step, loss)) for step, loss, _, _ in ends]
    heights = _spread(np.array([y for _, y in places]), LABEL_DISTANCE)
    for (_, _, label, color), (x, y), height in zip(ends, places, heights, strict=True):
        axis.annotate(
            label,
            xy=(x, y),
            xytext=(1.025, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=color,
            fontsize=10.5,
            verticalalignment="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "alpha": 0.45,
                "linewidth": 0.9,
                "shrinkA": 1.0,
                "shrinkB": 2.0,
            },
        )


def _spread(heights: np.ndarray, distance: float) -> np.ndarray:
    """Moves heights apart until neighbours are a distance from each other.

    Args:
        heights: Wanted heights, [n_labels].
        distance: Least difference of two.

    Returns:
        Heights in the same order from bottom to top, in the middle of those wanted.
    """
    order = np.argsort(heights, kind="stable")
    groups: list[list[float]] = []  # Centre and number of labels of each block.
    for height in heights[order]:
        groups.append([float(height), 1.0])
        while len(groups) > 1:
            (below, n_below), (above, n_above) = groups[-2:]
            if above - below >= distance * (n_below + n_above) / 2.0:
                break
            n_both = n_below + n_above
            centre = (below * n_below + above * n_above) / n_both
            groups[-2:] = [[centre, n_both]]
    placed = [
        centre + distance * (i - (n - 1.0) / 2.0)
        for centre, n in groups
        for i in range(int(n))
    ]
    spread = np.empty(len(heights))
    spread[order] = placed
    return spread


def _shortened(name: str) -> str:
    """A name of bearable length: beginnings and ends tell runs apart."""
    if len(name) <= LABEL_CHARACTERS:
        return name
    half = (LABEL_CHARACTERS - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def _write_title(figure: "Figure", runs: Sequence[RunCurves]) -> None:
    """Says what is seen."""
    what = _shortened(runs[0].name) if len(runs) == 1 else f"{len(runs)} runs"
    figure.suptitle(
        f"How the loss fell: {what}",
        x=0.012,
        ha="left",
        fontsize=17.0,
        fontweight="bold",
    )
    figure.text(
        0.988,
        0.985,
        "dot and number: the lowest value",
        ha="right",
        va="top",
        fontsize=10.5,
        color=RUN_COLORS[-1],
    )
