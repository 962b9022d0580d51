"""Checkpoints with any object graph, as programs that cannot run here wrote them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def read_values(path: Any) -> dict[str, np.ndarray]:
    """All values of a checkpoint by key, read without its object graph."""
    reader = tf.train.load_checkpoint(str(path))
    keys = reader.get_variable_to_shape_map()
    return {
        key.removesuffix(SUFFIX): np.asarray(reader.get_tensor(key))
        for key in keys
        if key != GRAPH_KEY
    }


class GraphFile:
    """A checkpoint that is put together node by node."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        """Starts with a root, and adds values by path."""
        self.graph = trackable_object_graph_pb2.TrackableObjectGraph()
        self.graph.nodes.add()
        self.values: dict[str, np.ndarray] = {}
        for path, value in (values or {}).items():
            self.add(path, value)

    def node(self, path: str) -> int:
        """Number of the node at a path, which is made if there is none."""
        number = 0
        for part in path.split("/"):
            children = self.graph.nodes[number].children
            known = {child.local_name: child.node_id for child in children}
            if part not in known:
                known[part] = len(self.graph.nodes)
                children.add(node_id=known[part], local_name=part)
                self.graph.nodes.add()
            number = known[part]
        return number

    def add(self, path: str, value: Any, full_name: str = "", key: str = "") -> None:
        """Adds a variable; its key may differ from its path."""
        self._store(self.node(path), key or f"{path}{SUFFIX}", value, full_name)

    def _store(self, number: int, key: str, value: Any, full_name: str = "") -> None:
        self.graph.nodes[number].attributes.add(
            name="VARIABLE_VALUE", full_name=full_name, checkpoint_key=key
        )
        self.values[key] = np.asarray(value)

    def link(self, path: str, to: str) -> None:
        """Gives a node one more name."""
        number = self.node(to)
        parent, _, name = path.rpartition("/")
        self.graph.nodes[self.node(parent)].children.add(
            node_id=number, local_name=name
        )

    def add_slot(self, variable: str, slot: str, value: Any) -> None:
        """Adds a moment, as optimizers did until TensorFlow 2.10."""
        number = len(self.graph.nodes)
        self.graph.nodes.add()
        key = f"{variable}/.OPTIMIZER_SLOT/optimizer/{slot}{SUFFIX}"
        self._store(number, key, value)
        self.graph.nodes[self.node("optimizer")].slot_variables.add(
            original_variable_node_id=self.node(variable),
            slot_name=slot,
            slot_variable_node_id=number,
        )

    def write(self, path: Any) -> str:
        """Writes the files."""
        values = {**self.values, GRAPH_KEY: self.graph.SerializeToString()}
        tf.raw_ops.SaveV2(
            prefix=str(path),
            tensor_names=list(values),
            shape_and_slices=[""] * len(values),
            tensors=[tf.convert_to_tensor(value) for value in values.values()],
        )
        return str(path)
