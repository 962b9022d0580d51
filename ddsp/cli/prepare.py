"""`ddsp prepare`: from recordings to a dataset."""

import argparse
import shlex
import sys
from typing import TYPE_CHECKING

from ddsp.terminal import ProgressLine

if TYPE_CHECKING:
    from ddsp.training.data_preparation import DatasetInfo

EXAMPLE = "ddsp prepare recordings/ -o violin_dataset"
DIRECT_RUNNER = "--runner=DirectRunner"


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
        "-o", "--output", required=True, metavar="DATASET", help="folder to write"
    )
    parser.add_argument(
        "--sample_rate",
        type=int,
        default=16000,
        metavar="HZ",
        help="samples per second that the model will play (default: %(default)s)",
    )
    parser.add_argument(
        "--frame_rate",
        type=int,
        metavar="HZ",
        help="pitch and loudness values per second; must divide 16000 and the sample "
        "rate (default: 250, or the highest below it that does: 100 at 44100)",
    )
    parser.add_argument(
        "--example_secs",
        type=float,
        default=4.0,
        metavar="SECS",
        help="length of an example (default: %(default)g)",
    )
    parser.add_argument(
        "--hop_secs",
        type=float,
        default=1.0,
        metavar="SECS",
        help="time from one example to the next (default: %(default)g)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the dataset in the folder"
    )
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="processes that share the work (default: one per core, if there is "
        "enough to do)",
    )
    parser.add_argument(
        "--runner",
        choices=["local", "beam"],
        default="local",
        help="who does the work: this computer, which goes on where it was "
        "interrupted, or Apache Beam, which begins again (default: %(default)s)",
    )
    parser.add_argument(
        "--pipeline_options",
        metavar="OPTIONS",
        help="options of Beam, with --runner beam, separated by commas, such as "
        "--pipeline_options=--runner=FlinkRunner,--flink_master=host:8081 "
        f"(default: {DIRECT_RUNNER})",
    )


def run(args: argparse.Namespace) -> int:
    """Prepares the dataset.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status 0.

    Raises:
        ImportError: If Beam is asked for and not installed.
        InputError: If no recording can be used, the output cannot be written, or there
            are options of Beam without Beam.
        KeyboardInterrupt: After Ctrl-C, when it has been said how to go on.
    """
    options = _pipeline_options(args)
    try:
        info = _prepare(args, options)
    except KeyboardInterrupt:
        print(f"stopped{_how_to_go_on(args.output)}", file=sys.stderr)
        raise
    from ddsp.training.data import USUAL_FRAME_RATE

    if args.frame_rate is None and info.frame_rate != USUAL_FRAME_RATE:
        print(
            f"frame rate: {info.frame_rate} per second, since {USUAL_FRAME_RATE} would "
            f"not be whole samples per frame at {info.sample_rate} Hz"
        )
    _report(info, args.output)
    return 0


def _how_to_go_on(output: str) -> str:
    """What to do after an interruption, if anything was done before it."""
    from ddsp.training.data_preparation.folder import work_path

    work = work_path(output)
    if not work.is_dir():
        return ": repeat the command to begin again"
    return (
        f": repeat the command to go on where it was, or remove the folder {work}, "
        "which keeps what is done"
    )


def _pipeline_options(args: argparse.Namespace) -> list[str] | None:
    """Options of Beam; None if it has no part in this."""
    if args.runner == "beam":
        return (args.pipeline_options or DIRECT_RUNNER).split(",")
    if args.pipeline_options is not None:
        from ddsp.training.errors import InputError

        raise InputError(
            "Options of Beam must come with --runner beam. Got --pipeline_options="
            f"{args.pipeline_options}; add --runner beam, or leave them out."
        )
    return None


def _prepare(
    args: argparse.Namespace, pipeline_options: list[str] | None
) -> "DatasetInfo":
    """Prepares the dataset while a line says how far it is."""
    with ProgressLine(sys.stdout) as line:
        line.say("starting")
        from ddsp.training.data_preparation import prepare_dataset

        return prepare_dataset(
            args.recordings,
            args.output,
            sample_rate=args.sample_rate,
            frame_rate=args.frame_rate,
            example_secs=args.example_secs,
            hop_secs=args.hop_secs,
            overwrite=args.overwrite,
            progress=line.say,
            processes=args.processes,
            pipeline_options=pipeline_options,
        )


def _report(info: "DatasetInfo", output: str) -> None:
    """Says what the dataset holds, what was left out and what to do next."""
    for line in info.summary():
        print(line)
    print(f"dataset: {output}")
    print("now try:")
    print(f"  ddsp train {shlex.quote(output)} -o my_model")
