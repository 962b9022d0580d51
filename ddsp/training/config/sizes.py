"""Sizes that a config asks for, compared with what its checkpoint holds.

A number in a config costs nothing, what it asks for may fill any machine. No honest
model has more layers than its checkpoint has variables, nor wider ones than it has
values.
"""

import math
import sys
from typing import Any, NamedTuple

import gin
import tensorflow as tf

from ddsp.training.config.expansion import Bindings, active_bindings
from ddsp.training.config.raw_values import leaves
from ddsp.training.errors import InputError

# Numbers of layers, one within the other: a stack of each, with variables in each.
COUNTS = frozenset(
    ("block_sizes", "fc_stack_layers", "layers", "layers_per_stack", "stacks")
)
# Decoders that have a stack for each of their input keys.
STACK_PER_KEY = frozenset(("ddsp.training.decoders.RnnFcDecoder",))
# Sizes of variables.
WIDTHS = frozenset(
    (
        "ch",
        "dims",
        "fc_stack_ch",
        "filters",
        "gru_dim",
        "k",
        "kernel_size",
        "n_dims",
        "n_out",
        "n_rnn",
        "num_heads",
        "out_feat",
        "output_splits",
        "rnn_ch",
        "rnn_channels",
        "rnn_feat",
        "units",
        "vocab_size",
        "z_dims",
    )
)
# Variables, unless they are not trained: then features have them.
LENGTHS = frozenset(("reverb_length",))
# Some 12 hours at 48 kHz, and more than any rate or number of frames.
MAX_SIZE = 1 << 31
# Parts without variables, and those that this model does not use, may have that much.
MIN_COUNT, MIN_WIDTH, MIN_LENGTH = 32, 1 << 16, 1 << 22


class Limits(NamedTuple):
    """What a model can be made of.

    Attributes:
        n_variables: Variables that the checkpoint holds.
        n_values: Numbers in all of them.

    Example:
        >>> Limits(n_variables=20, n_values=288480).n_variables
        20
    """

    n_variables: int
    n_values: int


# Ten times what the largest model of the original has.
WITHOUT_CHECKPOINT = Limits(1000, 1 << 28)


class SizeError(ValueError):
    """A binding asks for more than a checkpoint can hold.

    Attributes:
        key: Scope and complete name of the configurable.
        argument: Name of the argument.

    Example:
        >>> SizeError(("", "ddsp.training.nn.FcStack"), "layers", "too many").argument
        'layers'
    """

    def __init__(self, key: tuple[str, str], argument: str, message: str) -> None:
        """Says of what the binding is.

        Args:
            key: Scope and complete name of the configurable.
            argument: Name of the argument.
            message: What must hold, what was got.
        """
        super().__init__(message)
        self.key, self.argument = key, argument


def limits_of(checkpoint: str) -> Limits:
    """Finds out what a checkpoint can hold.

    Args:
        checkpoint: Path of the checkpoint, without the endings of its files.

    Returns:
        Its limits, with those of its optimizer.

    Raises:
        InputError: If the checkpoint cannot be read.
    """
    try:
        shapes = tf.train.load_checkpoint(checkpoint).get_variable_to_shape_map()
    # A damaged index shows as any of these.
    except (ValueError, OSError, RuntimeError, tf.errors.OpError) as error:
        raise InputError(
            f"A checkpoint must be readable. Got {checkpoint}.index, which is damaged; "
            "copy the model again."
        ) from error
    return Limits(len(shapes), sum(math.prod(shape) for shape in shapes.values()))


def check_sizes(bindings: Bindings, limits: Limits) -> None:
    """Refuses numbers that no model of a checkpoint can need.

    Args:
        bindings: All bindings that are not of a run: values, by argument, by scope and
            complete name of a configurable. Macros, which do not name themselves, are
            those of 'gin.macro', by scope.
        limits: What the checkpoint holds.

    Raises:
        SizeError: If a number is too large.
    """
    extents: dict[str, Extent] = {}
    for key in bindings:
        # A macro is looked at where it is used, which tells how large it may be.
        if key[1] != "gin.macro":
            _check_configurable(bindings, key, limits, extents)


class Extent(NamedTuple):
    """How large the numbers of a value are, without their signs.

    Attributes:
        largest: The largest of them.
        total: Their sum.
        n_leaves: How many things the value is made of.

    Example:
        >>> Extent(largest=3.0, total=5.0, n_leaves=2).total
        5.0
    """

    largest: float = 0.0
    total: float = 0.0
    n_leaves: int = 0


def _check_configurable(
    bindings: Bindings,
    key: tuple[str, str],
    limits: Limits,
    extents: dict[str, Extent],
) -> None:
    """Looks at all arguments of a configurable within a scope."""
    most_layers, n_layers = max(limits.n_variables, MIN_COUNT), 1.0
    for name, value in active_bindings(bindings, *key).items():
        extent = _extent(bindings, value, extents)
        if name in COUNTS:
            # There are so many layers in each of so many stacks.
            n_layers *= max(extent.total, 1.0)
            _check(key, name, extent.total, most_layers)
            _check(key, name, n_layers, most_layers, "layers in all")
        elif name == "input_keys":
            _check(key, name, extent.n_leaves, most_layers, "input keys")
            if key[1] in STACK_PER_KEY:
                n_layers *= max(extent.n_leaves, 1)
                _check(key, name, n_layers, most_layers, "layers in all")
        else:
            _check(key, name, extent.largest, _limit(name, limits))


def _limit(name: str, limits: Limits) -> float:
    """The largest value of an argument that counts no layers."""
    if name in WIDTHS:
        return max(limits.n_values, MIN_WIDTH)
    if name in LENGTHS:
        return max(limits.n_values, MIN_LENGTH)
    return math.inf if "seed" in name else MAX_SIZE


def _check(
    key: tuple[str, str], name: str, size: float, most: float, what: str = ""
) -> None:
    """Raises for a number that is too large."""
    if size > most:
        configurable = key[1].rpartition(".")[2]
        got = f"{configurable} with {what or name} = {size:.12g}"
        raise SizeError(
            key,
            name,
            f"a model must not be larger than its checkpoint. Got {got}, where at most "
            f"{most:.12g} can be",
        )


def _extent(bindings: Bindings, value: Any, extents: dict[str, Extent]) -> Extent:
    """How large a value is, with each macro looked at once and kept in extents."""
    largest, total, n_leaves = 0.0, 0.0, 0
    for leaf in leaves(value):
        found = Extent(n_leaves=1)
        if isinstance(leaf, (int, float)):
            # An integer may be too large for a float.
            size = float(min(abs(leaf), sys.float_info.max))
            found = Extent(size, size, 1)
        elif isinstance(leaf, gin.config.ConfigurableReference):
            macro = "/".join(leaf.scopes)
            if leaf.configurable.selector == "gin.macro":
                if macro not in extents:
                    meaning = bindings.get((macro, "gin.macro"), {}).get("value")
                    extents[macro] = _extent(bindings, meaning, extents)
                found = extents[macro]
        largest = max(largest, found.largest)
        total += found.total
        n_leaves += found.n_leaves
    return Extent(largest, total, n_leaves)
