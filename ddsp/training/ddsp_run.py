"""`ddsp_run`: training, evaluation and sampling with the flags of the original."""

import functools
import sys
import tempfile
import time

import tensorflow as tf
from absl import app, flags, logging

from ddsp.training import cloud, config, run, train_util
from ddsp.training.errors import InputError

GIN_PATH = config.gin_search_path()
EVAL_CONFIG = "eval/basic.gin"
STATUS_ERROR = 1
STATUS_USAGE = 2


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
        logging.info("No operative config in %s.", restore_dir)
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
        Exit status: 0, 1 for a run that failed, 2 for input that cannot be used.
    """
    del unused_argv
    try:
        _run()
    except (InputError, ImportError) as error:
        return _report(error, STATUS_USAGE)
    except FloatingPointError as error:
        return _report(error, STATUS_ERROR)
    return 0


def _report(error: Exception, status: int) -> int:
    """Writes one line; gin adds more to an error, which nobody needs here."""
    sys.stderr.write(f"ddsp_run: error: {str(error).splitlines()[0]}\n")
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


def console_entry_point() -> None:
    """Defines the flags and runs the command."""
    define_flags()
    app.run(main)


if __name__ == "__main__":
    console_entry_point()
