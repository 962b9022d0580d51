"""Whether a dataset and a model go together, said in one line where they do not."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from ddsp.training import config, data
from ddsp.training.errors import InputError

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
        raise InputError(
            "The model must fit the examples of the dataset. Got: "
            f"{_reason(error)}. Prepare the dataset with the rates and example_secs of "
            "the model's configuration."
        ) from error


def _reason(error: Exception) -> str:
    """What an error says, in one line without colours and names of operations."""
    text = re.sub("\x1b\\[[0-9;]*m", "", str(error))
    text = re.sub(r"{{.*?}} | \[Op:.*?\]", "", text)
    lines = [line for line in text.splitlines() if line.strip()]
    # Keras first tells where the error was.
    told = [line for line in lines if "encountered when" not in line] or lines
    return told[0].strip().rstrip(".") if told else type(error).__name__


def check_provider(name: str) -> None:
    """Makes sure that records are named and have the rates of the model.

    Args:
        name: What the data provider is bound to, such as 'train.data_provider'.
            Providers of anything but records are not looked at.

    Raises:
        InputError: If there is no file_pattern, a `dataset.json` beside the records
            contradicts the configuration, or the macro 'sample_rate' or 'frame_rate' of
            the model's configuration is another rate than the dataset's.
    """
    reference = config.bound_value(name)
    made = getattr(getattr(reference, "configurable", None), "wrapped", None)
    if not isinstance(made, type) or not issubclass(made, data.TFRecordProvider):
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
    for rate in RATES:
        wanted, got = config.bound_value(f"%{rate}"), getattr(provider, rate)
        if wanted is not None and got != wanted:
            raise InputError(
                f"A dataset must have the rates of the model's configuration, with "
                f"{rate}={wanted}. Got {rate}={got}; prepare it again with: ddsp "
                f"prepare RECORDINGS -o DATASET --{rate} {wanted}"
            )
