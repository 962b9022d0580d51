"""`ddsp train`: from a dataset to a model."""

import argparse
import shlex

EXAMPLE = "ddsp train violin_dataset -o violin_model --steps 5000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Args:
        parser: Parser of this command.
    """
    parser.add_argument(
        "dataset", metavar="DATASET", help="dataset folder made by 'ddsp prepare'"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="MODEL",
        required=True,
        help="folder of the model; training goes on from a checkpoint in it",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="gin file of the model (default: that of MODEL when going on, else "
        "models/solo_instrument.gin)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=30000,
        metavar="N",
        help="step at which training ends, counted from the model's first "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--batch_size", type=int, metavar="N", help="examples per step (default: 16)"
    )
    parser.add_argument(
        "--learning_rate",
        type=float,
        metavar="X",
        help="learning rate of the first step (default: that of the config, else 3e-4)",
    )
    parser.add_argument(
        "--save_every",
        type=int,
        default=300,
        metavar="N",
        help="steps between two checkpoints (default: %(default)s)",
    )
    parser.add_argument(
        "--gin_file",
        action="append",
        default=[],
        metavar="FILE",
        help="further gin file, read after --config; may be repeated",
    )
    parser.add_argument(
        "--gin_param",
        action="append",
        default=[],
        metavar="BINDING",
        help="gin binding such as 'RnnFcDecoder.ch = 256'; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Trains.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status.
    """
    from ddsp.training import run as run_lib

    run_lib.train_model(
        args.dataset,
        args.output,
        config=args.config,
        steps=args.steps,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        save_every=args.save_every,
        gin_files=args.gin_file,
        gin_params=args.gin_param,
    )
    print("now try:")
    print(f"  ddsp transfer voice.wav -o out.wav --model {_model_name(args.output)}")
    return 0


def _model_name(folder: str) -> str:
    """How `ddsp transfer` must be told of the folder."""
    from ddsp import pretrained

    # A bundled model of that name would win.
    return shlex.quote(f"./{folder}" if folder in pretrained.model_names() else folder)
