"""`ddsp_generate_synthetic_dataset`: records of random notes, with its flags.

They are written by this process, one after the other, and need no Apache Beam.
"""

import contextlib
import functools
import inspect
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

import gin
import numpy as np
import tensorflow as tf
from absl import app, flags

from ddsp.terminal import StatusLine
from ddsp.training import cloud, config
from ddsp.training.data_preparation import (
    command_flags,
    synthetic_data,  # noqa: F401  For gin.
)
from ddsp.training.data_preparation.command_flags import STATUS_USAGE
from ddsp.training.data_preparation.examples import (
    count_shards,
    is_shard,
    shard_path,
    to_record,
)
from ddsp.training.errors import InputError, writing

GIN_PATH = config.gin_search_path()
EXAMPLES_PER_SHARD = 10000
STATUS_INTERRUPTED = 130
# What those who have no cluster have always asked for.
LOCAL_RUNNERS = ("--runner=DirectRunner", "--runner=direct")
SECONDS_BETWEEN_LINES = 1.5
HELP = """\
Writes records of random notes, from which a model learns to find controls in sound.

example:
  ddsp_generate_synthetic_dataset --output_tfrecord_path=notes/data.tfrecord \\
      --num_examples=1000 --gin_param="generate_examples.generate_fn=@generate_notes_v2"
"""


@gin.configurable(
    module="ddsp.training.data_preparation.ddsp_generate_synthetic_dataset"
)
def generate_examples(
    seed: int, generate_fn: Callable[..., dict[str, Any]] = gin.REQUIRED
) -> dict[str, np.ndarray]:
    """Makes one example, the same whenever the seed is.

    Args:
        seed: From 0 to 2**32 - 1.
        generate_fn: Takes `n_batch` and gives a dictionary of controls, [1, ...], such
            as `generate_notes_v2`. If it takes `rng` too, it gets a generator of that
            seed. If not, NumPy's global generator is seeded before.

    Returns:
        The controls of the example, float32, flattened.
    """
    if "rng" in inspect.signature(generate_fn).parameters:
        controls = generate_fn(n_batch=1, rng=np.random.default_rng(seed))
    else:
        np.random.seed(seed)
        controls = generate_fn(n_batch=1)
    return {
        name: np.asarray(value, np.float32)[0].ravel()
        for name, value in controls.items()
    }


def write_dataset(
    path: str,
    num_examples: int,
    num_shards: int | None = None,
    random_seed: int = 42,
    say: Callable[[str], None] | None = None,
) -> list[str]:
    """Writes record files of examples, in place of those that have the same path.

    Args:
        path: Path of the files, to which '-00000-of-00010' and so on is added. The
            folder is made if it is not there.
        num_examples: How many examples.
        num_shards: Number of files, at most one per example; None for one per 10000
            examples.
        random_seed: Seed of the examples' seeds; the number of files changes nothing.
        say: Called after each example with a line that says how many there are.

    Returns:
        Paths of the files.

    Raises:
        InputError: If a number makes no sense, or the files cannot be written.
    """
    if num_examples < 1 or (num_shards is not None and num_shards < 1):
        raise InputError(
            "num_examples and num_shards must be positive. Got num_examples="
            f"{num_examples} and num_shards={num_shards}; give larger ones."
        )
    n_shards = count_shards(num_shards, num_examples, EXAMPLES_PER_SHARD)
    seeds = np.random.default_rng(random_seed).integers(2**32, size=num_examples)
    paths = [shard_path(path, shard, n_shards) for shard in range(n_shards)]
    if folder := os.path.dirname(path):
        with writing("Records", path):
            tf.io.gfile.makedirs(folder)
    try:
        n_done = 0
        for file, part in zip(paths, np.array_split(seeds, n_shards), strict=True):
            for _ in _write(_partial(file), part):
                n_done += 1
                if say is not None:
                    say(f"wrote {n_done} of {num_examples} examples")
        # All are named at the end, so that an old dataset is there until then.
        with writing("Records", path):
            for file in paths:
                tf.io.gfile.rename(_partial(file), file, overwrite=True)
            _remove_others(path, [os.path.basename(file) for file in paths])
    except BaseException:
        for file in map(_partial, paths):
            with contextlib.suppress(tf.errors.OpError):
                tf.io.gfile.remove(file)
        raise
    return paths


def _partial(file: str) -> str:
    """Where a file is written at first, hidden from patterns of record files."""
    folder, name = os.path.split(file)
    return os.path.join(folder, f".{name}.partial")


def _write(file: str, seeds: Iterable[int]) -> Iterator[None]:
    """Writes a record file; stops after each example."""
    with writing("Records", file):
        writer = tf.io.TFRecordWriter(file)
    try:
        for seed in seeds:
            record = to_record(generate_examples(int(seed)))
            with writing("Records", file):
                writer.write(record)
            yield
    finally:
        with writing("Records", file):
            writer.close()


def _remove_others(path: str, names: Sequence[str]) -> None:
    """Removes record files of a path, finished or not, of other names."""
    folder, prefix = os.path.split(path)
    for name in tf.io.gfile.listdir(folder or "."):
        whole = name.removeprefix(".").removesuffix(".partial")
        if is_shard(whole, prefix) and name not in names:
            tf.io.gfile.remove(os.path.join(folder, name))


@functools.cache
def define_flags() -> None:
    """Defines the flags, once, and not at import: another command may have its own."""
    flags.DEFINE_string("output_tfrecord_path", None, "Path of the records, a prefix.")
    flags.DEFINE_integer(
        "num_shards", None, "Number of files; 1 per 10000 examples unless given."
    )
    flags.DEFINE_integer("num_examples", 1000000, "Number of examples.")
    flags.DEFINE_integer("random_seed", 42, "Seed of the dataset.")
    flags.DEFINE_list(
        "pipeline_options",
        "--runner=DirectRunner",
        "Taken for the original's sake: the records are written by this process.",
    )
    # `ddsp_run` has flags of the same names, and may be imported beside this command.
    for name, told in (
        ("gin_search_path", "Further folders of gin files; may be repeated."),
        ("gin_file", "Gin file; may be repeated."),
        (
            "gin_param",
            "Binding such as 'generate_examples.generate_fn=@generate_notes_v2'; may "
            "be repeated.",
        ),
    ):
        flags.DEFINE_multi_string(name, [], told, allow_override=True)


def run() -> None:
    """Does what the flags ask for.

    Raises:
        InputError: If a flag is missing or cannot be used.
    """
    options = flags.FLAGS
    if not options.output_tfrecord_path:
        raise InputError(
            "The records must have a place. Got no --output_tfrecord_path; add one, "
            "such as --output_tfrecord_path=notes/data.tfrecord."
        )
    elsewhere = [x for x in options.pipeline_options if x not in LOCAL_RUNNERS]
    if elsewhere:
        raise InputError(
            "Synthetic notes are written by this process, without Apache Beam. Got "
            f"--pipeline_options={','.join(elsewhere)}; leave it out, or start one "
            "process for each of several --random_seed."
        )
    with tempfile.TemporaryDirectory(prefix="ddsp-gin-") as folder:
        config.parse_gin(
            cloud.make_file_paths_local(options.gin_file, folder),
            options.gin_param,
            extra_dirs=options.gin_search_path,
        )
    if config.bound_value("generate_examples.generate_fn") is None:
        raise InputError(
            "A configuration must say what to generate. Got no generate_examples."
            'generate_fn; add --gin_param="generate_examples.generate_fn='
            '@generate_notes_v2".'
        )
    paths = write_dataset(
        options.output_tfrecord_path,
        options.num_examples,
        options.num_shards,
        options.random_seed,
        _Sayer(sys.stdout),
    )
    sys.stdout.write(f"{options.num_examples} examples: {paths[0]} ... {paths[-1]}\n")


class _Sayer:
    """Shows the newest of many lines from time to time."""

    def __init__(self, stream: TextIO) -> None:
        self._line, self._last = StatusLine(stream), time.monotonic()

    def __call__(self, text: str) -> None:
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            self._line.show(text)


def main(unused_argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
        unused_argv: Arguments that are no flags.

    Returns:
        Exit status: 0, 2 for input that cannot be used, 130 after Ctrl-C.
    """
    del unused_argv
    try:
        run()
    except InputError as error:
        sys.stderr.write(f"ddsp_generate_synthetic_dataset: error: {error}\n")
        return STATUS_USAGE
    except KeyboardInterrupt:
        return STATUS_INTERRUPTED
    return 0


def parse_flags(argv: Sequence[str]) -> list[str]:
    """Gives the flags values, or shows the help and ends the program.

    Args:
        argv: Name of the program and its arguments.

    Returns:
        Name of the program and arguments that are no flags.

    Raises:
        SystemExit: If the help was asked for, or a flag is wrong.
    """
    return command_flags.parse(argv, flags.FLAGS, "num_examples", HELP)


def console_entry_point() -> None:
    """Defines the flags and runs the command."""
    define_flags()
    app.run(main, flags_parser=parse_flags)


if __name__ == "__main__":
    console_entry_point()
