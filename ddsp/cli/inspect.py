"""`ddsp inspect`: what is wrong with recordings, before hours are spent on them."""

import argparse
import json
import sys
import textwrap
from typing import TYPE_CHECKING

from ddsp.cli.outputs import check_output
from ddsp.terminal import ProgressLine

if TYPE_CHECKING:
    from ddsp.training.data_inspection import Finding, Inspection, Place

EXAMPLE = "ddsp inspect recordings/ --plot recordings.png"
STATUS_WILL_NOT_TRAIN = 1
MOST_PLACES, MOST_SPANS = 12, 6
WIDTH = 88


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Args:
        parser: Parser of this command.
    """
    parser.add_argument(
        "recordings",
        nargs="+",
        metavar="RECORDINGS",
        help="audio files of one instrument, and folders of them",
    )
    parser.add_argument(
        "--plot", metavar="PNG", help="picture of pitch, loudness and faults to write"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON with all figures instead"
    )
    parser.add_argument(
        "--minutes",
        type=_positive,
        default=10.0,
        metavar="MINUTES",
        help="sound with a clear pitch below which to say that it is little "
        "(default: %(default)g)",
    )


def _positive(text: str) -> float:
    """A number above zero."""
    number = float(text)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(
            f"must be a number of minutes above 0. Got {text}; try 10"
        )
    return number


def run(args: argparse.Namespace) -> int:
    """Inspects.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status: 1 if training on the recordings will not work, else 0.

    Raises:
        InputError: If a path does not exist or holds no recording, or the picture
            cannot be written.
        KeyboardInterrupt: After Ctrl-C, when that has been said.
    """
    if args.plot:
        check_output(args.plot, ".png")
    try:
        inspection = _inspect(args)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        raise
    if args.json:
        print(json.dumps(inspection.to_dict(), indent=2, allow_nan=False))
    else:
        print("\n".join(_as_text(inspection)))
    return 0 if inspection.will_train else STATUS_WILL_NOT_TRAIN


def _inspect(args: argparse.Namespace) -> "Inspection":
    """Inspects and draws while a line says how far it is."""
    # What goes to a program must be JSON alone.
    with ProgressLine(sys.stderr if args.json else sys.stdout) as line:
        line.say("starting")
        from ddsp.training import data_inspection

        inspection = data_inspection.inspect_recordings(
            args.recordings, wanted_secs=60.0 * args.minutes, progress=line.say
        )
        if args.plot:
            from ddsp.training import plotting

            line.say("drawing")
            figure = data_inspection.plot_inspection(inspection)
            plotting.save_figure(figure, args.plot)
    return inspection


def _as_text(inspection: "Inspection") -> list[str]:
    """Amount, histograms, findings and what follows from them."""
    return [
        *_amount(inspection),
        *_histograms(inspection),
        *(line for finding in inspection.findings for line in _finding(finding)),
        _verdict(inspection),
    ]


def _amount(inspection: "Inspection") -> list[str]:
    """How much there is."""
    from ddsp.training.wording import say_duration

    number = len(inspection.recordings)
    share = inspection.voiced_secs / max(inspection.seconds, 1e-9)
    return [
        f"{number} recording{'' if number == 1 else 's'}: "
        f"{say_duration(inspection.seconds)}, "
        f"{say_duration(inspection.voiced_secs)} with a clear pitch ({share:.0%})",
        "",
    ]


def _histograms(inspection: "Inspection") -> list[str]:
    """Pitch and loudness as bars."""
    from ddsp.training.data_inspection import histograms

    lines = []
    for title, rows in (
        ("pitch", histograms.pitch_rows(inspection.note_counts)),
        (
            "loudness, weighted as by the ear",
            histograms.loudness_rows(inspection.loudness_counts),
        ),
    ):
        if rows:
            lines += [title, *histograms.bars(rows), ""]
    return lines


def _finding(finding: "Finding") -> list[str]:
    """What it is, where, and what to do."""
    mark = "[stops training]" if finding.prevents_training else "[warning]"
    lines = textwrap.wrap(
        f"{mark} {finding.what}", WIDTH, subsequent_indent="  ", break_long_words=False
    )
    lines += [f"    {_place(place)}" for place in finding.places[:MOST_PLACES]]
    left_out = len(finding.places) - MOST_PLACES
    if left_out > 0:
        lines.append(f"    and {left_out} more; --json lists them all")
    lines += textwrap.wrap(
        finding.advice, WIDTH, initial_indent="  ", subsequent_indent="  "
    )
    return [*lines, ""]


def _place(place: "Place") -> str:
    """A recording, what was measured in it, and when."""
    text = place.name + (f": {place.note}" if place.note else "")
    if not place.spans:
        return text
    longest = sorted(place.spans, key=lambda span: span[0] - span[1])[:MOST_SPANS]
    times = ", ".join(f"{_clock(a)}-{_clock(b)}" for a, b in sorted(longest))
    left_out = len(place.spans) - len(longest)
    return f"{text}; at {times}" + (f" and {left_out} more" if left_out else "")


def _clock(secs: float) -> str:
    """A time as players show it, to the tenth."""
    tenths = round(10 * secs)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _verdict(inspection: "Inspection") -> str:
    """What follows."""
    if not inspection.will_train:
        return "Training on these recordings will not work."
    if inspection.findings:
        return "Training will work; it would work better without these faults."
    return "Nothing wrong was found."
