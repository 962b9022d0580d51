"""The state of Adam: its count of steps, and two moments of each variable.

Three ways to store moments are known. Until TensorFlow 2.10 they were slots, which the
object graph ties to their variables. TensorFlow 2.11 has them in one list, first and
second moment in turn, from number 1 on, and says in their full names whose they are.
Ours are in the same list, in the order of the variables.
"""

import re
from typing import Any

import tensorflow as tf
from absl import logging

from ddsp.training.checkpoints.saved import OPTIMIZER, SavedCheckpoint
from ddsp.training.checkpoints.view import SEPARATOR

_Keys = dict[str, tuple[str, str]]


def adam_moments(named: dict[str, Any], optimizer: Any) -> dict[str, tuple[Any, Any]]:
    """Collects the moments that Adam keeps.

    Args:
        named: Variables by path, from `named_variables`.
        optimizer: A built Keras optimizer with moments.

    Returns:
        First and second moment of each variable that is trained, by its path, in the
        order of `named`.
    """
    index = {id(v): i for i, v in enumerate(optimizer._trainable_variables)}
    moments = list(zip(optimizer._momentums, optimizer._velocities, strict=True))
    return {
        name: moments[index[id(variable)]]
        for name, variable in named.items()
        if id(variable) in index
    }


def optimizer_values(
    saved: SavedCheckpoint,
    named: dict[str, Any],
    nodes: dict[str, int | None],
    optimizer: Any,
) -> list[tuple[Any, Any]]:
    """Reads the state of an optimizer.

    Args:
        saved: The checkpoint.
        named: Variables of the model by path.
        nodes: Numbers of their nodes in the checkpoint; None where it has none.
        optimizer: A built Keras optimizer with moments.

    Returns:
        The optimizer's variables with their values. Moments that the checkpoint does
        not hold are 0; a warning says so.

    Raises:
        InputError: If a value is damaged.
    """
    moments = adam_moments(named, optimizer)
    read = _read_moments(saved, moments, nodes)
    values = [(optimizer.iterations, saved.step())]
    for name, slots in moments.items():
        stored = read.get(name, [tf.zeros_like(slot) for slot in slots])
        values += zip(slots, stored, strict=True)
    missing = [name for name in moments if name not in read]
    if missing:
        logging.warning(
            "%s holds no moments of Adam for %d of %d variables, such as %s: they "
            "start at zero.",
            saved.path,
            len(missing),
            len(moments),
            missing[0],
        )
    return values


def _read_moments(
    saved: SavedCheckpoint,
    moments: dict[str, tuple[Any, Any]],
    nodes: dict[str, int | None],
) -> dict[str, list[tf.Tensor]]:
    """Stored moments by path, where there are some of the right shape."""
    trained = {name: nodes[name] for name in moments}
    keys = (
        _keys_of_slots(saved, trained)
        or _keys_by_name(saved, trained)
        or _keys_in_order(saved, trained)
    )
    read = {}
    for name, pair in keys.items():
        stored = saved.read(pair, [slot.dtype for slot in moments[name]])
        if all(s.shape == m.shape for s, m in zip(stored, moments[name], strict=True)):
            read[name] = stored
    return read


def _keys_of_slots(saved: SavedCheckpoint, trained: dict[str, int | None]) -> _Keys:
    """Keys of moments that the object graph ties to variables."""
    optimizer = saved.node(OPTIMIZER)
    if optimizer is None:
        return {}
    slots = {
        (slot.original_variable_node_id, slot.slot_name): slot.slot_variable_node_id
        for slot in saved.nodes[optimizer].slot_variables
    }
    pairs = {
        name: [saved.key(slots.get((node, slot))) for slot in ("m", "v")]
        for name, node in trained.items()
        if node is not None
    }
    return {name: (m, v) for name, (m, v) in pairs.items() if m and v}


def _listed_nodes(saved: SavedCheckpoint) -> list[int]:
    """Nodes of the list of moments; number 0 is the count of steps."""
    node = saved.node(f"{OPTIMIZER}{SEPARATOR}_variables")
    children = () if node is None else saved.nodes[node].children
    numbers = {child.local_name: child.node_id for child in children}
    listed: list[int] = []
    while str(len(listed) + 1) in numbers:
        listed.append(numbers[str(len(listed) + 1)])
    return listed


def _keys_by_name(saved: SavedCheckpoint, trained: dict[str, int | None]) -> _Keys:
    """Keys of moments that are named after their variables, as 'Adam/m/<variable>'."""
    found: dict[tuple[str, str], str] = {}
    for node in _listed_nodes(saved):
        match = re.fullmatch(r"[^/]+/([mv])/(.+)", saved.full_name(node))
        key = saved.key(node)
        if not match or key is None or (match[1], match[2]) in found:
            return {}
        found[match[1], match[2]] = key
    names = {name: saved.full_name(node) for name, node in trained.items()}
    if len(set(names.values())) < len(names):
        return {}
    return {
        name: (found["m", full], found["v", full])
        for name, full in names.items()
        if ("m", full) in found and ("v", full) in found
    }


def _keys_in_order(saved: SavedCheckpoint, trained: dict[str, int | None]) -> _Keys:
    """Keys of moments that only their order ties to variables."""
    keys = [saved.key(node) for node in _listed_nodes(saved)]
    pairs = [(m, v) for m, v in zip(keys[::2], keys[1::2], strict=False) if m and v]
    if len(keys) != 2 * len(trained) or len(pairs) != len(trained):
        return {}
    return dict(zip(trained, pairs, strict=True))
