"""Variables under the names that the original's checkpoints give them.

Keras 3 names and tracks variables differently from the Keras 2 of the original, and
leaves lists of layers out of checkpoints altogether. So the names are not left to it: a
model is turned into a tree of names, and that tree is what is saved and restored.
"""

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from ddsp.training.errors import InputError

SEPARATOR = "/"


def variable_children(obj: Any) -> dict[str, Any]:
    """One level of the tree of names.

    An object may name its own children with a method `checkpoint_children() -> dict`,
    from names to variables, layers, or lists of layers. Without one, layers are known
    by the names of their attributes, the layers of lists and Sequentials by number, and
    the modules of a graph by their names.

    Args:
        obj: A layer, or a list of layers.

    Returns:
        Variables, layers and lists of layers by name, in the order in which the
        original creates them.

    Raises:
        InputError: If a layer has not been called, and so cannot know its variables.
    """
    if isinstance(obj, (list, tuple)):
        return {str(i): child for i, child in enumerate(obj)}
    if hasattr(obj, "checkpoint_children"):
        return _children_of_its_own(obj)
    if isinstance(obj, keras.Sequential):
        weighted = [layer for layer in obj.layers if layer.weights]
        return {f"layer_with_weights-{i}": layer for i, layer in enumerate(weighted)}
    if isinstance(obj, keras.layers.Bidirectional):
        return {
            name: getattr(obj, name) for name in ("forward_layer", "backward_layer")
        }
    if isinstance(obj, keras.layers.RNN):
        return {"cell": obj.cell}
    if hasattr(obj, "modules") and hasattr(obj, "module_names"):
        return dict(zip(obj.module_names, obj.modules, strict=True))
    if type(obj).__module__.split(".")[0] == "keras":
        # Layers of Keras keep their variables in private attributes.
        return {variable.name: variable for variable in obj.weights}
    return {
        name: value
        for name, value in vars(obj).items()
        if not name.startswith("_") and _holds_variables(value)
    }


def _children_of_its_own(obj: Any) -> dict[str, Any]:
    """What an object names itself; an error if it has yet to make it."""
    try:
        return obj.checkpoint_children()
    except AttributeError as error:
        if getattr(obj, "built", True):
            raise
        raise not_called(obj) from error


def not_called(obj: Any) -> InputError:
    """The error for a layer that has no variables yet.

    Args:
        obj: The layer.

    Returns:
        The error.
    """
    return InputError(
        "The variables of a model must exist before they are saved or restored. Got "
        f"{type(obj).__name__}, which has never been called; call the model once first."
    )


def is_variable(value: Any) -> bool:
    """Says whether something is a variable.

    Args:
        value: Anything.

    Returns:
        Whether it is a variable of Keras or of TensorFlow.
    """
    return isinstance(value, (keras.Variable, tf.Variable))


def _holds_variables(value: Any) -> bool:
    """Whether an attribute belongs to the tree."""
    if isinstance(value, (list, tuple)):
        return any(_holds_variables(item) for item in value)
    return is_variable(value) or isinstance(value, (keras.layers.Layer, tf.Module))


def variable_tree(obj: Any) -> dict[str, Any]:
    """The whole tree of names.

    Args:
        obj: A layer, or a list of layers.

    Returns:
        Nested dictionary with variables as leaves; branches without any are left out.
    """
    tree = {}
    for name, child in variable_children(obj).items():
        value = child if is_variable(child) else variable_tree(child)
        if is_variable(value) or value:
            tree[name] = value
    return tree


def named_variables(obj: Any) -> dict[str, Any]:
    """The variables of a model by their names in a checkpoint.

    Args:
        obj: A model, or any layer of one, that has been called.

    Returns:
        Variables by path, such as 'decoder/rnn/rnn/cell/kernel'.

    Raises:
        InputError: If the model has not been called.
        ValueError: If a variable of the model has no name.
    """
    named = dict(leaves_of(variable_tree(obj)))
    known = {id(variable) for variable in named.values()}
    for variable in getattr(obj, "weights", []):
        if id(variable) not in known:
            raise ValueError(
                "Every variable needs a name in the checkpoint. Got "
                f"{variable.path}, which only private attributes lead to; give its "
                "layer a method checkpoint_children() that returns it by name."
            )
    return named


def leaves_of(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walks a tree of names.

    Args:
        tree: Nested dictionary with variables as leaves.
        prefix: Path to put in front of every path.

    Yields:
        Paths and variables.
    """
    for name, child in tree.items():
        if isinstance(child, dict):
            yield from leaves_of(child, f"{prefix}{name}{SEPARATOR}")
        else:
            yield f"{prefix}{name}", child


def legacy_view(obj: Any) -> tf.train.Checkpoint:
    """A tree of checkpoint nodes under the original's names.

    Args:
        obj: A layer, or a list of layers.

    Returns:
        The tree; saving it writes the values of the layer's variables, restoring it
        assigns to them.
    """
    return as_checkpoint(variable_tree(obj))


def as_checkpoint(tree: dict[str, Any]) -> tf.train.Checkpoint:
    """Turns a tree of names into checkpoint nodes.

    Args:
        tree: Nested dictionary with variables as leaves.

    Returns:
        The nodes.
    """
    return tf.train.Checkpoint(
        **{
            # A variable of Keras 3 wraps one of TensorFlow.
            name: as_checkpoint(child)
            if isinstance(child, dict)
            else getattr(child, "_value", child)
            for name, child in tree.items()
        }
    )
