"""What the original's commands of data preparation say about their flags."""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

STATUS_USAGE = 2
HELP_FLAGS = ("--help", "-help", "--helpshort", "-helpshort", "--helpfull", "-h", "-?")


def parse(
    argv: Sequence[str], values: flags.FlagValues, own_flag: str, text: str
) -> list[str]:
    """Gives the flags values, or shows the help and ends the program.

    Args:
        argv: Name of the program and its arguments.
        values: All flags of the program.
        own_flag: A flag of the command, beside which its others are defined.
        text: The help above the list of flags.

    Returns:
        Name of the program and arguments that are no flags.

    Raises:
        SystemExit: If the help was asked for, or a flag is wrong.
    """
    if not set(argv[1:]).isdisjoint(HELP_FLAGS):
        module = values.find_module_defining_flag(own_flag)
        described = values.module_help(module).partition(":\n")[2]
        sys.stdout.write(f"{text}\nflags:\n{described}\n")
        sys.exit(0)
    try:
        return values(list(argv))
    except flags.Error as error:
        sys.stderr.write(f"{Path(argv[0]).stem}: error: {error}\n")
        sys.exit(STATUS_USAGE)
