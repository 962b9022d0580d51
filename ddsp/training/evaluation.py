"""How good a trained model is on a dataset, in a few numbers."""

import contextlib
import dataclasses
import glob
import math
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import core, version
from ddsp.training import checkpoints, config, data, evaluators, models
from ddsp.training.checkpoints.paths import checkpoint_number
from ddsp.training.data.held_out import SHARE, hold_out
from ddsp.training.data.record_files import find_records
from ddsp.training.errors import InputError
from ddsp.training.fitting import read_batches, refusing_what_does_not_fit
from ddsp.training.inference import resolve_model
from ddsp.training.inference.restored_model import refusing_what_fails
from ddsp.training.loop.resuming import HELD_OUT, N_TRAINING
from ddsp.training.loop.run_state import RunState

FORMAT = 1
CENTS = 100.0  # In a semitone.
SPLITS = ("all", "held_out", "training")
# Names of the numbers, and the tags that evaluators give them.
LOUDNESS_DB = "metrics/loudness/loudness_db"
PITCH_SEMITONES = "metrics/f0_crepe/f0_dist"
OUTLIER_SHARE = "metrics/f0_crepe/outlier_ratio"
PITCH_ACCURACY = "metrics/f0/raw_pitch_accuracy"
CHROMA_ACCURACY = "metrics/f0/raw_chroma_accuracy"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What was measured of a model. What could not be measured is None.

    Attributes:
        model: What the model was called by.
        step: Steps that it was trained for.
        dataset: Where the examples came from.
        split: Which of them were taken: 'all', 'held_out' or 'training'.
        n_examples: How many.
        seconds: Seconds of sound.
        losses: Mean losses of the model by name, 'total_loss' among them; empty for a
            model without losses.
        loudness_l1_db: Mean distance of the loudness, in dB.
        pitch_l1_midi: Distance of the pitch in MIDI notes, which are semitones, where
            it is sure: the mean of each example, then of all examples with a sure
            frame that are no outliers.
        outlier_share: Share of the examples with a sure frame whose pitch is off by
            more than an octave, from 0 to 1.
        raw_pitch_accuracy: Share of an example's sure frames with a pitch within 50
            cents, mean of all examples with a sure frame.
        raw_chroma_accuracy: The same, whatever the octave.

    Example:
        >>> evaluation = Evaluation("violin", 2000, "dataset", "all", 8, 32.0, {},
        ...                         loudness_l1_db=2.5, pitch_l1_midi=0.25)
        >>> evaluation.pitch_l1_cents
        25.0
    """

    model: str
    step: int
    dataset: str
    split: str
    n_examples: int
    seconds: float
    losses: dict[str, float]
    loudness_l1_db: float | None = None
    pitch_l1_midi: float | None = None
    outlier_share: float | None = None
    raw_pitch_accuracy: float | None = None
    raw_chroma_accuracy: float | None = None

    @property
    def pitch_l1_cents(self) -> float | None:
        """Mean distance of the pitch in cents."""
        return None if self.pitch_l1_midi is None else CENTS * self.pitch_l1_midi

    def to_dict(self) -> dict[str, Any]:
        """Everything, as it is written to JSON.

        Returns:
            Numbers, texts and dictionaries of them; None for what is not finite, which
            JSON has no word for.
        """
        values = {
            "format": FORMAT,
            "ddsp_version": version.__version__,
            **dataclasses.asdict(self),
            "pitch_l1_cents": self.pitch_l1_cents,
        }
        return _finite(values)


def _finite(value: Any) -> Any:
    """A value with None for numbers that are not finite."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    is_number = isinstance(value, float)
    return None if is_number and not math.isfinite(value) else value


def evaluate_model(
    model: str | Path,
    dataset: str | Path,
    split: str = "all",
    batch_size: int = 16,
    n_batches: int | None = None,
    pitch: bool = True,
    seed: int = 0,
    trust_config: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Lets a model play a dataset, and compares its sound with the original one.

    The same from Python as `ddsp evaluate`. Loudness and pitch are measured from the
    sound that the model makes, not taken from what it was told to play.

    Args:
        model: Name of a bundled model, or the folder of a trained one, or a zip of it.
        dataset: Folder made by `ddsp prepare`, or a file pattern of records.
        split: 'all' for all examples; 'held_out' for those that training on this
            dataset leaves out, 'training' for those that it takes.
        batch_size: Examples that the model works on at a time.
        n_batches: Most batches to take; None for all.
        pitch: Whether to measure pitch, which takes most of the time.
        seed: Seed of the model's noise: the same one gives the same numbers, in
            batches of the same size.
        trust_config: Whether the model's config may also name what is no part of ddsp,
            and so run anything.
        say: Receives what is being done.

    Returns:
        What was measured.

    Raises:
        InputError: If the model or the dataset cannot be used, or they do not fit.
    """
    _check_arguments(split, batch_size, n_batches)
    folder = resolve_model(model)
    provider = _open_dataset(os.fspath(dataset))
    checkpoint = checkpoints.get_latest_checkpoint(folder)
    with config.isolated_gin():
        config.load_model_config(folder, trust=trust_config)
        examples = _choose(provider, split, checkpoint, say)
        say("restoring the model")
        restored = _restore(folder)
        _fit(restored, provider, os.fspath(model))
        judges = _Judges(provider, pitch)
        batches = examples.get_batch(
            batch_size, shuffle=False, repeats=1, drop_remainder=False
        )
        if n_batches is not None:
            batches = batches.take(n_batches)
        for number, batch in enumerate(read_batches(batches)):
            say(f"{judges.n_examples} examples judged")
            judges.judge(restored, batch, [seed, number])
        say("adding up")
        return judges.report(
            model=os.fspath(model),
            step=checkpoint_number(checkpoint) or 0,
            dataset=os.fspath(dataset),
            split=split,
        )


def _check_arguments(split: str, batch_size: int, n_batches: int | None) -> None:
    """Raises for an argument out of its range."""
    if split not in SPLITS:
        raise InputError(
            f"split must be one of {', '.join(SPLITS)}. Got split={split}; leave it "
            "out for all examples."
        )
    for name, value in (("batch_size", batch_size), ("n_batches", n_batches)):
        if value is not None and not (isinstance(value, int) and value >= 1):
            raise InputError(
                f"{name} must be a whole number from 1 on. Got {name}={value}; give "
                "such a number."
            )


def _open_dataset(dataset: str) -> data.TFRecordProvider:
    """The provider of a dataset, which must be there."""
    is_pattern = any(sign in dataset for sign in "*?[")
    records = os.path.join(glob.escape(dataset), data.RECORDS_PATTERN)
    if not is_pattern and not glob.glob(records):
        wrong = "a folder without records" if os.path.isdir(dataset) else "none"
        recordings = dataset if os.path.exists(dataset) else "RECORDINGS"
        raise InputError(
            f"A dataset must be a folder made by `ddsp prepare`. Got {dataset}, which "
            f"is {wrong}; make one with: ddsp prepare {shlex.quote(recordings)} -o "
            "DATASET"
        )
    find_records(dataset)
    return data.TFRecordProvider(dataset)


def _choose(
    provider: data.TFRecordProvider,
    split: str,
    checkpoint: str,
    say: Callable[[str], None],
) -> Any:
    """The provider of a part of the examples, as the model's run divided them."""
    if split == "all":
        return provider
    state = RunState.from_sidecar(checkpoints.load_sidecar(checkpoint))
    options = state.options if state else {}
    share = _share(options.get(HELD_OUT, str(SHARE)))
    said = ["the model's run held none out"]
    say("dividing the dataset")
    training, held_out = hold_out(provider, share, said.append)
    n_training = options.get(N_TRAINING)
    if held_out is not None and n_training is not None:
        n_here = int(training.get_dataset(shuffle=False).cardinality())
        if n_training != str(n_here):
            held_out = None
            said.append(
                f"the model has trained on {n_training} examples, and here these "
                f"would be {n_here}: it is another dataset"
            )
    if held_out is None:
        raise InputError(
            "A split must be one that the model's training made of the dataset. Got "
            f"split={split}, but {said[-1]}; leave it out for all examples."
        )
    return held_out if split == "held_out" else training


def _share(text: str) -> float:
    """The share that a run has written down, which may be anything."""
    try:
        share = float(text)
    except ValueError:
        return SHARE
    return share if 0.0 <= share <= 0.5 else SHARE


def _restore(folder: Path) -> Any:
    """The model that the config in use describes, with its weights."""
    is_named = config.bound_value("get_model.model") is not None
    with refusing_what_fails(folder):
        model = models.get_model() if is_named else models.Autoencoder()
    model.restore(str(folder), verbose=False)
    return model


def _fit(model: Any, provider: data.TFRecordProvider, name: str) -> None:
    """Sets the length of a model to that of the examples, if it can be set.

    Raises:
        InputError: If the model has other rates than the dataset.
    """
    preprocessor: Any = getattr(model, "preprocessor", None)
    modules = getattr(getattr(model, "processor_group", None), "modules", [])
    synths = [module for module in modules if hasattr(module, "n_samples")]
    rates = {synth.sample_rate for synth in synths if hasattr(synth, "sample_rate")}
    shape = provider._shape
    if rates and rates != {shape.sample_rate}:
        raise _other_rate("sample_rate", rates.pop(), shape.sample_rate, name)
    time_steps = getattr(preprocessor, "time_steps", None)
    if not synths or not rates or time_steps is None or model.encoder is not None:
        return  # Its lengths are its own business: the first batch shows if they fit.
    frame_rate = rates.pop() * time_steps / synths[0].n_samples
    if frame_rate != shape.frame_rate:
        raise _other_rate("frame_rate", frame_rate, shape.frame_rate, name)
    preprocessor.time_steps = shape.n_frames - shape.centered
    if hasattr(preprocessor, "centered"):
        preprocessor.centered = shape.centered
    for synth in synths:
        synth.n_samples = shape.n_samples


def _other_rate(rate: str, wanted: float, got: float, name: str) -> InputError:
    """The error for a dataset of another rate."""
    return InputError(
        f"A dataset must have the rates of the model. Got {rate}={got:g} for "
        f"model={name}, whose {rate} is {wanted:g}; prepare it with: ddsp prepare "
        f"RECORDINGS -o DATASET --{rate} {wanted:g}"
    )


class _Judges:
    """Shows evaluators what a model makes, and adds up what they find."""

    def __init__(self, provider: data.TFRecordProvider, pitch: bool) -> None:
        self._rates = (provider.sample_rate, provider.frame_rate)
        self._losses = evaluators.BasicEvaluator(*self._rates)
        self._sound = evaluators.F0LdEvaluator(*self._rates, run_f0_crepe=pitch)
        self._n_samples = 0
        self.n_examples = 0

    def judge(self, model: Any, batch: dict[str, Any], seed: list[int]) -> None:
        """Runs a model on a batch."""
        with self._first_only(), core.seeded_noise(tf.constant(seed, tf.int32)):
            outputs, losses = model(batch, return_losses=True, training=False)
        outputs = {**outputs, "audio_gen": model.get_audio_from_outputs(outputs)}
        # The sum of no losses is 0, which would look like a perfect model.
        losses = {} if set(losses) == {"total_loss"} else losses
        self._losses.evaluate(batch, outputs, losses)
        self._sound.evaluate(batch, outputs, losses)
        self.n_examples += len(batch["audio"])
        self._n_samples += int(np.size(batch["audio"]))

    def _first_only(self) -> contextlib.AbstractContextManager[None]:
        """What went through once fits: a later error is a fault of the program."""
        if self.n_examples:
            return contextlib.nullcontext()
        return refusing_what_does_not_fit()

    def report(self, **what: Any) -> Evaluation:
        """What was found."""
        means = self._sound.flush(step=what["step"])
        losses = self._losses.flush(step=what["step"])
        return Evaluation(
            **what,
            n_examples=self.n_examples,
            seconds=self._n_samples / self._rates[0],
            losses={tag.partition("/")[2]: mean for tag, mean in losses.items()},
            loudness_l1_db=means.get(LOUDNESS_DB),
            pitch_l1_midi=means.get(PITCH_SEMITONES),
            outlier_share=means.get(OUTLIER_SHARE),
            raw_pitch_accuracy=means.get(PITCH_ACCURACY),
            raw_chroma_accuracy=means.get(CHROMA_ACCURACY),
        )
