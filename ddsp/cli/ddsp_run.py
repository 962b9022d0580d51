"""`ddsp_run` as a console script: TensorFlow is loaded here, without its greetings."""

from ddsp import quiet


def main() -> None:
    """Runs the command; `python -m ddsp.training.ddsp_run` greets first."""
    quiet.load_tensorflow()
    from ddsp.training import ddsp_run

    ddsp_run.console_entry_point()
