"""A provider whose examples are never twice the same."""

from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp.training.data.augmentation import AUDIO, CURVES, change_example, draw_change
from ddsp.training.data.base import DataProvider
from ddsp.training.data.feature_spec import FeatureSpec

# Beyond, an instrument's body sounds like that of another instrument.
LARGEST_PITCH_CENTS = 200.0


@gin.register(module="ddsp.training.data")
class AugmentedProvider(DataProvider):
    """Changes level, pitch and place in time of the examples that are trained on.

    All limits are 0 to begin with, which leaves every example as it is. How an example
    is changed follows from the seed and from its number in the run, so it differs from
    epoch to epoch, and a resumed run goes on as it would have without a pause. Examples
    that are not shuffled, as for evaluation and statistics, are left as they are.

    Loudness and f0 move along: by the decibels of the gain, and by the cents of the
    shift. As pitch is shifted by playing faster or slower, formants shift too, and the
    little that A-weighting makes of another pitch is not counted. Where the example
    ends too soon it goes on with its beginning, after a gap of 5 ms. Labels, such as
    the MIDI number of a note, stay.

    Example:
        >>> from ddsp.training.data import TFRecordProvider
        >>> records = TFRecordProvider("violin_dataset")  # doctest: +SKIP
        >>> provider = AugmentedProvider(  # doctest: +SKIP
        ...     records, gain_db=6.0, pitch_cents=50.0, shift_secs=0.5)
        >>> batch = next(iter(provider.get_batch(8)))  # doctest: +SKIP
    """

    def __init__(
        self,
        provider: DataProvider,
        gain_db: float = 0.0,
        pitch_cents: float = 0.0,
        shift_secs: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Sets the limits, of which none is below 0.

        Args:
            provider: Gives the examples.
            gain_db: Examples become at most so many decibels louder or softer.
            pitch_cents: Examples become at most so many cents higher or lower; at most
                200.
            shift_secs: Examples are moved at most so many seconds to either side, by
                whole frames.
            seed: Seed of the changes in `get_batch`.

        Raises:
            ValueError: If a limit is outside its range.
        """
        limits = {
            "gain_db": gain_db,
            "pitch_cents": pitch_cents,
            "shift_secs": shift_secs,
        }
        for name, limit in limits.items():
            if not 0.0 <= limit < np.inf:
                raise ValueError(
                    f"{name} must be 0 or more: how far examples are changed to either "
                    f"side. Got {name}={limit}; 0 changes nothing."
                )
        if pitch_cents > LARGEST_PITCH_CENTS:
            raise ValueError(
                f"pitch_cents must be at most {LARGEST_PITCH_CENTS:g}, as formants "
                f"shift too. Got pitch_cents={pitch_cents}; 50 is a usual choice."
            )
        super().__init__(provider.sample_rate, provider.frame_rate)
        self._provider = provider
        self._limits = limits
        self._seed = seed

    @property
    def provider(self) -> DataProvider:
        """The provider of the examples as they are."""
        return self._provider

    @property
    def feature_spec(self) -> FeatureSpec | None:
        """How the features were measured; None where nobody tells it."""
        return getattr(self._provider, "feature_spec", None)

    def of(self, provider: DataProvider) -> "AugmentedProvider":
        """Changes the examples of another provider in the same way.

        Args:
            provider: Gives the examples.

        Returns:
            Another provider with the same settings.
        """
        return type(self)(provider, **self._limits, seed=self._seed)

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the examples once.

        Args:
            shuffle: Whether to give them in another order each time, and changed.

        Returns:
            Dataset of dictionaries of tensors.

        Raises:
            ValueError: If it is not known how a feature of the examples changes.
        """
        examples = self._provider.get_dataset(shuffle)
        if not shuffle or not self._changes:
            return examples
        batches = self._change(examples.batch(1), self._seed, 0)
        return batches.unbatch()

    def get_batch(
        self,
        batch_size: int,
        shuffle: bool = True,
        repeats: int = -1,
        drop_remainder: bool = True,
    ) -> tf.data.Dataset:
        """Gives the examples in batches.

        Args:
            batch_size: Examples in a batch.
            shuffle: Whether to give them in another order each epoch, and changed.
            repeats: Number of epochs; -1 for no end.
            drop_remainder: Whether to leave out a last batch that is not full.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.

        Raises:
            ValueError: If it is not known how a feature of the examples changes.
        """
        batches = self._provider.get_batch(
            batch_size, shuffle, repeats, drop_remainder=drop_remainder
        )
        if not shuffle or not self._changes:
            return batches
        return self._change(batches, self._seed, 0, batch_size)

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives batches without end, in an order and with changes that a seed fixes.

        Args:
            batch_size: Examples in a batch.
            seed: Seed of order and changes; that of the constructor has no part in
                them.
            first_batch: How many batches to leave out at the beginning.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.

        Raises:
            ValueError: If it is not known how a feature of the examples changes.
        """
        batches = self._provider.get_training_batches(batch_size, seed, first_batch)
        if not self._changes:
            return batches
        return self._change(batches, seed, first_batch, batch_size)

    @property
    def _changes(self) -> bool:
        """Whether anything is changed."""
        return any(self._limits.values())

    def _change(
        self,
        batches: tf.data.Dataset,
        seed: int,
        first_batch: int,
        batch_size: int = 1,
    ) -> tf.data.Dataset:
        """Changes batches, the first of which has this number."""
        spec = batches.element_spec
        _check_features(spec)
        names = sorted({*AUDIO, *CURVES} & set(spec))

        def change(number: tf.Tensor, batch: dict[str, tf.Tensor]) -> dict[str, Any]:
            changed = tf.numpy_function(
                lambda number, *values: self._change_batch(
                    seed,
                    int(number) * batch_size,
                    dict(zip(names, values, strict=True)),
                ),
                [number, *(batch[name] for name in names)],
                [spec[name].dtype for name in names],
            )
            for name, value in zip(names, changed, strict=True):
                batch[name] = tf.ensure_shape(value, spec[name].shape)
            return batch

        numbered = batches.enumerate(first_batch)
        changed = numbered.map(
            change, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        return changed.prefetch(tf.data.AUTOTUNE)

    def _change_batch(
        self, seed: int, first: int, batch: dict[str, np.ndarray]
    ) -> list[np.ndarray]:
        """Changes the examples of a batch, the first of which has this number."""
        shift_frames = round(self._limits["shift_secs"] * self.frame_rate)
        n_examples = len(next(iter(batch.values())))
        examples = [
            change_example(
                {name: values[i] for name, values in batch.items()},
                draw_change(
                    seed,
                    first + i,
                    self._limits["gain_db"],
                    self._limits["pitch_cents"],
                    shift_frames,
                ),
                self.sample_rate,
                self.frame_rate,
            )
            for i in range(n_examples)
        ]
        return [np.stack([example[name] for example in examples]) for name in batch]


def _check_features(spec: Any) -> None:
    """Raises if it is not known how a feature of the batches changes."""
    known = {*AUDIO, *CURVES}
    if not isinstance(spec, dict) or not known & set(spec) & set(AUDIO):
        raise ValueError(
            "Examples that are changed must be dictionaries with audio. Got "
            f"{sorted(spec) if isinstance(spec, dict) else type(spec).__name__}; "
            "augment the providers that are combined."
        )
    for name, feature in spec.items():
        # Labels and names of an example have no axis but that of the batch.
        if name not in known and feature.shape.rank != 1:
            raise ValueError(
                "Examples that are changed must have features of which it is known "
                f"how they change: {', '.join(sorted(known))} and labels. Got {name} "
                f"of shape {feature.shape}; train on them as they are."
            )
