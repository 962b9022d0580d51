"""Reading checkpoints: every variable gets its value, or an error names it."""

import contextlib
import dataclasses
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from absl import logging
from tensorflow.core.protobuf import trackable_object_graph_pb2

from ddsp.training.checkpoints.paths import get_latest_checkpoint
from ddsp.training.checkpoints.view import (
    SEPARATOR,
    leaves_of,
    named_variables,
    optimizer_slots,
)
from ddsp.training.errors import InputError

_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def restore_checkpoint(
    model: Any,
    path: str | Path,
    optimizer: Any = None,
    restore_keys: Sequence[str] | None = None,
    verbose: bool = True,
) -> int:
    """Takes the values of all variables from a checkpoint.

    Nothing is changed unless every variable has a value.

    Args:
        model: A model that has been called.
        path: A folder, whose newest checkpoint is used, or the path of a checkpoint.
        optimizer: The model's Adam optimizer, whose state is restored too; built if it
            is not yet. Where the checkpoint's moments do not fit, they start afresh.
        restore_keys: Names of the only attributes of the model to restore, such as
            'decoder'; None for the whole model.
        verbose: Whether to log which values of the checkpoint were not needed.

    Returns:
        Steps that were done when the checkpoint was written.

    Raises:
        InputError: If there is no checkpoint, it is damaged, or a variable has no value
            of its shape in it.
    """
    saved = _Saved(get_latest_checkpoint(path))
    named = named_variables(model)
    values = saved.values_of(_select(named, restore_keys))
    step = saved.step()
    if optimizer is not None:
        values += _optimizer_values(saved, named, model, optimizer)
    for variable, value in values:
        variable.assign(value)
    if verbose and restore_keys is None:
        saved.report_unused(named)
    return step


def _select(
    named: dict[str, Any], restore_keys: Sequence[str] | None
) -> dict[str, Any]:
    """The variables below the given attributes."""
    if restore_keys is None:
        return named
    return {
        name: variable
        for name, variable in named.items()
        if name.split(SEPARATOR)[0] in restore_keys
    }


def _optimizer_values(
    saved: "_Saved", named: dict[str, Any], model: Any, optimizer: Any
) -> list[tuple[Any, Any]]:
    """The optimizer's variables with their values."""
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    values = [(optimizer.iterations, saved.step())]
    slots = optimizer_slots(named, optimizer)
    # Number 0 is the count of steps.
    names = [f"optimizer/_variables/{i + 1}" for i in range(len(slots) + 1)]
    keys = [key for key in map(saved.find, names) if key is not None]
    if len(keys) == len(slots):
        moments = saved.read(keys, [slot.dtype for slot in slots])
        if [m.shape for m in moments] == [slot.shape for slot in slots]:
            return values + list(zip(slots, moments, strict=True))
    logging.warning(
        "%s holds no moments of Adam for these variables: they start at zero.",
        saved.path,
    )
    return values


class _Saved:
    """A checkpoint on the disk, addressed by the names of its object graph."""

    def __init__(self, path: str) -> None:
        self.path = path
        (graph,) = self.read([_GRAPH_KEY], [tf.string])
        self._nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(
            graph.numpy()
        ).nodes

    def find(self, name: str) -> str | None:
        """Key of the value at a path of names, such as 'model/decoder/rnn'."""
        node = self._nodes[0]
        for part in name.split(SEPARATOR):
            numbers = {child.local_name: child.node_id for child in node.children}
            if part not in numbers:
                return None
            node = self._nodes[numbers[part]]
        return next(iter(_keys(node)), None)

    def read(self, keys: Sequence[str], dtypes: Sequence[Any]) -> list[tf.Tensor]:
        """The values of keys."""
        if not keys:
            return []
        try:
            with _without_patterns(self.path) as path, tf.device("CPU"):
                return tf.raw_ops.RestoreV2(
                    prefix=path,
                    tensor_names=list(keys),
                    shape_and_slices=[""] * len(keys),
                    dtypes=list(dtypes),
                )
        except tf.errors.OpError as error:
            # Less the names of operations that TensorFlow puts around it.
            reason = re.sub(r"{{.*?}} | \[Op:.*?\]", "", error.message).splitlines()[0]
            raise InputError(
                f"A checkpoint must be whole. Got {self.path}, which cannot be read "
                f"({reason}); use an earlier checkpoint, or copy the folder again."
            ) from error

    def values_of(self, named: dict[str, Any]) -> list[tuple[Any, Any]]:
        """Variables of a model with their values."""
        keys = []
        for name in named:
            key = self.find(f"model{SEPARATOR}{name}")
            if key is None:
                raise InputError(
                    f"A checkpoint must hold every variable of the model. Got "
                    f"{self.path} without model{SEPARATOR}{name}; use the configuration"
                    " that the model was trained with."
                )
            keys.append(key)
        values = self.read(keys, [variable.dtype for variable in named.values()])
        for (name, variable), value in zip(named.items(), values, strict=True):
            if value.shape != variable.shape:
                raise InputError(
                    f"The variable model{SEPARATOR}{name} must have shape "
                    f"{list(variable.shape)}. Got {list(value.shape)} in {self.path}; "
                    "use the configuration that the model was trained with."
                )
        return list(zip(named.values(), values, strict=True))

    def step(self) -> int:
        """Steps that were done; from the name of the file if nothing else tells."""
        for name in ("optimizer/_iterations", "optimizer/iter"):
            key = self.find(name)
            if key is not None:
                return int(self.read([key], [tf.int64])[0])
        number = re.fullmatch(r"ckpt-(\d+)", os.path.basename(self.path))
        return int(number[1]) if number else 0

    def report_unused(self, named: dict[str, Any]) -> None:
        """Logs which values the model has no variables for."""
        used = {self.find(f"model{SEPARATOR}{name}") for name in named}
        unused = sorted(
            key.split("/.ATTRIBUTES")[0]
            for key in {key for node in self._nodes for key in _keys(node)} - used
            if key.startswith(f"model{SEPARATOR}") and ".OPTIMIZER_SLOT" not in key
        )
        if unused:
            logging.warning(
                "%s holds %d values that the model has no variables for, such as %s",
                self.path,
                len(unused),
                unused[0],
            )


@contextlib.contextmanager
def _without_patterns(path: str) -> Iterator[str]:
    """A path to the same file in which TensorFlow sees no pattern."""
    if not set("*?[]") & set(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, "model")
        os.symlink(os.path.abspath(os.path.dirname(path)), link)
        yield os.path.join(link, os.path.basename(path))


def verify(path: str, tree: dict[str, Any]) -> None:
    """Reads what has been written, which compares its checksums.

    Args:
        path: Path of the checkpoint.
        tree: Nested dictionary of variables, as they were written.

    Raises:
        InputError: If a value cannot be read.
    """
    saved = _Saved(path)
    leaves = dict(leaves_of(tree))
    keys = [key for key in map(saved.find, leaves) if key is not None]
    saved.read(keys, [variable.dtype for variable in leaves.values()])


def _keys(node: Any) -> list[str]:
    """Keys of the values that belong to a node of the object graph."""
    return [a.checkpoint_key for a in node.attributes if a.name == "VARIABLE_VALUE"]


@dataclasses.dataclass(frozen=True)
class PendingRestore:
    """A restore that waits until the model has variables.

    Attributes:
        path: Path of the checkpoint.
        verbose: See `restore_checkpoint`.
        restore_keys: See `restore_checkpoint`.

    Example:
        >>> pending = PendingRestore('violin/ckpt-3000')
        >>> pending.path
        'violin/ckpt-3000'
    """

    path: str
    verbose: bool = True
    restore_keys: Sequence[str] | None = None

    def apply(self, model: Any) -> None:
        """Restores.

        Args:
            model: A model that has been called.

        Raises:
            InputError: See `restore_checkpoint`.
        """
        restore_checkpoint(
            model,
            self.path,
            restore_keys=self.restore_keys,
            verbose=self.verbose,
        )
