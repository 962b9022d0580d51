"""The command of a container: one worker of a training run on a managed service.

The service says in the environment variable TF_CONFIG which machines take part, and
which of them this is. See docs/scaling.md.
"""

import functools
import json
import os
import sys
from collections.abc import Sequence

from absl import app, flags, logging

from ddsp.training import strategies

MODULE = "ddsp.training.ddsp_run"


@functools.cache
def define_flags() -> None:
    """Defines the flags, once, and not at import: another command may have its own."""
    flags.DEFINE_string("save_dir", None, "Folder for checkpoints and summaries.")
    flags.DEFINE_string(
        "restore_dir", "", "Folder to go on from; empty for that of --save_dir."
    )
    flags.DEFINE_string("file_pattern", None, "Pattern of the files of the dataset.")
    flags.DEFINE_integer("batch_size", 32, "Examples per step, over all machines.")
    flags.DEFINE_float("learning_rate", 0.003, "Learning rate of the first step.")
    flags.DEFINE_integer("num_steps", 30000, "Step at which training ends.")
    flags.DEFINE_float(
        "early_stop_loss_value", 0.0, "Total loss at which training may end early."
    )
    flags.DEFINE_integer("steps_per_summary", 300, "Steps between two summaries.")
    flags.DEFINE_integer("steps_per_save", 300, "Steps between two checkpoints.")
    flags.DEFINE_boolean(
        "hypertune", False, "Whether to report the total loss to a tuning service."
    )
    flags.DEFINE_multi_string(
        "gin_search_path", [], "Further folders of gin files; may be repeated."
    )
    flags.DEFINE_multi_string("gin_file", [], "Gin file; may be repeated.")
    flags.DEFINE_multi_string(
        "gin_param", [], "Binding such as 'RnnFcDecoder.ch=256'; may be repeated."
    )
    flags.mark_flags_as_required(["save_dir", "file_pattern"])


def get_worker_behavior_info(save_dir: str) -> tuple[str, str]:
    """Reads from TF_CONFIG what this machine's part is.

    Args:
        save_dir: Folder of the model.

    Returns:
        The cluster as JSON, empty where this machine trains alone, and the folder to
        write to, empty for all machines but the chief.
    """
    text = os.environ.get("TF_CONFIG", "")
    config = json.loads(text) if text else {}
    if "task" not in config or len(config.get("cluster", ())) < 2:
        return "", save_dir
    return text, save_dir if strategies.is_chief(config) else ""


def parse_list_params(list_of_params: Sequence[str], param_name: str) -> list[str]:
    """Writes a flag that may be repeated.

    Args:
        list_of_params: Its values.
        param_name: Its name.

    Returns:
        One argument for each value, such as '--gin_param=batch_size=16'.
    """
    return [f"--{param_name}={value}" for value in list_of_params]


def ddsp_run_command() -> list[str]:
    """Translates the flags into a command.

    Returns:
        The arguments of the command, the interpreter first.
    """
    options = flags.FLAGS
    cluster_config, _ = get_worker_behavior_info(options.save_dir)
    bindings = {
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "TFRecordProvider.file_pattern": options.file_pattern,
        "train.num_steps": options.num_steps,
        "train.steps_per_save": options.steps_per_save,
        "train.steps_per_summary": options.steps_per_summary,
    }
    params = [f"{name}={value!r}" for name, value in bindings.items()]
    gin_files = ["models/solo_instrument.gin", "datasets/tfrecord.gin"]
    return [
        *(sys.executable, "-m", MODULE, "--mode=train"),
        # Who does not write has to go on from the same checkpoint nevertheless, and
        # `ddsp_run` knows by the cluster who it is.
        f"--save_dir={options.save_dir}",
        f"--restore_dir={options.restore_dir}",
        f"--cluster_config={cluster_config}",
        f"--early_stop_loss_value={options.early_stop_loss_value}",
        f"--hypertune={str(options.hypertune).lower()}",
        *parse_list_params(options.gin_search_path, "gin_search_path"),
        *parse_list_params([*gin_files, *options.gin_file], "gin_file"),
        *parse_list_params([*params, *options.gin_param], "gin_param"),
    ]


def main(unused_argv: list[str]) -> None:
    """Becomes `ddsp_run`, which then gets the signals of the service itself.

    Args:
        unused_argv: Arguments that are no flags.
    """
    del unused_argv
    command = ddsp_run_command()
    logging.info("Running %s", command)
    os.execv(command[0], command)


def console_entry_point() -> None:
    """Defines the flags and runs the command."""
    define_flags()
    app.run(main)


if __name__ == "__main__":
    console_entry_point()
