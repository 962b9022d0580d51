"""`ddsp_run`: training with the flags of the original."""

import functools
import os
import sys
import time

import tensorflow as tf
from absl import app, flags, logging

from ddsp.training import config, run, train_util
from ddsp.training.errors import InputError

EVAL_CONFIG = "eval/basic.gin"
STATUS_ERROR = 1
STATUS_USAGE = 2


@functools.cache
def define_flags() -> None:
    """Defines the flags, once, and not at import: another command may have its own."""
    flags.DEFINE_enum(
        "mode", "train", ["train", "eval", "sample"], "Whether to train or to evaluate."
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
    flags.DEFINE_boolean("hypertune", False, "Not in this version yet.")
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
    flags.DEFINE_boolean("run_once", False, "Whether to evaluate one checkpoint only.")
    flags.DEFINE_integer(
        "initial_delay_secs", None, "Seconds to wait before evaluating."
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
    packaged = [f"optimization/{base}"]
    if os.path.isfile(os.path.join(config.gin_search_path(), EVAL_CONFIG)):
        packaged.append(EVAL_CONFIG)
    config.parse_gin(packaged)
    # A model folder may come from anywhere: its config is read as data.
    try:
        config.load_model_config(restore_dir)
    except FileNotFoundError:
        logging.info("No operative config in %s.", restore_dir)
    config.parse_gin(
        list(options.gin_file),
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
    except InputError as error:
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
    if options.mode != "train":
        raise InputError(
            f"--mode must be train. Got --mode={options.mode}, which is not in this "
            "version yet; listen to a model with `ddsp transfer`."
        )
    parse_gin(restore_dir)
    if options.allow_memory_growth:
        allow_memory_growth()
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
