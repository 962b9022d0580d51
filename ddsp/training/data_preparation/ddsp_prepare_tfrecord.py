"""`ddsp_prepare_tfrecord`: records of recordings, with the flags of the original."""

import glob
import os
import sys
from collections.abc import Callable, Sequence

from absl import flags

from ddsp.terminal import ProgressLine
from ddsp.training.data_preparation import beam_files, command_flags
from ddsp.training.data_preparation.command_flags import STATUS_USAGE
from ddsp.training.data_preparation.description import DatasetInfo
from ddsp.training.data_preparation.prepare_tfrecord_lib import prepare_tfrecord
from ddsp.training.errors import InputError

STATUS_INTERRUPTED = 130
HELP = """\
Turns recordings into records, for training with `ddsp_run`.

example:
  ddsp_prepare_tfrecord --input_audio_filepatterns='violin/*.wav,more/*.mp3' \\
      --output_tfrecord_path=violin/train.tfrecord --num_shards=10
"""
# Flags of this command alone: others in the same process have some of the same names.
FLAGS = flags.FlagValues()

flags.DEFINE_list(
    "input_audio_filepatterns",
    [],
    "Patterns of audio files, separated by commas.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "output_tfrecord_path",
    None,
    "Path of the record files, to which numbers are added.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "num_shards",
    None,
    "Number of record files; by default one per 256 examples.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "sample_rate", 16000, "Samples per second of the audio.", flag_values=FLAGS
)
flags.DEFINE_integer(
    "frame_rate",
    250,
    "Frames per second of the features; 0 for audio only.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "example_secs",
    4,
    "Seconds of an example; 0 for whole pieces.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "hop_secs",
    1,
    "Seconds from one example to the next.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "eval_split_fraction",
    0.0,
    "Share of the pieces that goes to records of its own, '<path>-eval'.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "chunk_secs",
    20.0,
    "Seconds of the pieces that recordings are cut into; 0 for none.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "center",
    False,
    "Whether features are centred on their times, which makes a frame more.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "viterbi",
    True,
    "Whether the pitch is the best path through time.",
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "pipeline_options",
    "--runner=DirectRunner",
    "Options of Apache Beam, separated by commas. The direct runner is this "
    "computer's processes, without Beam.",
    flag_values=FLAGS,
)


def run(progress: Callable[[str], None] | None = None) -> DatasetInfo:
    """Does what the flags ask for.

    Args:
        progress: Called with a line that says what is being done.

    Returns:
        What the records hold, and what was left out.

    Raises:
        ImportError: If Beam is needed and not installed.
        InputError: If a flag is missing or makes no sense, no recording can be used,
            or the records cannot be written.
    """
    if not FLAGS.input_audio_filepatterns:
        raise InputError(
            "There must be recordings. Got no --input_audio_filepatterns; give one "
            "such as 'recordings/*.wav'."
        )
    if not FLAGS.output_tfrecord_path:
        raise InputError(
            "Records must go somewhere. Got no --output_tfrecord_path; give one such "
            "as 'violin/train.tfrecord'."
        )
    return prepare_tfrecord(
        find_files(FLAGS.input_audio_filepatterns),
        os.path.expanduser(FLAGS.output_tfrecord_path),
        num_shards=FLAGS.num_shards,
        sample_rate=FLAGS.sample_rate,
        frame_rate=FLAGS.frame_rate,
        example_secs=FLAGS.example_secs,
        hop_secs=FLAGS.hop_secs,
        eval_split_fraction=FLAGS.eval_split_fraction,
        chunk_secs=FLAGS.chunk_secs,
        center=FLAGS.center,
        viterbi=FLAGS.viterbi,
        pipeline_options=FLAGS.pipeline_options,
        progress=progress,
    )


def find_files(patterns: Sequence[str]) -> list[str]:
    """Lists what patterns match.

    Args:
        patterns: Names of files with or without wildcards; those in buckets are left
            to Beam.

    Returns:
        Paths, each once.

    Raises:
        InputError: If a pattern matches nothing.
    """
    found: dict[str, None] = {}
    for pattern in map(os.path.expanduser, patterns):
        if beam_files.is_remote(pattern) or os.path.exists(pattern):
            found[pattern] = None
            continue
        names = sorted(glob.glob(pattern, recursive=True))
        if not names:
            raise InputError(
                f"A pattern must match recordings. Got {pattern}, which matches no "
                "file; check the name, and put it in quotes."
            )
        found.update(dict.fromkeys(names))
    return list(found)


def main(unused_argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
        unused_argv: Arguments that are no flags.

    Returns:
        Exit status: 0, 2 for input that cannot be used, 130 after Ctrl-C.
    """
    del unused_argv
    try:
        with ProgressLine(sys.stdout) as line:
            described = run(line.say)
    except (InputError, ImportError) as error:
        sys.stderr.write(f"ddsp_prepare_tfrecord: error: {error}\n")
        return STATUS_USAGE
    except KeyboardInterrupt:
        return STATUS_INTERRUPTED
    sys.stdout.write("\n".join(described.summary()) + "\n")
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
    return command_flags.parse(argv, FLAGS, "center", HELP)


def console_entry_point() -> None:
    """Runs the command."""
    sys.exit(main(parse_flags(sys.argv)))


if __name__ == "__main__":
    console_entry_point()
