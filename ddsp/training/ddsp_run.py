"""`ddsp_run`: training, evaluation and sampling with the flags of the original."""

import functools
import sys
import tempfile
import time
from collections.abc import Sequence

import tensorflow as tf
from absl import app, flags, logging

from ddsp.training import (
    cloud,
    config,
    fitting,
    next_steps,
    run,
    strategies,
    train_util,
)
from ddsp.training.errors import InputError

GIN_PATH = config.gin_search_path()
EVAL_CONFIG = "eval/basic.gin"
STATUS_ERROR = 1
STATUS_USAGE = 2
STATUS_INTERRUPTED = 130  # What shells report after Ctrl-C.
# What a mode asks for examples.
PROVIDERS = {
    "train": "train.data_provider",
    "eval": "evaluate.data_provider",
    "sample": "sample.data_provider",
}
HELP_FLAGS = ("--help", "-help", "--helpshort", "-helpshort", "-h", "-?")
HELP = """\
Trains models, measures them, and writes what they play as sounds and pictures.

examples, with a dataset made by: ddsp prepare RECORDINGS -o dataset
  ddsp_run --mode=train --save_dir=model \\
      --gin_file=papers/iclr2020/solo_instrument.gin \\
      --gin_param="TFRecordProvider.file_pattern='dataset'"
  ddsp_run --mode=eval --run_once --save_dir=model \\
      --gin_file=datasets/tfrecord.gin --gin_file=eval/basic_f0_ld.gin \\
      --gin_param="TFRecordProvider.file_pattern='dataset'"
  ddsp_run --mode=sample --run_once --save_dir=model \\
      --gin_file=datasets/tfrecord.gin \\
      --gin_param="TFRecordProvider.file_pattern='dataset'"

Gin files are looked for in this folder and in:
  {gin_path}

flags:
{flags}

--helpfull shows the flags of the libraries too.
"""


@functools.cache
def define_flags() -> None:
    """Defines the flags, once, and not at import: another command may have its own."""
    flags.DEFINE_enum(
        "mode",
        "train",
        ["train", "eval", "sample"],
        "Whether to train, to measure, or to write sounds and pictures.",
    )
    flags.DEFINE_string(
        "save_dir", "/tmp/ddsp", "Folder for checkpoints and summaries."
    )
    flags.DEFINE_string(
        "restore_dir", "", "Folder to go on from; empty for that of --save_dir."
    )
    flags.DEFINE_string("tpu", "", "Address of a TPU.")
    flags.DEFINE_string("cluster_config", "", "Workers of a cluster, as JSON.")
    flags.DEFINE_boolean(
        "allow_memory_growth", False, "Whether to take memory of GPUs bit by bit."
    )
    flags.DEFINE_boolean(
        "hypertune", False, "Whether to report the total loss to a tuning service."
    )
    flags.DEFINE_float(
        "early_stop_loss_value", None, "Total loss at which training may end early."
    )
    flags.DEFINE_multi_string(
        "gin_search_path", [], "Further folders of gin files; may be repeated."
    )
    flags.DEFINE_multi_string("gin_file", [], "Gin file; may be repeated.")
    flags.DEFINE_multi_string(
        "gin_param", [], "Binding such as 'batch_size=16'; may be repeated."
    )
    flags.DEFINE_boolean(
        "run_once", False, "Whether to evaluate or sample one checkpoint only."
    )
    flags.DEFINE_integer(
        "initial_delay_secs", None, "Seconds to wait before evaluating or sampling."
    )
    flags.DEFINE_boolean(
        "trust_config",
        False,
        "Whether to read the operative config of --restore_dir like a --gin_file: "
        "it may then import and include anything.",
    )


def delay_start() -> None:
    """Waits for the time that --initial_delay_secs gives."""
    seconds = flags.FLAGS.initial_delay_secs
    if seconds:
        logging.info("Waiting for %d s.", seconds)
        time.sleep(seconds)


def allow_memory_growth() -> None:
    """Lets TensorFlow take the memory of GPUs as it needs it, not all at once."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def parse_gin(restore_dir: str) -> None:
    """Reads all configurations; later ones win.

    They are: the package's own, the newest operative config of restore_dir, the files
    of --gin_file and the bindings of --gin_param.

    Args:
        restore_dir: Folder of a model, which need not have a configuration yet.
    """
    options = flags.FLAGS
    base = "base_tpu.gin" if options.tpu else "base.gin"
    config.parse_gin([f"optimization/{base}", EVAL_CONFIG])
    # A model folder may come from anywhere: its config is data unless it is trusted.
    try:
        config.load_model_config(restore_dir, trust=options.trust_config)
    except FileNotFoundError:
        logging.debug("No operative config in %s.", restore_dir)
    with tempfile.TemporaryDirectory(prefix="ddsp-gin-") as folder:
        config.parse_gin(
            cloud.make_file_paths_local(options.gin_file, folder),
            options.gin_param,
            extra_dirs=options.gin_search_path,
            skip_unknown=True,
        )


def main(unused_argv: list[str]) -> int:
    """Runs what the flags ask for.

    Args:
        unused_argv: Arguments that are no flags.

    Returns:
        Exit status: 0, 1 for a run that failed, 2 for input that cannot be used, 130
        after Ctrl-C.
    """
    del unused_argv
    try:
        _run()
    except (InputError, ImportError) as error:
        return _report(error, STATUS_USAGE)
    except FloatingPointError as error:
        return _report(error, STATUS_ERROR)
    except KeyboardInterrupt:
        return STATUS_INTERRUPTED
    except strategies.WORKER_LOST:
        if not flags.FLAGS.cluster_config:
            raise
        return _restart()
    return 0


def _restart() -> int:
    """Waits for a worker that was lost, by starting this command again."""
    try:
        strategies.restart_process(sys.stderr.write)
    except InputError as error:
        return _report(error, STATUS_ERROR)
    return 0


def _report(error: Exception, status: int) -> int:
    """Writes one line; gin adds more to an error, which nobody needs here."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    sys.stderr.write(f"ddsp_run: error: {lines[0]}\n")
    return status


def _run() -> None:
    options = flags.FLAGS
    save_dir = train_util.expand_path(options.save_dir)
    restore_dir = train_util.expand_path(options.restore_dir) or save_dir
    if options.mode != "train" and options.run_once:
        train_util.get_latest_checkpoint(restore_dir)  # Raises before anything is made.
    parse_gin(restore_dir)
    if options.allow_memory_growth:
        allow_memory_growth()
    fitting.check_provider(PROVIDERS[options.mode])
    if options.mode != "train":
        delay_start()
        run.judge_model(options.mode, save_dir, restore_dir, options.run_once)
        return
    run.run_training(
        save_dir,
        restore_dir,
        tpu=options.tpu,
        cluster_config=options.cluster_config,
        early_stop_loss_value=options.early_stop_loss_value,
        report_loss_to_hypertune=options.hypertune,
    )
    if strategies.is_chief(options.cluster_config):
        _say_what_next(save_dir)


def _say_what_next(save_dir: str) -> None:
    """Says where the model is, and how to measure and hear it."""
    options = flags.FLAGS
    names = ("gin_search_path", "gin_file", "gin_param")
    same = [f"--{name}={value}" for name in names for value in options[name].value]
    same += ["--trust_config"] if options.trust_config else []
    commands = [
        next_steps.judging_command(mode, save_dir, same) for mode in ("eval", "sample")
    ]
    if next_steps.is_playable(save_dir):
        commands.append(next_steps.transfer_command(save_dir))
    lines = [
        f"model: {save_dir}",
        "now try:",
        *(f"  {command}" for command in commands),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def help_text() -> str:
    """What --help shows: ddsp's own flags, with examples.

    Returns:
        The text.
    """
    define_flags()
    module = flags.FLAGS.find_module_defining_flag("save_dir")
    described = flags.FLAGS.module_help(module).partition(":\n")[2]
    return HELP.format(gin_path=GIN_PATH, flags=described)


def parse_flags(argv: Sequence[str]) -> list[str]:
    """Gives the flags values, or shows the help and ends the program.

    The help of absl is about the flags of the program's first file, which is not this
    one where the command was installed.

    Args:
        argv: Name of the program and its arguments.

    Returns:
        Arguments that are no flags.

    Raises:
        SystemExit: If the help was asked for, or a flag is wrong.
    """
    if not set(argv[1:]).isdisjoint(HELP_FLAGS):
        sys.stdout.write(help_text())
        sys.exit(0)
    return app.parse_flags_with_usage(list(argv))


def console_entry_point() -> None:
    """Defines the flags and runs the command."""
    define_flags()
    app.run(main, flags_parser=parse_flags)


if __name__ == "__main__":
    console_entry_point()
