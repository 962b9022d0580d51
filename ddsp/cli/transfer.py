"""`ddsp transfer`: a recording, played by a trained instrument."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from ddsp.training.inference import TransferResult

EXAMPLE = "ddsp transfer voice.wav -o violin.wav --model violin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of the command.

    Args:
        parser: Parser of the command, to be extended.
    """
    parser.add_argument(
        "input", metavar="INPUT", help="recording of one voice or instrument"
    )
    parser.add_argument(
        "-o", "--output", required=True, help="WAV file to write", metavar="OUTPUT"
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
        "--no_adjust",
        action="store_true",
        help="keep register and dynamics as recorded",
    )
    parser.add_argument(
        "--plot", metavar="PNG", help="also draw recording and result into this file"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the noise (default: 0)"
    )
    parser.add_argument(
        "--trust_config",
        action="store_true",
        help="let the model's config name more than parts of ddsp; it can then run "
        "anything, so use it for your own models only",
    )


def run(args: argparse.Namespace) -> int:
    """Plays the recording and writes the result.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status 0.

    Raises:
        InputError: If the recording, the model or the place to write to cannot be used.
    """
    from ddsp.cli.outputs import check_output
    from ddsp.training import audio_io, data, plotting
    from ddsp.training.errors import InputError
    from ddsp.training.inference import TimbreTransfer, resolve_model

    check_output(args.output, ".wav", inputs=[args.input])
    if args.plot:
        check_output(args.plot, ".png", inputs=[args.input, args.output])
    folder = resolve_model(args.model)
    sample_rate = data.FEATURE_SAMPLE_RATE
    audio = audio_io.load_audio(args.input, sample_rate)
    instrument = TimbreTransfer.from_folder(folder, args.trust_config)
    try:
        result = instrument.transfer(
            audio,
            sample_rate,
            pitch_shift=args.pitch_shift,
            loudness_shift=args.loudness_shift,
            adjust=not args.no_adjust,
            seed=args.seed,
        )
    except InputError as error:
        raise InputError(f"{args.input}: {error}") from error
    figure = None
    if args.plot:
        figure = draw(audio, sample_rate, result, folder.resolve().name.capitalize())
    audio_io.write_wav(args.output, result.audio, result.sample_rate)
    if figure is not None:
        plotting.save_figure(figure, args.plot)
    _report(args, result)
    return 0


def draw(
    audio: "np.ndarray",
    sample_rate: int,
    result: "TransferResult",
    result_label: str,
    source_label: str = "Recording",
) -> "Figure":
    """Draws a recording and what an instrument made of it.

    Args:
        audio: The recording, [n_samples].
        sample_rate: Its samples per second.
        result: What came of it.
        result_label: Name of the instrument.
        source_label: Name of the recording.

    Returns:
        The figure.
    """
    from ddsp.training.plotting import PlottedSound, plot_transfer

    source = PlottedSound(
        source_label,
        audio,
        sample_rate,
        result.f0_hz,
        result.f0_confidence,
        result.frame_rate,
    )
    played = PlottedSound(
        result_label,
        result.audio,
        result.sample_rate,
        result.played_f0_hz,
        result.f0_confidence,
        result.frame_rate,
    )
    return plot_transfer(source, played)


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


def _report(args: argparse.Namespace, result: "TransferResult") -> None:
    """Says what was done, and on the error stream what is doubtful about it."""
    for warning in result.warnings:
        print(f"ddsp transfer: warning: {warning}", file=sys.stderr)
    secs = result.audio.size / result.sample_rate
    register = describe_shift(result.register_shift + args.pitch_shift)
    print(f"{args.output}: {secs:.1f} s played by {args.model}, {register}")
    if args.plot:
        print(f"{args.plot}: recording and result, drawn")
