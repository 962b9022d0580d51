"""A checkpoint on the disk, addressed by the names of its object graph.

One variable may have several names in a graph, of which its key shows only one. So keys
are never matched: names are followed from the root, and the key lies at the end.
"""

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorflow.core.protobuf import trackable_object_graph_pb2

from ddsp.training.checkpoints.paths import checkpoint_number
from ddsp.training.checkpoints.view import SEPARATOR
from ddsp.training.errors import InputError, first_line

MODEL = "model"
OPTIMIZER = "optimizer"
_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


class SavedCheckpoint:
    """The nodes and values of a checkpoint.

    Example:
        >>> layer = tf.keras.layers.Dense(1)
        >>> layer.build([None, 2])
        >>> path = tf.train.Checkpoint(
        ...     model=tf.train.Checkpoint(kernel=layer.kernel.value)).write('ckpt-7')
        >>> saved = SavedCheckpoint(path)
        >>> saved.key(saved.node('model/kernel')), saved.step()
        ('model/kernel/.ATTRIBUTES/VARIABLE_VALUE', 7)
    """

    def __init__(self, path: str) -> None:
        """Reads the object graph.

        Args:
            path: Path of a checkpoint, without the endings of its files.

        Raises:
            InputError: If it cannot be read.
        """
        self.path = path
        self._check_files()
        self._children: dict[int, dict[str, int]] = {}
        (graph,) = self.read([_GRAPH_KEY], [tf.string])
        try:
            self.nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(
                graph.numpy()
            ).nodes
        except (DecodeError, TypeError) as error:
            raise self._damaged("its object graph is damaged") from error
        numbers = {child.node_id for node in self.nodes for child in node.children}
        for node in self.nodes:
            numbers |= {slot.slot_variable_node_id for slot in node.slot_variables}
        if not self.nodes or not numbers <= set(range(len(self.nodes))):
            raise self._damaged("its object graph has holes")

    def _check_files(self) -> None:
        """Raises if a file is none, such as a pipe, which would be read for ever."""
        folder, name = os.path.split(self.path)
        starts = (f"{name}.index", f"{name}.data-")
        if os.path.isdir(folder or "."):  # Not where the path is gs://.
            for found in os.listdir(folder or "."):
                if found.startswith(starts) and not is_regular(
                    os.path.join(folder, found)
                ):
                    raise self._damaged(f"{found} is no file")

    def node(self, name: str) -> int | None:
        """Follows names from the root.

        Args:
            name: Path of names, such as 'model/decoder/rnn'.

        Returns:
            Number of the node; None if there is none.
        """
        number = 0
        for part in name.split(SEPARATOR):
            children = self.children(number)
            if part not in children:
                return None
            number = children[part]
        return number

    def children(self, node: int) -> dict[str, int]:
        """Lists what a node leads to.

        Args:
            node: Number of the node.

        Returns:
            Numbers of nodes by name.
        """
        if node not in self._children:
            found = {c.local_name: c.node_id for c in self.nodes[node].children}
            self._children[node] = found
        return self._children[node]

    def key(self, node: int | None) -> str | None:
        """Finds where a variable's value is stored.

        Args:
            node: Number of a node, or None.

        Returns:
            Key of the value; None if there is none.
        """
        attribute = self._value(node)
        return attribute.checkpoint_key if attribute else None

    def full_name(self, node: int | None) -> str:
        """Finds the name that a variable had while it was trained.

        Args:
            node: Number of a node, or None.

        Returns:
            The name, such as 'dense_1/kernel'; empty if there is none.
        """
        attribute = self._value(node)
        return attribute.full_name if attribute else ""

    def _value(self, node: int | None) -> Any:
        """What the graph says of the value of a variable."""
        if node is None:
            return None
        attributes = self.nodes[node].attributes
        return next((a for a in attributes if a.name == "VARIABLE_VALUE"), None)

    def keys_below(self, name: str) -> dict[str, str]:
        """Finds all values below a name.

        Args:
            name: Path of names, such as 'model'.

        Returns:
            Shortest path of names by key.
        """
        keys = {path: self.key(node) for node, path in self.nodes_below(name).items()}
        return {key: path for path, key in keys.items() if key is not None}

    def nodes_below(self, name: str) -> dict[int, str]:
        """Finds all nodes below a name.

        Args:
            name: Path of names, such as 'model'.

        Returns:
            Shortest path of names by number of the node.
        """
        start = self.node(name)
        paths = {} if start is None else {start: name}
        queue = list(paths)
        for number in queue:
            for child in self.nodes[number].children:
                if child.node_id not in paths:
                    paths[child.node_id] = (
                        f"{paths[number]}{SEPARATOR}{child.local_name}"
                    )
                    queue.append(child.node_id)
        return paths

    def read(self, keys: Sequence[str], dtypes: Sequence[Any]) -> list[tf.Tensor]:
        """Reads values, and compares their checksums.

        Args:
            keys: Keys of the values.
            dtypes: Their types.

        Returns:
            The values.

        Raises:
            InputError: If one of them is missing or damaged.
        """
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
            raise self._damaged(first_line(error)) from error

    @functools.cached_property
    def dtypes(self) -> dict[str, Any]:
        """Types of all values by key."""
        with _without_patterns(self.path) as path:
            return dict(tf.train.load_checkpoint(path).get_variable_to_dtype_map())

    def read_as(self, keys: Sequence[str], dtypes: Sequence[Any]) -> list[tf.Tensor]:
        """Reads values, and casts those of one floating type to another.

        Args:
            keys: Keys of the values.
            dtypes: The types that they are to have.

        Returns:
            The values.

        Raises:
            InputError: If one of them is missing, damaged or of another kind.
        """
        stored = [self.dtypes.get(k, d) for k, d in zip(keys, dtypes, strict=True)]
        for key, have, want in zip(keys, map(tf.as_dtype, stored), dtypes, strict=True):
            both_float = have.is_floating and tf.as_dtype(want).is_floating
            if have != want and not both_float:
                raise InputError(
                    "A value in a checkpoint must have the type of its variable. Got "
                    f"{key.partition('/.ATTRIBUTES')[0]} of type {have.name} instead "
                    f"of {tf.as_dtype(want).name} in {self.path}; use the "
                    "configuration that the model was trained with."
                )
        values = self.read(keys, stored)
        return [tf.cast(v, dtype) for v, dtype in zip(values, dtypes, strict=True)]

    def check(self) -> None:
        """Reads all values, to see that the files are whole.

        Raises:
            InputError: If one of them is missing or damaged.
        """
        self.read(list(self.dtypes), list(self.dtypes.values()))

    def step(self) -> int:
        """Finds out how many steps were done.

        Returns:
            The optimizer's count, or else the number in the name, or else 0.
        """
        for name in ("_iterations", "iter"):
            key = self.key(self.node(f"{OPTIMIZER}{SEPARATOR}{name}"))
            if key is not None:
                return int(self.read([key], [tf.int64])[0])
        return checkpoint_number(self.path) or 0

    def _damaged(self, reason: str) -> InputError:
        """The error for files that are not whole."""
        return InputError(
            f"A checkpoint must be whole. Got {self.path}, which cannot be read "
            f"({reason}); use an earlier checkpoint, or copy the folder again."
        )


def is_regular(path: str) -> bool:
    """Says whether what is read from a path comes to an end.

    Args:
        path: Any path.

    Returns:
        False for pipes, devices and folders of this machine. What lies elsewhere, such
        as in gs://, has none of them.
    """
    return os.path.isfile(path) or not os.path.exists(path)


@contextlib.contextmanager
def _without_patterns(path: str) -> Iterator[str]:
    """A path to the same file in which TensorFlow sees no pattern."""
    if not set("*?[]") & set(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, MODEL)
        os.symlink(os.path.abspath(os.path.dirname(path)), link)
        yield os.path.join(link, os.path.basename(path))
