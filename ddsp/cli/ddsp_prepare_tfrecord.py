"""`ddsp_prepare_tfrecord` as a console script: loads TensorFlow without greetings."""

from ddsp import quiet


def main() -> None:
    """Runs the command; the module of the original's name greets first."""
    quiet.load_tensorflow()
    from ddsp.training.data_preparation import ddsp_prepare_tfrecord

    ddsp_prepare_tfrecord.console_entry_point()
