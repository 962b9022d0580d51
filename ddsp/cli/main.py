"""The table of commands, and the one place where errors become a line and a status."""

import argparse
import importlib
import sys
import textwrap
from collections.abc import Sequence
from types import ModuleType

from ddsp import quiet, version

# Command: its module and what it does.
COMMANDS = {
    "demo": ("ddsp.cli.demo", "hear and see what the library does, without any data"),
    "inspect": (
        "ddsp.cli.inspect",
        "say what is wrong with recordings before training on them",
    ),
    "prepare": ("ddsp.cli.prepare", "turn recordings into a dataset"),
    "train": ("ddsp.cli.train", "learn the sound of an instrument from a dataset"),
    "evaluate": ("ddsp.cli.evaluate", "measure how good a trained instrument is"),
    "transfer": ("ddsp.cli.transfer", "play a recording with a trained instrument"),
    "compare": ("ddsp.cli.compare", "put training runs beside each other"),
}
STATUS_ERROR = 1
STATUS_USAGE = 2
STATUS_INTERRUPTED = 130  # What shells report after Ctrl-C.


def _modules() -> dict[str, ModuleType]:
    """The commands' modules, none of which loads TensorFlow by being imported."""
    return {
        command: importlib.import_module(module)
        for command, (module, _) in COMMANDS.items()
    }


def _indented(text: str) -> str:
    return textwrap.indent(text.strip(), "  ")


def _build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    modules = _modules()
    examples = "\n".join(_indented(module.EXAMPLE) for module in modules.values())
    parser = argparse.ArgumentParser(
        prog="ddsp",
        description="Differentiable digital signal processing: instruments that learn.",
        epilog=f"examples:\n{examples}\n\n'ddsp COMMAND --help' tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"ddsp {version.__version__}"
    )
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands"
    )
    for command, (_, summary) in COMMANDS.items():
        module = modules[command]
        subparser = subparsers.add_parser(
            command,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"example:\n{_indented(module.EXAMPLE)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
    return parser


def _explain(error: Exception) -> tuple[str, int] | None:
    """The line and the exit status for an error that a person can do something about.

    Args:
        error: What a command raised.

    Returns:
        Message and exit status, or None for a fault of the program.
    """
    from ddsp.training.errors import InputError

    message = str(error).splitlines()[0] if str(error) else ""  # gin adds lines.
    if isinstance(error, InputError):
        return message, STATUS_USAGE
    if isinstance(error, ImportError) and "ddsp[" in message:
        return message, STATUS_USAGE
    if isinstance(error, FloatingPointError):
        return message, STATUS_ERROR
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: Arguments after the program's name; None takes those of the process.

    Returns:
        Exit status: 0 for success, 1 when a run failed, 2 for input that cannot be
        used, 130 after Ctrl-C.
    """
    parser = _build_parser()
    args = parser.parse_args(argv)
    if args.command is None:
        parser.print_help(sys.stderr)
        return STATUS_USAGE
    try:
        quiet.load_tensorflow()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # From here on the commands say it.
        return STATUS_INTERRUPTED
    try:
        return importlib.import_module(COMMANDS[args.command][0]).run(args)
    except KeyboardInterrupt:
        return STATUS_INTERRUPTED
    except Exception as error:
        explained = _explain(error)
        if explained is None:
            raise
        message, status = explained
        print(f"ddsp {args.command}: error: {message}", file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main())
