"""The console script: TensorFlow is loaded here, without its greetings."""

from ddsp import quiet


def main() -> None:
    """Runs `ddsp_generate_synthetic_dataset`."""
    quiet.load_tensorflow()
    from ddsp.training.data_preparation import ddsp_generate_synthetic_dataset

    ddsp_generate_synthetic_dataset.console_entry_point()
