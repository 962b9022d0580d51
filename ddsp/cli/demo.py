"""`ddsp demo`: a sung phrase, made by the library and played by its violin."""

import argparse
import os
import tempfile
from pathlib import Path

EXAMPLE = "ddsp demo"
MODEL = "violin"
FILES = ("source.wav", "violin.wav", "transfer.png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of the command.

    Args:
        parser: Parser of the command, to be extended.
    """
    parser.add_argument(
        "-o",
        "--output",
        default="ddsp_demo",
        metavar="FOLDER",
        help="folder for the sounds and the picture (default: ddsp_demo)",
    )


def run(args: argparse.Namespace) -> int:
    """Makes the phrase, has it played and draws both.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status 0.

    Raises:
        InputError: If the folder cannot be written.
    """
    from ddsp.cli.outputs import check_folder
    from ddsp.training.errors import InputError

    folder = Path(args.output)
    if folder.exists() and not folder.is_dir():
        raise InputError(
            f"The demo writes into a folder. Got {folder}, which is a file; choose "
            "another name."
        )
    beside = folder if folder.is_dir() else folder.parent
    check_folder(beside, str(folder))
    with tempfile.TemporaryDirectory(prefix=".ddsp-", dir=beside) as workshop:
        octaves, secs = _make_files(Path(workshop))
        # Only now does anything appear under its name.
        folder.mkdir(exist_ok=True)
        for name in FILES:
            os.replace(Path(workshop, name), folder / name)
    _report(folder, secs, octaves)
    return 0


def _make_files(folder: Path) -> tuple[float, float]:
    """Writes the demo's files; returns octaves of register shift and seconds."""
    from ddsp.training import audio_io, plotting
    from ddsp.training.inference import draw_transfer
    from ddsp.training.inference.transfer import transfer
    from ddsp.training.source_phrase import sung_phrase

    sample_rate = 16000
    source = sung_phrase(sample_rate)
    result = transfer(source, sample_rate, MODEL)
    audio_io.write_wav(folder / FILES[0], source, sample_rate)
    audio_io.write_wav(folder / FILES[1], result.audio, result.sample_rate)
    figure = draw_transfer(source, sample_rate, result, "Violin", "Sung phrase")
    plotting.save_figure(figure, folder / FILES[2])
    return result.register_shift, source.size / sample_rate


def _report(folder: Path, secs: float, octaves: float) -> None:
    """Says what was done, where it is and what to do next, in five lines."""
    from ddsp.cli.transfer import describe_shift

    source, violin, picture = (folder / name for name in FILES)
    print(
        f"Sang a phrase of {secs:.1f} s with the library's own synthesizers: {source}"
    )
    print(f"Had a network trained on a violin play its pitch and loudness: {violin}")
    print(f"Drew both, the violin {describe_shift(octaves)}: {picture}")
    print("Listen to the two sounds one after the other, with the picture in view.")
    print("Now your own voice: ddsp transfer my_voice.wav -o my_violin.wav")
