"""Training and judging by a configuration: what the commands call."""

import glob
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gin
import tensorflow as tf

from ddsp.training import config as config_lib
from ddsp.training import data, eval_util, models, train_util, trainers
from ddsp.training.data.record_files import find_records
from ddsp.training.errors import InputError
from ddsp.training.fitting import require_rates
from ddsp.training.loop.watchdog import unused_gpu
from ddsp.training.progress import Progress
from ddsp.training.rate_scaling import scale_model
from ddsp.training.writable import why_not_writable

BASE_CONFIG = "optimization/base.gin"
MODEL_CONFIG = "models/solo_instrument.gin"
AUGMENTED_CONFIG = "datasets/augmented.gin"
SMALL_CONFIG = "models/pretrained/violin.gin"
BATCH_SIZE = 16
CHECKPOINTS_TO_KEEP = 3


def train_model(
    dataset: str | Path,
    output: str | Path,
    config: str | Path | None = None,
    steps: int = 30000,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    save_every: int = 300,
    gin_files: Sequence[str | Path] = (),
    gin_params: Sequence[str] = (),
    progress: Progress | None = None,
    seed: int | None = None,
    deterministic: bool = False,
    patience: int | None = None,
    init_from: str | Path | None = None,
    parts: Sequence[str] | None = None,
    augment: bool | None = None,
) -> Path:
    """Trains a model on a dataset, going on where an earlier call has stopped.

    The same from Python as `ddsp train`, for instance
    `train_model("violin_dataset", "violin_model", steps=5000)`.

    Args:
        dataset: Folder made by `ddsp prepare`, or a file pattern of records.
        output: Folder of the model; training goes on from a checkpoint in it.
        config: Gin file of the model; None is the configuration of the checkpoint that
            training goes on from, or else models/solo_instrument.gin.
        steps: Step at which training ends, counted from the model's first.
        batch_size: Examples per step; None is what the checkpoint's configuration says,
            or else 16.
        learning_rate: Learning rate of the first step; None is what the configuration
            says.
        save_every: Steps between two checkpoints.
        gin_files: Further gin files, read after config.
        gin_params: Bindings such as 'RnnFcDecoder.ch = 256', read last.
        progress: Where the run reports; None is the standard output.
        seed: Seed of weights, data and noise, from 0 to 2**32 - 1; None for a random
            one.
        deterministic: Whether two runs of one seed give the same numbers; changes
            TensorFlow for the whole process.
        patience: Validations without improvement after which training ends; None for
            any number.
        init_from: Another model whose weights a new run begins with: its name, folder,
            zip or checkpoint.
        parts: The only parts of it to take, such as 'decoder'; a single one may come
            by itself. None for all.
        augment: Whether each example is changed a little every time it is trained on,
            see `data.AugmentedProvider` and datasets/augmented.gin; None is what the
            configuration says, or else not.

    Returns:
        Folder of the model.

    Raises:
        InputError: If an argument, the dataset or a configuration cannot be used.
        FloatingPointError: If too many losses or gradients are not finite.
    """
    _require_positive(
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        save_every=save_every,
        patience=patience,
    )
    train_util.require_seed(seed)
    if isinstance(parts, str):
        parts = [parts]
    dataset, output = map(train_util.expand_path, (dataset, output))
    info = _describe_dataset(dataset)
    progress = Progress() if progress is None else progress
    explicit = {
        "train.batch_size": batch_size,
        "train.num_steps": steps,
        "train.steps_per_save": save_every,
        "Trainer.learning_rate": learning_rate,
        "train.seed": seed,
        "train.deterministic": deterministic or None,
        "train.patience": patience,
        "train.init_from": None if init_from is None else repr(str(init_from)),
        "train.init_parts": None if parts is None else list(parts),
    }
    is_default = not (config or gin_files or gin_params or _has_checkpoint(output))
    with config_lib.isolated_gin():
        _parse_model(output, config, gin_files, bool(augment))
        is_augmented = _bind_provider(augment)
        _bind(_dataset_bindings(dataset, info))
        _bind({name: value for name, value in explicit.items() if value is not None})
        config_lib.parse_gin([], gin_params)
        _require_source(parts)
        scaled = None
        if info is not None:
            require_rates(info)
            data.require_whole_frames(info["sample_rate"], info["frame_rate"])
            scaled = scale_model(info["sample_rate"])
        _require_writable(output)
        progress.note(f"device: {train_util.describe_device()}")
        if scaled:
            progress.note(scaled)
        if is_augmented:
            progress.note("examples are changed each time anew, see AugmentedProvider")
        if is_default and not tf.config.list_logical_devices("GPU"):
            progress.note(
                "the default model wants a GPU, on a CPU a step of it takes seconds: "
                f"--config {SMALL_CONFIG} is smaller"
            )
        run_training(output, output, progress=progress)
    return Path(output)


def run_training(
    save_dir: str,
    restore_dir: str,
    tpu: str = "",
    cluster_config: str = "",
    early_stop_loss_value: float | None = None,
    report_loss_to_hypertune: bool = False,
    progress: Progress | None = None,
) -> None:
    """Trains whatever gin is configured for.

    Args:
        save_dir: Folder of the model.
        restore_dir: Folder or path of a checkpoint to go on from.
        tpu: See `train_util.get_strategy`.
        cluster_config: See `train_util.get_strategy`.
        early_stop_loss_value: See `train_util.train`.
        report_loss_to_hypertune: See `train_util.train`.
        progress: See `train_util.train`.

    Raises:
        InputError: If no model or no data provider is bound, or the seed is out of
            range.
    """
    if config_lib.bound_value("get_model.model") is None:
        raise InputError(
            "A configuration must say what to train. Got no binding of "
            "get_model.model; add --gin_file=models/solo_instrument.gin."
        )
    _require_provider("train.data_provider")
    progress = Progress() if progress is None else progress
    idle = unused_gpu()
    if idle:
        progress.note(f"warning: {idle}")
    _seed_weights()
    strategy = train_util.get_strategy(tpu=tpu, cluster_config=cluster_config)
    with strategy.scope():
        model = models.get_model()
        trainer = trainers.get_trainer_class()(model, strategy)
    pattern = config_lib.bound_value("TFRecordProvider.file_pattern")
    train_util.train(
        data_provider=gin.REQUIRED,
        trainer=trainer,
        save_dir=save_dir,
        restore_dir=restore_dir,
        early_stop_loss_value=early_stop_loss_value,
        report_loss_to_hypertune=report_loss_to_hypertune,
        progress=progress,
        dataset_folder=_folder_of(pattern) if isinstance(pattern, str) else None,
    )


def _seed_weights() -> None:
    """Makes the first weights of a model a function of the run's seed."""
    seed = config_lib.bound_value("train.seed")
    train_util.require_seed(seed)
    if config_lib.bound_value("train.deterministic"):
        train_util.make_deterministic(seed)
    elif seed is not None:
        tf.keras.utils.set_random_seed(seed)


def judge_model(mode: str, save_dir: str, restore_dir: str, run_once: bool) -> None:
    """Evaluates or samples whatever gin is configured for.

    Args:
        mode: 'eval' or 'sample'.
        save_dir: Folder for the summaries.
        restore_dir: Folder or path of the checkpoints.
        run_once: Whether to judge one checkpoint only.

    Raises:
        InputError: If no model or no data provider is bound, or see
            `eval_util.evaluate_or_sample`.
    """
    function = {"eval": eval_util.evaluate, "sample": eval_util.sample}[mode]
    if config_lib.bound_value("get_model.model") is None:
        raise InputError(
            "A configuration must say which model to judge. Got no binding of "
            f"get_model.model and no operative config in {restore_dir}; name the "
            "folder of a trained model, or add --gin_file=models/solo_instrument.gin."
        )
    _require_provider(f"{function.__name__}.data_provider")
    function(
        data_provider=gin.REQUIRED,
        model=models.get_model(),
        evaluator_classes=gin.REQUIRED,
        save_dir=save_dir,
        restore_dir=restore_dir,
        run_once=run_once,
    )


def _require_provider(name: str) -> None:
    """Raises if no data provider is bound."""
    if config_lib.bound_value(name) is None:
        raise InputError(
            f"A configuration must say where examples come from. Got no binding of "
            f"{name}; add --gin_file=datasets/tfrecord.gin and "
            "--gin_param=\"TFRecordProvider.file_pattern='FOLDER/data.tfrecord*'\"."
        )


def _require_positive(**arguments: float | None) -> None:
    """Raises for an argument that is neither None nor positive."""
    for name, value in arguments.items():
        if value is not None and not value > 0:
            raise InputError(
                f"{name} must be positive. Got {name}={value}; give a larger number."
            )


def _require_source(parts: Sequence[str] | None) -> None:
    """Raises for parts of another model where no other model is named."""
    if parts is not None and config_lib.bound_value("train.init_from") is None:
        raise InputError(
            "parts must be those of another model to begin with. Got "
            f"parts={list(parts)} without init_from; name that model, or leave parts "
            "out."
        )


def _folder_of(dataset: str) -> str:
    """The folder of a dataset that was given as folder or as pattern."""
    return dataset if os.path.isdir(dataset) else os.path.dirname(dataset) or "."


def _describe_dataset(dataset: str) -> dict[str, Any] | None:
    """Makes sure that there are records; returns how they were made, if known."""
    pattern = os.path.join(glob.escape(dataset), data.RECORDS_PATTERN)
    if not any(sign in dataset for sign in "*?[") and not glob.glob(pattern):
        raise InputError(_no_dataset(dataset))
    find_records(dataset)
    return data.read_dataset_info(dataset)


def _no_dataset(path: str) -> str:
    """The message for a path that is no dataset: its recordings, or other records."""
    is_folder = os.path.isdir(path)
    folder = path if is_folder else os.path.dirname(path) or "."
    others = glob.glob(os.path.join(glob.escape(folder), "*.tfrecord*"))
    if others:
        prefix = others[0].rpartition(".tfrecord")[0]
        cure = f"give the pattern of its records: {shlex.quote(f'{prefix}.tfrecord*')}"
    else:
        recordings = shlex.quote(path) if os.path.exists(path) else "RECORDINGS"
        cure = f"make one with: ddsp prepare {recordings} -o DATASET"
    return (
        f"A dataset must be a folder made by `ddsp prepare`. Got {path}, which is "
        f"{'one without records' if is_folder else 'none'}; {cure}"
    )


def _parse_model(
    output: str,
    config: str | Path | None,
    gin_files: Sequence[str | Path],
    augment: bool,
) -> None:
    """Reads everything that is not about the dataset or this run."""
    # How far examples are changed is for later files to say otherwise.
    config_lib.parse_gin([BASE_CONFIG, *([AUGMENTED_CONFIG] if augment else [])])
    _bind(
        {"batch_size": BATCH_SIZE, "Trainer.checkpoints_to_keep": CHECKPOINTS_TO_KEEP}
    )
    if config is not None:
        config_lib.parse_gin([config], skip_unknown=True)
    elif _has_checkpoint(output):
        config_lib.load_model_config(output)
    else:
        config_lib.parse_gin([MODEL_CONFIG])
    config_lib.parse_gin(gin_files, skip_unknown=True)


def _has_checkpoint(folder: str) -> bool:
    try:
        train_util.get_latest_checkpoint(folder)
    except FileNotFoundError:
        return False
    return True


def _bind_provider(augment: bool | None) -> bool:
    """Binds what gives the examples; returns whether it changes them."""
    bound = config_lib.bound_value("train.data_provider")
    made = getattr(getattr(bound, "configurable", None), "wrapped", None)
    is_augmented = isinstance(made, type) and issubclass(made, data.AugmentedProvider)
    if augment is None:
        augment = is_augmented
    changer = "AugmentedProvider"
    if augment and is_augmented:
        # The configuration's own, with its scope.
        changer = "/".join([*bound.scopes, bound.configurable.name])
    elif augment:
        _bind({"train.data_provider": "@data.AugmentedProvider()"})
    else:
        _bind({"train.data_provider": "@data.TFRecordProvider()"})
    if augment:
        _bind({f"{changer}.provider": "@data.TFRecordProvider()"})
    return augment


def _bind(bindings: dict[str, Any]) -> None:
    """Makes bindings from names and values; a string is an expression of gin."""
    config_lib.parse_gin([], [f"{name} = {value}" for name, value in bindings.items()])


def _dataset_bindings(dataset: str, info: dict[str, Any] | None) -> dict[str, Any]:
    """How provider and model must be set for a dataset."""
    bindings: dict[str, Any] = {"TFRecordProvider.file_pattern": repr(dataset)}
    if info is None:
        return bindings
    names = ("example_secs", "sample_rate", "frame_rate", "centered")
    bindings.update({f"TFRecordProvider.{name}": info[name] for name in names})
    preprocessor = config_lib.bound_value("Autoencoder.preprocessor")
    if not str(preprocessor).endswith("F0LoudnessPreprocessor()"):
        return bindings  # Such a model brings rates and lengths of its own.
    shape = data.ExampleShape(*(info[name] for name in names))
    bindings.update(
        {
            "F0LoudnessPreprocessor.time_steps": shape.n_frames - shape.centered,
            "F0LoudnessPreprocessor.frame_rate": shape.frame_rate,
            "F0LoudnessPreprocessor.sample_rate": shape.sample_rate,
            # The dataset has the loudness that playing will measure.
            "F0LoudnessPreprocessor.compute_loudness": False,
            "F0LoudnessPreprocessor.centered": shape.centered,
            "Harmonic.n_samples": shape.n_samples,
            "Harmonic.sample_rate": shape.sample_rate,
            "SpectralLoss.sample_rate": shape.sample_rate,
            "FilteredNoise.n_samples": shape.n_samples,
        }
    )
    return bindings


def _require_writable(folder: str) -> None:
    """Raises if nothing can be written to a folder, which need not exist yet."""
    place = Path(os.path.abspath(folder))
    while not place.exists():
        place = place.parent
    reason = why_not_writable(place)
    if reason:
        raise InputError(
            f"A model must go to a folder that can be written. Got {folder} "
            f"({reason}: {place}); choose another one."
        )
