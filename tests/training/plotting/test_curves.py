"""Curves of losses: every run is drawn, named and has its best value marked."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from ddsp.training.plotting.curves import (
    RUN_COLORS,
    RunCurves,
    _spread,
    plot_curves,
)

STEPS = np.array([100, 200, 300, 400])
LOSSES = np.array([4.0, 3.0, 2.5, 2.75])


def run_named(name: str, offset: float = 0.0, **curves: tuple) -> RunCurves:
    return RunCurves(name, (STEPS, LOSSES + offset), **curves)


def drawn(figure: Figure, panel: int = 0) -> list[tuple[list[float], list[float]]]:
    """The points of each line of a panel."""
    lines = figure.axes[panel].lines
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in lines]


def labels(figure: Figure, panel: int = 0) -> list[str]:
    return [text.get_text() for text in figure.axes[panel].texts]


def test_each_curve_has_its_lowest_value_marked_and_told() -> None:
    validation = (STEPS[1::2], LOSSES[1::2] + 1)
    figure = plot_curves([run_named("violin", validation=validation)])
    training_panel, validation_panel = figure.axes
    assert training_panel.get_title("left") == "Training"
    assert validation_panel.get_title("left") == "Held-out sounds"
    assert validation_panel.get_xlabel() == "training steps"
    assert training_panel.get_ylabel() == "total loss"
    assert drawn(figure) == [
        ([100, 200, 300, 400], [4.0, 3.0, 2.5, 2.75]),
        ([300], [2.5]),
    ]
    assert drawn(figure, 1) == [([200, 400], [4.0, 3.75]), ([400], [3.75])]
    assert labels(figure) == ["violin  2.5"]
    assert labels(figure, 1) == ["violin  3.75"]


def test_title_says_what_is_seen() -> None:
    assert plot_curves([run_named("violin")]).get_suptitle() == (
        "How the loss fell: violin"
    )
    figure = plot_curves([run_named("a"), run_named("b")])
    assert figure.get_suptitle() == "How the loss fell: 2 runs"


def test_a_panel_without_curves_is_left_out() -> None:
    (axis,) = plot_curves([run_named("a")]).axes
    assert axis.get_title("left") == "Training"
    (axis,) = plot_curves([RunCurves("a", validation=(STEPS, LOSSES))]).axes
    assert axis.get_title("left") == "Held-out sounds"


def test_a_run_keeps_its_colour_in_both_panels() -> None:
    both = run_named("b", validation=(STEPS, LOSSES))
    figure = plot_curves([run_named("a"), both])
    for panel, numbers in ((0, [0, 0, 1, 1]), (1, [1, 1])):
        colors = [line.get_color() for line in figure.axes[panel].lines]
        assert colors == [RUN_COLORS[i] for i in numbers]


def test_more_runs_than_colours_differ_by_their_dashes() -> None:
    figure = plot_curves([run_named(str(i), i) for i in range(25)])
    looks = [
        (line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines[::2]
    ]
    assert len(set(looks[:24])) == 24
    assert looks[24] == looks[0]


def test_what_is_not_finite_leaves_a_gap() -> None:
    losses = np.array([np.inf, 3.0, np.nan, 2.75])
    figure = plot_curves([RunCurves("a", (STEPS, losses))])
    assert drawn(figure)[0] == ([200, 400], [3.0, 2.75])
    assert labels(figure) == ["a  2.75"]


def test_nothing_to_draw_is_an_error() -> None:
    for run in (RunCurves("a"), RunCurves("b", (STEPS, np.full(4, np.nan)))):
        with pytest.raises(ValueError, match="losses to be drawn"):
            plot_curves([run])


def scales(steps: list[int], losses: list[float]) -> tuple[str, str]:
    curve = (np.array(steps), np.array(losses))
    (axis,) = plot_curves([RunCurves("a", curve)]).axes
    return axis.get_xscale(), axis.get_yscale()


def test_axes_are_logarithmic_where_values_differ_much() -> None:
    assert scales([100, 1999], [3.0, 1.01]) == ("linear", "linear")
    assert scales([100, 2000], [3.0, 1.0]) == ("log", "log")
    assert scales([100, 2000], [3.0, 0.0]) == ("log", "linear")
    assert scales([100, 2000], [3.0, -2.0]) == ("log", "linear")


def test_the_first_hundredth_of_the_steps_does_not_fill_the_picture() -> None:
    curve = (np.array([1, 99, 100, 10000]), np.array([90.0, 80.0, 2.0, 1.0]))
    figure = plot_curves([RunCurves("a", curve)])
    assert drawn(figure)[0] == ([100, 10000], [2.0, 1.0])
    assert figure.axes[0].get_xlim() == (100, 10000)
    assert figure.axes[0].get_ylim()[1] < 3
    assert figure.axes[0].get_xlabel() == "training steps (logarithmic)"


def test_a_run_that_ended_early_is_seen_nevertheless() -> None:
    long = RunCurves("long", (np.array([1, 40, 10000]), np.array([9.0, 3.0, 1.0])))
    short = RunCurves("short", (np.array([1, 60]), np.array([9.0, 2.0])))
    figure = plot_curves([long, short])
    assert drawn(figure)[2] == ([60], [2.0])
    assert figure.axes[0].get_xlim() == (30, 10000)


def test_short_runs_begin_at_zero() -> None:
    assert plot_curves([run_named("a")]).axes[0].get_xlim() == (0, 400)


@pytest.mark.parametrize(
    "curve",
    [([5], [2.0]), ([5, 6], [0.0, 0.0]), ([5, 6], [2.0, 2.0]), ([100, 9999], [9e5, 1])],
)
def test_unusual_curves_can_be_drawn(curve: tuple) -> None:
    figure = plot_curves([RunCurves("a", tuple(map(np.array, curve)))])
    low, high = figure.axes[0].get_ylim()
    assert low < min(curve[1]) <= max(curve[1]) < high
    figure.savefig(io.BytesIO())


def test_steps_and_losses_are_labelled_between_powers_of_ten() -> None:
    curve = (np.array([3000, 70000]), np.array([9.0, 2.5]))
    figure = plot_curves([RunCurves("a", curve)])
    figure.canvas.draw()
    (axis,) = figure.axes
    low, high = axis.get_xlim()
    shown = [
        label.get_text()
        for label, place in zip(axis.get_xticklabels(), axis.get_xticks(), strict=True)
        if low <= place <= high
    ]
    assert shown == ["5,000", "10,000", "20,000", "50,000"]
    low, high = axis.get_ylim()
    places = [place for place in axis.get_yticks() if low <= place <= high]
    assert places == pytest.approx([3.0, 4.0, 5.0, 7.0])


def test_long_names_keep_their_beginning_and_their_end() -> None:
    names = ["a" * 26, "violin_wide_lr_0.001_with_a_long_reverb"]
    figure = plot_curves([run_named(names[0]), run_named(names[1], 1.0)])
    assert labels(figure) == ["a" * 26 + "  2.5", "violin_wide_…_long_reverb  3.5"]


def test_names_do_not_overlap() -> None:
    figure = plot_curves([run_named(str(i), 0.001 * i) for i in range(6)])
    heights = sorted(text.xyann[1] for text in figure.axes[0].texts)
    assert np.min(np.diff(heights)) >= 0.075 - 1e-9


def test_labels_move_no_further_than_they_must() -> None:
    np.testing.assert_allclose(_spread(np.array([0.5, 0.1]), 0.2), [0.5, 0.1])
    np.testing.assert_allclose(_spread(np.array([0.5, 0.5]), 0.2), [0.4, 0.6])
    spread = _spread(np.array([0.9, 0.1, 0.5, 0.45, 0.62]), 0.1)
    centre = np.mean([0.5, 0.45, 0.62])
    np.testing.assert_allclose(
        spread, [0.9, 0.1, centre, centre - 0.1, centre + 0.1], atol=1e-9
    )
    # A block that grows may reach the next one, which then joins it.
    joined = _spread(np.array([0.0, 0.0, 0.12]), 0.1)
    np.testing.assert_allclose(joined, np.array([-0.06, 0.04, 0.14]), atol=1e-9)


def test_picture_is_as_large_as_a_page() -> None:
    both = run_named("violin", validation=(STEPS, LOSSES))
    for run, height in ((run_named("violin"), 660), (both, 1128)):
        png = io.BytesIO()
        plot_curves([run]).savefig(png)
        png.seek(0)
        assert imread(png).shape[:2] == (height, 1512)
