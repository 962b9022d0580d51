"""`ddsp evaluate`: how good a trained model is on a dataset."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ddsp.cli.outputs import check_output
from ddsp.terminal import ProgressLine

if TYPE_CHECKING:
    from ddsp.training.evaluation import Evaluation

EXAMPLE = "ddsp evaluate violin_model violin_dataset"
METRICS_FILE = "metrics.json"
SPLITS = {"all": "", "held_out": " held out", "training": " of training"}
Row = tuple[str, str, str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of the command.

    Args:
        parser: Parser of the command, to be extended.
    """
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a bundled instrument, or the folder of a trained one, or a zip of it",
    )
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        help="folder made by 'ddsp prepare', or a pattern of record files",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="JSON",
        help="file to write the numbers to (default: metrics.json beside the model, "
        "for a bundled one in the current folder)",
    )
    parser.add_argument(
        "--split",
        choices=list(SPLITS),
        default="all",
        help="examples to take: all, those that training on this dataset holds out, or "
        "those that it trains on (default: %(default)s)",
    )
    parser.add_argument(
        "--batch_size",
        type=int,
        default=16,
        metavar="EXAMPLES",
        help="examples to work on at a time (default: %(default)s)",
    )
    parser.add_argument(
        "--n_batches",
        type=int,
        metavar="BATCHES",
        help="most batches to take (default: all)",
    )
    parser.add_argument(
        "--no_pitch",
        action="store_true",
        help="leave out the pitch, which takes most of the time",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the noise (default: 0)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the numbers as JSON, not as a table"
    )
    parser.add_argument(
        "--trust_config",
        action="store_true",
        help="let the model's config name more than parts of ddsp; it can then run "
        "anything, so use it for your own models only",
    )


def run(args: argparse.Namespace) -> int:
    """Evaluates.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status 0.

    Raises:
        InputError: If the model, the dataset or the file to write cannot be used.
    """
    output = args.output or default_output(args.model)
    check_output(output, ".json", inputs=_described_by(args.dataset, args.model))
    # What goes to a program must be JSON alone.
    with ProgressLine(sys.stderr if args.json else sys.stdout) as line:
        line.say("starting")
        from ddsp.training import evaluation

        found = evaluation.evaluate_model(
            args.model,
            args.dataset,
            split=args.split,
            batch_size=args.batch_size,
            n_batches=args.n_batches,
            pitch=not args.no_pitch,
            seed=args.seed,
            trust_config=args.trust_config,
            say=line.say,
        )
    _write(found, output)
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        print("\n".join([*_as_table(found), "", f"{output}: all numbers"]))
    return 0


def default_output(model: str) -> str:
    """Chooses where the numbers of a model go.

    Args:
        model: Name, folder or zip.

    Returns:
        Path of `metrics.json`: in the folder of the model, beside its zip, or for a
        bundled model in the current folder.
    """
    from ddsp import pretrained

    if model in pretrained.model_names():
        return METRICS_FILE
    path = Path(model)
    return str((path if path.is_dir() else path.parent) / METRICS_FILE)


def _described_by(*folders: str) -> list[str]:
    """What describes a model and a dataset, and must stay."""
    patterns = ("dataset*.json", "features.json")
    found = (Path(folder).glob(name) for folder in folders for name in patterns)
    return [str(path) for paths in found for path in paths]


def _write(found: "Evaluation", path: str) -> None:
    """Writes the numbers."""
    from ddsp.training.errors import writing
    from ddsp.training.whole_files import write_whole

    content = json.dumps(found.to_dict(), indent=2, allow_nan=False) + "\n"
    with writing("Numbers of an evaluation", path):
        write_whole(path, content.encode())


def _as_table(found: "Evaluation") -> list[str]:
    """Title, and a row for each number."""
    from ddsp.training.wording import say_duration

    steps, examples = (
        f"{number} {name}{'' if number == 1 else 's'}"
        for number, name in ((found.step, "step"), (found.n_examples, "example"))
    )
    title = (
        f"{found.model} after {steps}: {examples}{SPLITS[found.split]}, "
        f"{say_duration(found.seconds)}"
    )
    rows = [row for row in _rows(found) if row[1]]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    table = [
        f"  {name:{widths[0]}}  {number:>{widths[1]}} {unit:{widths[2]}}  {meaning}"
        for name, number, unit, meaning in rows
    ]
    return [title, "", *(line.rstrip() for line in table)]


def _rows(found: "Evaluation") -> list[Row]:
    """Name, number, unit and meaning; the number is empty where there is none."""
    names = [name for name in found.losses if name != "total_loss"]
    parts: list[Row] = [
        (f"  {name}", _number(found.losses[name]), "", "")
        for name in (names if len(names) > 1 else ())
    ]
    what = f"mean distance where it is sure; {_number(found.pitch_l1_midi)} notes"
    return [
        ("total loss", _number(found.losses.get("total_loss")), "", ""),
        *parts,
        ("loudness", _number(found.loudness_l1_db), "dB", "mean distance"),
        ("pitch", _number(found.pitch_l1_cents, 1), "cents", what),
        ("outliers", _percent(found.outlier_share), "%", "off by more than an octave"),
        (
            "right pitch",
            _percent(found.raw_pitch_accuracy),
            "%",
            "of an example's sure frames, within 50 cents",
        ),
        (
            "right note",
            _percent(found.raw_chroma_accuracy),
            "%",
            "the same, in whatever octave",
        ),
    ]


def _number(value: float | None, digits: int = 3) -> str:
    """A number of so many digits behind the point."""
    return "" if value is None else f"{value:.{digits}f}"


def _percent(share: float | None) -> str:
    """A share as a number of percent."""
    return "" if share is None else f"{100 * share:.1f}"
