"""`ddsp train`: from a dataset to a model."""

import argparse

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
        "--seed",
        type=int,
        metavar="N",
        help="makes weights, order of the data and noise a function of N (default: "
        "random; a run that goes on keeps its own)",
    )
    parser.add_argument(
        "--deterministic",
        action="store_true",
        help="the same numbers in every run of one seed (default seed: 0), at the cost "
        "of some speed on a GPU",
    )
    parser.add_argument(
        "--patience",
        type=int,
        metavar="N",
        help="end after N validations without improvement (default: never)",
    )
    parser.add_argument(
        "--init_from",
        metavar="MODEL",
        help="name, folder, zip or checkpoint of another model to begin with",
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        metavar="PART",
        help="the only parts to take from the model of --init_from, such as decoder or "
        "processor_group/reverb (default: all that fits)",
    )
    parser.add_argument(
        "--augment",
        action="store_true",
        default=None,
        help="for little material: change every example, each time anew, by at most "
        "6 dB, 50 cents and half a second, or what the config says (default: what the "
        "config says, else not)",
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
    from ddsp.training import next_steps
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
        seed=args.seed,
        deterministic=args.deterministic,
        patience=args.patience,
        init_from=args.init_from,
        parts=args.parts,
        augment=args.augment,
    )
    print("now try:")
    if next_steps.is_playable(args.output):
        print(f"  {next_steps.transfer_command(args.output)}")
    else:
        data_flags = next_steps.dataset_flags(args.dataset)
        command = next_steps.judging_command("sample", args.output, data_flags)
        print(f"  {command}")
        print("which plays the dataset; ddsp transfer cannot play this kind of model")
    return 0
