"""`ddsp transfer`: recordings, played by a trained instrument."""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from ddsp.training.inference import TimbreTransfer, TransferResult
    from ddsp.training.inference.batch import Job
    from ddsp.training.inference.settings import Settings
    from ddsp.training.inference.stopwatch import Stopwatch

EXAMPLE = "ddsp transfer voice.wav -o violin.wav --model violin"
# Parts of the work, in the order in which they are told.
PARTS = ("pitch", "decoder", "synthesis", "files")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of the command.

    Args:
        parser: Parser of the command, to be extended.
    """
    parser.add_argument(
        "input",
        nargs="+",
        metavar="INPUT",
        help="recording of one voice or instrument; or several, or a folder",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUTPUT",
        help="WAV file to write; a folder for several recordings",
    )
    parser.add_argument(
        "--model",
        default="violin",
        metavar="NAME|FOLDER|ZIP",
        help="a bundled instrument, or the folder of a trained one, or a zip of it "
        "(default: violin)",
    )
    parser.add_argument(
        "--pitch_shift",
        type=float,
        default=0.0,
        metavar="OCTAVES",
        help="octaves to add to the automatic choice of register, e.g. -1 "
        "(default: 0; see --no_adjust)",
    )
    parser.add_argument(
        "--loudness_shift",
        type=float,
        default=0.0,
        metavar="DB",
        help="decibels to play louder or softer by (default: 0)",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=1.0,
        metavar="N",
        help="how clear a sound must be to count as a note, from 0 (all) to 2 "
        "(default: 1)",
    )
    parser.add_argument(
        "--quiet",
        type=float,
        default=20.0,
        metavar="DB",
        help="decibels by which what is no note is lowered (default: 20)",
    )
    parser.add_argument(
        "--autotune",
        type=float,
        default=0.0,
        metavar="AMOUNT",
        help="how far to move the pitch onto the notes of the key, from 0 (as sung) to "
        "1 (all the way; default: 0)",
    )
    parser.add_argument(
        "--key",
        default="auto",
        help="key of the autotune: 'auto' finds it, 'chromatic' takes every semitone; "
        "or a name such as 'C major', 'F# minor' or 'Bb major' (default: auto)",
    )
    parser.add_argument(
        "--reverb",
        type=float,
        default=1.0,
        metavar="AMOUNT",
        help="how much of the instrument's room is heard, from 0 (dry) to 1 (as "
        "learned; default: 1)",
    )
    parser.add_argument(
        "--no_adjust",
        action="store_true",
        help="keep register and dynamics as recorded",
    )
    parser.add_argument(
        "--plot",
        metavar="PNG",
        help="also draw recording and result into this file; a folder for several",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="also write the measured figures into this file"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the noise (default: 0)"
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="of several recordings, also play those whose results are there",
    )
    parser.add_argument(
        "--trust_config",
        action="store_true",
        help="let the model's config name more than parts of ddsp; it can then run "
        "anything, so use it for your own models only",
    )


def run(args: argparse.Namespace) -> int:
    """Plays the recordings and writes the results.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status: 0, or 1 if one of several recordings could not be played.

    Raises:
        InputError: If the recording, the model, a setting or the place to write to
            cannot be used.
    """
    from ddsp.training.inference.batch import is_batch
    from ddsp.training.inference.settings import Settings

    settings = Settings(
        pitch_shift=args.pitch_shift,
        loudness_shift=args.loudness_shift,
        adjust=not args.no_adjust,
        threshold=args.threshold,
        quiet=args.quiet,
        autotune=args.autotune,
        key=args.key,
        reverb=args.reverb,
        seed=args.seed,
    )
    settings.check()
    if is_batch(args.input):
        return _play_all(args, settings)
    return _play_one(args, settings)


def _play_one(args: argparse.Namespace, settings: "Settings") -> int:
    """Plays one recording."""
    from ddsp.cli.outputs import check_output
    from ddsp.training.inference.batch import Job
    from ddsp.training.inference.figures import write_figures
    from ddsp.training.inference.stopwatch import Stopwatch

    (source,) = args.input
    check_output(args.output, ".wav", inputs=[source])
    written = [source, args.output]
    for path, suffix in ((args.plot, ".png"), (args.json, ".json")):
        if path:
            check_output(path, suffix, inputs=written)
            written.append(path)
    watch = Stopwatch()
    instrument = _instrument(args, watch)
    job = Job(Path(source), Path(args.output))
    picture = Path(args.plot) if args.plot else None
    figures = _play(args, settings, instrument, job, watch, picture)
    if args.plot:
        print(f"{args.plot}: recording and result, drawn")
    if args.json:
        write_figures(args.json, figures)
        print(f"{args.json}: the figures")
    return 0


def _play_all(args: argparse.Namespace, settings: "Settings") -> int:
    """Plays several recordings, each of which is tried."""
    from ddsp.training.errors import first_line
    from ddsp.training.inference.batch import plan_jobs
    from ddsp.training.inference.figures import read_figures, write_figures
    from ddsp.training.inference.stopwatch import Stopwatch

    jobs = plan_jobs(args.input, args.output)
    kept = read_figures(args.json) if args.json else {}
    waiting = [job for job in jobs if args.overwrite or not _is_done(args, job, kept)]
    watch = Stopwatch()  # Restoring the model counts for the recording after it.
    with _places(args, jobs):
        instrument = _instrument(args, watch) if waiting else None
    if len(waiting) < len(jobs):
        print(
            f"{len(jobs) - len(waiting)} of {len(jobs)} results are there and are kept "
            "(--overwrite plays them again)"
        )
    failures = []
    for number, job in enumerate(waiting, 1):
        print(f"[{number}/{len(waiting)}] ", end="", flush=True)
        picture = _picture(args, job)
        try:
            for path in filter(None, (job.target, picture)):
                path.parent.mkdir(parents=True, exist_ok=True)
            figures = _play(args, settings, instrument, job, watch, picture)
            if args.json:
                kept[str(job.target)] = figures
                write_figures(args.json, list(kept.values()))
        except Exception as error:  # The others are to be played all the same.
            print(f"{job.source}: failed")
            failures.append(f"{job.source}: {first_line(error)}")
        watch = Stopwatch()
    n_played = len(waiting) - len(failures)
    print(f"{n_played} of {len(waiting)} recordings played, in {args.output}")
    for failure in failures:
        print(f"ddsp transfer: failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _is_done(args: argparse.Namespace, job: "Job", kept: dict[str, Any]) -> bool:
    """Tells whether all that is wanted of a recording is there."""
    if not job.is_done():
        return False
    picture = _picture(args, job)
    if picture and not picture.exists():
        return False
    told = kept.get(str(job.target), {})
    return not args.json or told.get("input") == str(job.source)


def _picture(args: argparse.Namespace, job: "Job") -> Path | None:
    """Where the picture of one of several recordings goes, if one is wanted."""
    if not args.plot:
        return None
    return Path(args.plot, job.target.relative_to(args.output)).with_suffix(".png")


@contextlib.contextmanager
def _places(args: argparse.Namespace, jobs: Sequence["Job"]) -> Iterator[None]:
    """Makes the folders of a batch, and takes them back if it does not begin."""
    from ddsp.cli.outputs import check_folder, check_output

    made: list[Path] = []
    try:
        for folder in map(Path, filter(None, (args.output, args.plot))):
            if folder.is_dir():
                check_folder(folder, str(folder))
            else:
                _make_folder(folder)
                made.append(folder)
        if args.json:
            check_output(args.json, ".json", inputs=[str(job.source) for job in jobs])
        yield
    except BaseException:
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # Somebody has put something there.
                folder.rmdir()
        raise


def _make_folder(folder: Path) -> None:
    """Makes a folder for results, where there is none."""
    from ddsp.cli.outputs import check_folder
    from ddsp.training.errors import InputError

    if folder.exists():
        raise InputError(
            "Results of several recordings go into a folder. Got "
            f"{folder}, which is a file; name a folder."
        )
    check_folder(folder.parent, str(folder))
    folder.mkdir()


def _instrument(args: argparse.Namespace, watch: "Stopwatch") -> "TimbreTransfer":
    """The instrument, restored."""
    from ddsp.training.inference import TimbreTransfer

    with watch.timing("files"):
        return TimbreTransfer.from_folder(args.model, args.trust_config)


def _play(
    args: argparse.Namespace,
    settings: "Settings",
    instrument: Any,
    job: "Job",
    watch: "Stopwatch",
    picture: Path | None,
) -> dict[str, Any]:
    """Plays a recording, writes what came of it and tells about it; the figures."""
    from dataclasses import asdict

    from ddsp.training import audio_io
    from ddsp.training.errors import InputError
    from ddsp.training.inference.figures import transfer_figures

    sample_rate = instrument.recording_rate
    with watch.timing("files"):
        audio = audio_io.load_audio(job.source, sample_rate)
    try:
        result = instrument.transfer(audio, sample_rate, **asdict(settings))
    except InputError as error:
        raise InputError(f"{job.source}: {error}") from error
    with watch.timing("files"):
        audio_io.write_wav(job.target, result.audio, result.sample_rate)
    try:
        if picture:
            with watch.timing("files"):
                _draw(instrument, audio, result, picture)
    finally:  # The sound is there, whatever comes of its picture.
        timings = {**result.timings, **watch.seconds}
        _report(args, job, result, settings, timings)
    if not args.json:
        return {}
    figures = transfer_figures(audio, result, settings)
    figures["seconds_of_work"] = {k: round(v, 3) for k, v in timings.items()}
    names = {"input": str(job.source), "output": str(job.target), "model": args.model}
    return {**names, **figures}


def _draw(
    instrument: "TimbreTransfer",
    audio: "np.ndarray",
    result: "TransferResult",
    picture: Path,
) -> None:
    """Draws a recording and what came of it into a file."""
    from ddsp.training import plotting
    from ddsp.training.inference import draw_transfer

    name = instrument.folder.resolve().name.capitalize()
    figure = draw_transfer(audio, instrument.recording_rate, result, name)
    plotting.save_figure(figure, picture)


def describe_shift(octaves: float) -> str:
    """Says where a result lies beside its recording.

    Args:
        octaves: By how many octaves the pitch was moved, positive for up.

    Returns:
        Words such as "2 octaves higher".
    """
    if octaves == 0.0:
        return "in the same register"
    plural = "" if abs(octaves) == 1.0 else "s"
    return f"{abs(octaves):g} octave{plural} {'higher' if octaves > 0 else 'lower'}"


def _report(
    args: argparse.Namespace,
    job: "Job",
    result: "TransferResult",
    settings: "Settings",
    timings: dict[str, float],
) -> None:
    """Says what was done, and on the error stream what is doubtful about it."""
    from ddsp.training.inference.batch import is_batch

    secs = result.audio.size / result.sample_rate
    told = [
        f"{job.target}: {secs:.1f} s played by {args.model}",
        describe_shift(result.register_shift + settings.pitch_shift),
    ]
    if result.key is not None:
        cents = round(result.tuning_cents)
        way = "sharp" if cents > 0 else "flat"
        tuning = f"{abs(cents)} cents {way}" if cents else "in tune"
        told.append(f"tuned to {result.key} (the recording is {tuning})")
    print(", ".join(told))
    where = f"{job.source}: " if is_batch(args.input) else ""
    for warning in result.warnings:
        print(f"ddsp transfer: warning: {where}{warning}", file=sys.stderr)
    parts = ", ".join(f"{part} {timings.get(part, 0.0):.1f} s" for part in PARTS)
    print(f"took {sum(timings.values()):.1f} s: {parts}")
