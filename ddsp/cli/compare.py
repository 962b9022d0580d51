"""`ddsp compare`: training runs beside each other."""

import argparse
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ddsp.cli.outputs import check_output

if TYPE_CHECKING:
    from ddsp.training.compare import LossSummary, RunReport

EXAMPLE = "ddsp compare violin_small violin_large --plot curves.png"
HEADINGS = (
    ("", "run"),
    ("", "steps"),
    ("training loss", "last"),
    ("training loss", "best"),
    ("training loss", "at step"),
    ("validation loss", "last"),
    ("validation loss", "best"),
    ("validation loss", "at step"),
    ("speed", "steps/s"),
    ("speed", "audio s/s"),
    ("", "parameters"),
)
GAP, GROUP_GAP = "  ", "    "
UNKNOWN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Args:
        parser: Parser of this command.
    """
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="folder that 'ddsp train' has written"
    )
    parser.add_argument(
        "--plot", metavar="PNG", help="picture of the curves of all losses to write"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of a table"
    )


def run(args: argparse.Namespace) -> int:
    """Compares.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status.
    """
    from ddsp.training import compare

    if args.plot:
        check_output(args.plot, ".png")
    runs = compare.read_runs(args.runs)
    differing = compare.differing_bindings(runs)
    if args.plot:
        _plot(runs, args.plot)
    print(_as_json(runs, differing) if args.json else _as_text(runs, differing))
    return 0


def _plot(runs: "Sequence[RunReport]", path: str) -> None:
    """Draws the curves."""
    from ddsp.training import plotting
    from ddsp.training.errors import InputError

    try:
        figure = plotting.plot_curves(
            [plotting.RunCurves(run.name, **run.curves) for run in runs]
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    plotting.save_figure(figure, path)


def _as_json(
    runs: "Sequence[RunReport]", differing: dict[str, list[str | None]]
) -> str:
    """Everything but the curves, for programs."""
    content = {
        "runs": [
            {
                "name": run.name,
                "steps": run.steps,
                "training_loss": _numbers(run.training_loss),
                "validation_loss": _numbers(run.validation_loss),
                "steps_per_sec": run.steps_per_sec,
                "audio_secs_per_sec": run.audio_secs_per_sec,
                "n_parameters": run.n_parameters,
                "note": run.note,
            }
            for run in runs
        ],
        "differing_bindings": differing,
    }
    return json.dumps(content, indent=2, allow_nan=False)


def _numbers(loss: "LossSummary | None") -> dict[str, Any] | None:
    """A loss as JSON has it, which knows no number that is not finite."""
    if loss is None:
        return None
    return {
        name: value if math.isfinite(value) else None
        for name, value in vars(loss).items()
    }


def _as_text(
    runs: "Sequence[RunReport]", differing: dict[str, list[str | None]]
) -> str:
    """A table of the runs, and a line for each setting in which they differ."""
    lines = _table([_cells(run) for run in runs])
    lines += [f"{run.name}: {run.note}" for run in runs if run.note]
    if differing:
        lines += ["", "settings that differ:"]
    for name, values in differing.items():
        shown = [
            f"{run.name}: {UNKNOWN if value is None else value}"
            for run, value in zip(runs, values, strict=True)
        ]
        lines.append(f"  {name}{GAP}{' | '.join(shown)}")
    if any("Loss" in name for name in differing):
        lines += ["", "The losses are set differently: their values do not compare."]
    return "\n".join(lines)


def _cells(run: "RunReport") -> list[str]:
    """A run as a row of the table."""
    cells = [run.name, f"{run.steps:,}"]
    for loss in (run.training_loss, run.validation_loss):
        if loss is None:
            cells += [UNKNOWN] * 3
        else:
            cells += [_short(loss.last), _short(loss.best), f"{loss.best_step:,}"]
    cells += [_short(run.steps_per_sec), _short(run.audio_secs_per_sec)]
    parameters = run.n_parameters
    return [*cells, UNKNOWN if parameters is None else f"{parameters:,}"]


def _short(value: float | None) -> str:
    """A number of four digits."""
    return UNKNOWN if value is None else f"{value:#.4g}".rstrip(".")


def _table(rows: list[list[str]]) -> list[str]:
    """Lines of a table with two lines of headings; columns without values are out."""
    used = [
        column
        for column in range(len(HEADINGS))
        if any(row[column] != UNKNOWN for row in rows)
    ]
    columns = [[HEADINGS[column][1], *(row[column] for row in rows)] for column in used]
    widths = [max(map(len, cells)) for cells in columns]
    groups = [HEADINGS[column][0] for column in used]
    lines = [""] * (len(rows) + 2)
    for number, (cells, width) in enumerate(zip(columns, widths, strict=True)):
        begins = number == 0 or groups[number] != groups[number - 1]
        gap = "" if number == 0 else GROUP_GAP if begins or not groups[number] else GAP
        if begins and groups[number]:
            lines[0] = lines[0].ljust(len(lines[1]) + len(gap)) + groups[number]
        # Names stand at the left, numbers at the right.
        align = str.ljust if number == 0 else str.rjust
        for i, cell in enumerate(cells, start=1):
            lines[i] += gap + align(cell, width)
    return [line.rstrip() for line in lines if line]
