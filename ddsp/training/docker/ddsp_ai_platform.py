"""`ddsp_ai_platform`: says what to use instead of a service that no longer exists."""

import sys

STATUS_USAGE = 2
MESSAGE = (
    "ddsp_ai_platform: error: AI Platform Training, to which this command sent jobs, "
    "has been shut down; build the Dockerfile of ddsp/training/docker and give it to "
    "Vertex AI custom training instead, as docs/scaling.md shows.\n"
)


def main() -> int:
    """Refuses, whatever the arguments are.

    Returns:
        Exit status 2.
    """
    sys.stderr.write(MESSAGE)
    return STATUS_USAGE


def console_entry_point() -> None:
    """Ends the process with the status of `main`."""
    sys.exit(main())


if __name__ == "__main__":
    console_entry_point()
