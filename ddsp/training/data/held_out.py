"""Examples that a model never trains on, to hear and measure what it has learned."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging
from scipy import sparse
from scipy.sparse import csgraph

from ddsp.training.data import order, record_files
from ddsp.training.data.augmented import AugmentedProvider
from ddsp.training.data.base import DataProvider
from ddsp.training.data.record_index import RecordIndex, index_records
from ddsp.training.data.tfrecord import TFRecordProvider
from ddsp.training.errors import InputError

LOUDNESS = "loudness_db"
SHARE = 1 / 20
FEWEST_EXAMPLES = 10
# Frames of loudness that are a moment: by chance no two moments are alike.
MOMENT_FRAMES = 4
# Of more moments only a share is compared: the same ones in every example.
MAX_MOMENTS = 2_000_000
# Any odd number with bits everywhere; this one is 2**64 over the golden ratio.
HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclasses.dataclass(frozen=True)
class Split:
    """How the examples of a dataset are divided.

    Attributes:
        training: Numbers of those to train on, int64, [n_training].
        held_out: Numbers of those to hold out, neighbours in time beside each other,
            int64, [n_held_out]; empty for none.
        n_skipped: How many are in neither part, because they share a moment with both.

    Example:
        >>> Split(np.arange(15), np.array([19]), n_skipped=4).n_examples
        20
    """

    training: np.ndarray
    held_out: np.ndarray
    n_skipped: int

    @property
    def n_examples(self) -> int:
        """All of them."""
        return len(self.training) + len(self.held_out) + self.n_skipped


def split_examples(loudness_db: np.ndarray, share: float = SHARE) -> Split:
    """Divides a dataset so that no moment of a recording is in both parts.

    `ddsp prepare` cuts windows that overlap in time and mixes their order, as the
    original does. Which of them overlap is seen from their loudness, whose curves are
    equal, number by number, where two windows show the same moment. A stretch at the
    end of a recording is held out, and what overlaps with it is not trained on.

    Args:
        loudness_db: Loudness of each example in dB, [n_examples, n_frames].
        share: Share of the examples to hold out, from 0 to 0.5.

    Returns:
        The division. Nothing is held out where share is 0, there are fewer than ten
        examples, or less than half of them would be left to train on.

    Raises:
        ValueError: If share is outside its range.
    """
    if not 0.0 <= share <= 0.5:
        raise ValueError(
            f"share must be from 0 to 0.5. Got share={share}; 0.05 holds out one "
            "example of 20, 0 none."
        )
    n_examples = len(loudness_db)
    nothing = Split(np.arange(n_examples), np.zeros(0, np.int64), 0)
    if not share or n_examples < FEWEST_EXAMPLES:
        return nothing
    shared = _count_shared_moments(np.asarray(loudness_db, np.float32))
    held_out = _choose_stretch(shared, max(1, math.floor(n_examples * share)))
    is_lost = np.asarray(shared[held_out].sum(axis=0)).ravel() > 0
    is_lost[held_out] = True
    training = np.flatnonzero(~is_lost)
    if 2 * len(training) < n_examples:
        return nothing
    return Split(training, held_out, n_examples - len(training) - len(held_out))


def _count_shared_moments(loudness_db: np.ndarray) -> sparse.csr_array:
    """How many moments each two examples share, [n_examples, n_examples]."""
    n_examples, n_frames = loudness_db.shape
    n_moments = max(0, n_frames - MOMENT_FRAMES + 1)
    numbers = loudness_db.view(np.uint32).astype(np.uint64)
    hashes = np.zeros([n_examples, n_moments], np.uint64)
    is_constant = np.ones([n_examples, n_moments], bool)
    for i in range(MOMENT_FRAMES):
        later = numbers[:, i : i + n_moments]
        hashes = (hashes ^ later) * HASH_FACTOR
        hashes ^= hashes >> np.uint64(29)
        is_constant &= later == numbers[:, :n_moments]
    one_of = np.uint64(1 + hashes.size // MAX_MOMENTS)
    # Silence is like any other silence and says nothing.
    is_compared = ~is_constant & ((hashes >> np.uint64(32)) % one_of == 0)
    examples, _ = np.nonzero(is_compared)
    _, moments = np.unique(hashes[is_compared], return_inverse=True)
    table = sparse.csr_array(
        (np.ones(len(examples), np.int64), (examples, moments)),
        shape=(n_examples, int(moments.max(initial=0)) + 1),
    )
    table.data[:] = 1
    shared = (table @ table.T).tocoo()
    is_other = shared.row != shared.col
    counts = (shared.data[is_other], (shared.row[is_other], shared.col[is_other]))
    return sparse.csr_array(counts, shape=shared.shape)


def _choose_stretch(shared: sparse.csr_array, n_wanted: int) -> np.ndarray:
    """Numbers of examples that follow each other in time, from an end inwards."""
    _, recordings = csgraph.connected_components(shared, directed=False)
    n_neighbours = np.diff(shared.indptr)
    is_free = np.ones(shared.shape[0], bool)
    nearness = np.zeros(shared.shape[0], np.int64)
    chosen: list[int] = []
    while len(chosen) < n_wanted:
        near = np.where(is_free, nearness, 0)
        if np.any(near):
            number = int(np.argmax(near))
        else:
            # An end of a recording has few neighbours that could not be used.
            last = np.flatnonzero(is_free)[-1]
            inside = np.flatnonzero(is_free & (recordings == recordings[last]))
            number = int(inside[np.argmin(n_neighbours[inside])])
        chosen.append(number)
        is_free[number] = False
        row = slice(*shared.indptr[number : number + 2])
        nearness[shared.indices[row]] += shared.data[row]
    return np.array(chosen, np.int64)


class RecordSubset(DataProvider):
    """Gives only some of the examples of a provider, by their place in the files.

    Example:
        >>> provider = TFRecordProvider("violin_dataset")  # doctest: +SKIP
        >>> first = RecordSubset(provider, np.arange(100))  # doctest: +SKIP
        >>> len(list(first.get_dataset(shuffle=False)))  # doctest: +SKIP
        100
    """

    def __init__(self, provider: TFRecordProvider, examples: np.ndarray) -> None:
        """Takes the provider.

        Args:
            provider: Provider of all examples.
            examples: Numbers of those to give, in the order of the files, int64,
                [n_examples].
        """
        super().__init__(provider.sample_rate, provider.frame_rate)
        self.provider = provider
        self.examples = examples

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the examples once.

        Args:
            shuffle: Whether to give them in another order each time; otherwise they
                come in the order of their numbers as they were given.

        Returns:
            Dataset of dictionaries of float32 tensors, [n_samples] or [n_frames].

        Raises:
            InputError: If a file is missing or truncated.
        """
        index = self._index()
        numbers = tf.data.Dataset.range(index.n_records)
        if shuffle:
            numbers = numbers.shuffle(index.n_records, seed=self.provider._seed)
        read = self._reader(index)
        return numbers.map(read, num_parallel_calls=tf.data.AUTOTUNE)

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives batches without end, in an order that a seed fixes.

        Args:
            batch_size: Examples in a batch.
            seed: Seed of the order.
            first_batch: How many batches to leave out at the beginning.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.

        Raises:
            InputError: If a file is missing or truncated.
        """
        index = self._index()
        return order.numbered_batches(
            index.n_records, self._reader(index), batch_size, seed, first_batch
        )

    def _index(self) -> RecordIndex:
        """Where the records lie."""
        files = record_files.find_records(self.provider._file_pattern)
        return index_records(files).part(self.examples)

    def _reader(self, index: RecordIndex) -> Callable[[tf.Tensor], Any]:
        """From the number of a record to its example."""
        return lambda number: self.provider.parse_record(index.read(number))


def hold_out(
    provider: Any, share: float = SHARE, say: Callable[[str], None] = logging.info
) -> tuple[Any, DataProvider | None]:
    """Divides what a provider gives into a part to train on and a part to listen to.

    The division depends on nothing but the records, which are read once for it; so a
    resumed run has the same one.

    Args:
        provider: Provider of training data. Of others than a `TFRecordProvider` of
            local files, which may be augmented, nobody knows which examples overlap:
            they are left whole.
        share: Share of the examples to hold out, from 0 to 0.5.
        say: Receives one line about what is held out, or why nothing is.

    Returns:
        A provider of the training examples and one of the held-out ones, or the
        provider itself and None.

    Raises:
        InputError: If the records cannot be read.
        ValueError: If share is outside its range.
    """
    if not share:
        return provider, None
    if isinstance(provider, AugmentedProvider):
        training, held_out = hold_out(provider.provider, share, say)
        # What is listened to stays as it was recorded.
        return (provider.of(training) if held_out else provider), held_out
    if not isinstance(provider, TFRecordProvider) or _has_own_order(type(provider)):
        say(f"no validation: {type(provider).__name__} gives no numbered examples")
        return provider, None
    if not isinstance(provider.features_dict.get(LOUDNESS), tf.io.FixedLenFeature):
        say(f"no validation: {type(provider).__name__} gives no loudness to compare")
        return provider, None
    files = record_files.find_records(provider._file_pattern)
    if any(record_files.is_remote(file) for file in files):
        say("no validation: the records are not on this machine")
        return provider, None
    provider._check_files(files)
    split = split_examples(_read_loudness(provider), share)
    n_held_out = len(split.held_out)
    if not n_held_out:
        say(f"no validation: {split.n_examples} examples are too few to hold some out")
        return provider, None
    skipped = f"; {split.n_skipped} overlap with them and are not used"
    say(
        f"validation: {n_held_out} of {split.n_examples} examples are held out"
        f"{skipped if split.n_skipped else ''}"
    )
    return (
        RecordSubset(provider, split.training),
        RecordSubset(provider, split.held_out),
    )


def _has_own_order(provider_class: type) -> bool:
    """Whether a subclass gives examples in a way of its own."""
    return any(
        getattr(provider_class, name) is not getattr(TFRecordProvider, name)
        for name in ("get_dataset", "get_batch", "get_training_batches")
    )


def _read_loudness(provider: TFRecordProvider) -> np.ndarray:
    """Loudness of all examples in the order of the files, [n_examples, n_frames]."""
    features = {LOUDNESS: provider.features_dict[LOUDNESS]}
    files = record_files.find_records(provider._file_pattern)
    records = tf.data.TFRecordDataset(files).batch(64)
    curves = records.map(
        lambda batch: tf.io.parse_example(batch, features)[LOUDNESS],
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    try:
        return np.concatenate(list(curves.as_numpy_iterator()))
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
        raise InputError(
            "All records of a dataset must be whole and of one length. Got "
            f"{files[0]} and so on, of which one is not; prepare the dataset again."
        ) from error
