"""The state of Adam: its count of steps, and two moments of each variable.

Four ways to tell whose moments are whose are known. Ours lie in the object graph under
the names of their variables. Until TensorFlow 2.10 moments were slots, which the graph
ties to variables. TensorFlow 2.11 and Keras 3 have them in a list, and only their full
names say whose they are. Their order says nothing: a model may have changed since.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from absl import logging

from ddsp.training.checkpoints.saved import MODEL, OPTIMIZER, SavedCheckpoint
from ddsp.training.checkpoints.view import SEPARATOR

_Keys = dict[str, tuple[str, str]]
# Names of moments by the names of variables; keys lie under 'optimizer/_variables'.
_BY_VARIABLE = "_moments"
_SLOTS = ("m", "v")


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


def moments_tree(moments: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Puts moments where their variables are in the model.

    Args:
        moments: What `adam_moments` returned.

    Returns:
        Nested dictionary for the optimizer's branch of a checkpoint.
    """
    tree: dict[str, Any] = {}
    for i, slot in enumerate(_SLOTS):
        for name, pair in moments.items():
            parts = [_BY_VARIABLE, slot, *name.split(SEPARATOR)]
            last, branch = parts.pop(), tree
            for part in parts:
                branch = branch.setdefault(part, {})
            branch[last] = pair[i]
    return tree


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
        not hold, or does not say whose they are, are 0; a warning says so.

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
    trained = {name: node for name in moments if (node := nodes[name]) is not None}
    keys = (
        _keys_of_links(saved, trained)
        or _keys_of_slots(saved, trained)
        or _keys_by_name(saved, trained)
    )
    read = {}
    for name, pair in keys.items():
        stored = saved.read_as(pair, [slot.dtype for slot in moments[name]])
        if all(s.shape == m.shape for s, m in zip(stored, moments[name], strict=True)):
            read[name] = stored
    return read


def _keys_of_links(saved: SavedCheckpoint, trained: dict[str, int]) -> _Keys:
    """Keys of moments that lie under the names of their variables."""
    branch = f"{OPTIMIZER}{SEPARATOR}{_BY_VARIABLE}{SEPARATOR}"
    return _whole_pairs(
        trained,
        lambda name, slot: saved.key(saved.node(f"{branch}{slot}{SEPARATOR}{name}")),
    )


def _keys_of_slots(saved: SavedCheckpoint, trained: dict[str, int]) -> _Keys:
    """Keys of moments that the object graph ties to variables."""
    optimizer = saved.node(OPTIMIZER)
    if optimizer is None:
        return {}
    slots = {
        (slot.original_variable_node_id, slot.slot_name): slot.slot_variable_node_id
        for slot in saved.nodes[optimizer].slot_variables
    }
    return _whole_pairs(
        trained, lambda name, slot: saved.key(slots.get((trained[name], slot)))
    )


def _keys_by_name(saved: SavedCheckpoint, trained: dict[str, int]) -> _Keys:
    """Keys of moments that are named after their variables.

    Names that two moments share, or two variables of the checkpoint, lead nowhere.
    """
    list_node = saved.node(f"{OPTIMIZER}{SEPARATOR}_variables")
    if list_node is None:
        return {}
    found: dict[tuple[str, str], list[str | None]] = {}
    for node in saved.children(list_node).values():
        owner = _owner(saved.full_name(node))
        if owner is not None:
            found.setdefault(owner, []).append(saved.key(node))
    every = [saved.full_name(node) for node in saved.nodes_below(MODEL)]
    shared = Counter(name for full in every for name in {full, _flat(full)} if full)

    def key_of(name: str, slot: str) -> str | None:
        full = saved.full_name(trained[name])
        for known in {full, _flat(full)}:
            keys = found.get((slot, known), [])
            if len(keys) == 1 and shared[known] == 1:
                return keys[0]
        return None

    return _whole_pairs(trained, key_of)


def _owner(full_name: str) -> tuple[str, str] | None:
    """Slot and variable of a moment, from 'Adam/m/<name>' or 'adam/<name>_momentum'."""
    if match := re.fullmatch(r"[^/]+/([mv])/(.+)", full_name):
        return match[1], match[2]
    if match := re.fullmatch(r"[^/]+/([^/]+)_(momentum|velocity)", full_name):
        return "m" if match[2] == "momentum" else "v", match[1]
    return None


def _flat(full_name: str) -> str:
    """A variable's name as Keras 3 writes it in the names of its moments."""
    return full_name.replace("/", "_")


def _whole_pairs(
    trained: dict[str, int], key_of: Callable[[str, str], str | None]
) -> _Keys:
    """Keys of both moments of each variable that has both."""
    pairs = {name: [key_of(name, slot) for slot in _SLOTS] for name in trained}
    return {name: (m, v) for name, (m, v) in pairs.items() if m and v}
