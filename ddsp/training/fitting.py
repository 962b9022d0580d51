"""Whether a dataset and a model go together, said in one line where they do not."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from ddsp.training import config, data
from ddsp.training.errors import InputError, first_line

RATES = ("sample_rate", "frame_rate")


@contextlib.contextmanager
def refusing_what_does_not_fit() -> Iterator[None]:
    """Turns what a model says of examples of other lengths into one line.

    It belongs around the first time that a batch goes through a model, and around
    nothing else: later, the same errors are faults of the program.

    Yields:
        Nothing.

    Raises:
        InputError: If there is a ValueError or an InvalidArgumentError within.

    Example:
        >>> with refusing_what_does_not_fit():
        ...     sound = tf.ones([2, 64000]) + tf.ones([1, 64000])
    """
    try:
        yield
    except InputError:
        raise
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        told = first_line(error).rstrip(".") or type(error).__name__
        raise InputError(
            "The model must fit the examples of the dataset. Got: "
            f"{told}. Prepare the dataset with the rates and example_secs of "
            "the model's configuration."
        ) from error


def read_batches(batches: Iterable[Any]) -> Iterator[Any]:
    """Gives batches, with the mistakes that only reading a dataset can show.

    Args:
        batches: Batches of a data provider.

    Yields:
        The batches.

    Raises:
        InputError: If there is none, or the records are not as the provider expects.
    """
    is_empty = True
    try:
        for batch in batches:
            is_empty = False
            yield batch
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
        raise InputError(
            "The dataset must have the features and lengths that the data provider "
            f"expects. Got: {first_line(error)} Bind the rates and example_secs that "
            "the dataset was prepared with."
        ) from error
    if is_empty:
        raise InputError(
            "The data provider must give at least one batch. Got none; look for "
            "records in the dataset, or lower the batch size."
        )


def check_provider(name: str) -> None:
    """Makes sure that records are named and have the rates of the model.

    Args:
        name: What the data provider is bound to, such as 'train.data_provider'.
            Providers of anything but records, changed or as they are, are not looked
            at.

    Raises:
        InputError: If there is no file_pattern, a `dataset.json` beside the records
            contradicts the configuration, or the macro 'sample_rate' or 'frame_rate' of
            the model's configuration is another rate than the dataset's.
    """
    reference = config.bound_value(name)
    made = getattr(getattr(reference, "configurable", None), "wrapped", None)
    if not isinstance(made, type):
        return
    if issubclass(made, data.AugmentedProvider):
        check_provider("AugmentedProvider.provider")
    if not issubclass(made, data.TFRecordProvider):
        return
    try:
        provider = reference.scoped_configurable_fn()
    except NotImplementedError as error:
        binding = "/".join([*reference.scopes, reference.configurable.name])
        binding = f"{binding}.file_pattern"
        raise InputError(
            f"A configuration must say where the records are. Got no {binding}; add "
            f"--gin_param=\"{binding}='FOLDER/data.tfrecord*'\"."
        ) from error
    require_rates({rate: getattr(provider, rate) for rate in RATES})


def require_rates(rates: Mapping[str, float]) -> None:
    """Makes sure that a dataset has the rates of the model's configuration.

    Args:
        rates: The dataset's 'sample_rate' and 'frame_rate', per second.

    Raises:
        InputError: If the macro of one of these names says something else.
    """
    for rate in RATES:
        wanted, got = config.bound_value(f"%{rate}"), rates[rate]
        if wanted is not None and got != wanted:
            raise InputError(
                f"A dataset must have the rates of the model's configuration, with "
                f"{rate}={wanted}. Got {rate}={got}; prepare it again with: ddsp "
                f"prepare RECORDINGS -o DATASET --{rate} {wanted}"
            )
