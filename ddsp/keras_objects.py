"""Which objects of Keras a configuration may name.

Configurations come from files that may be anybody's. Keras finds classes and functions
by the names in them, and some of its versions import any module for that; so names are
resolved here first, in Keras's public modules and among registered objects.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import keras

# Layers of Keras that hold code, or read files.
UNSAFE_LAYERS = (
    "FlaxLayer",
    "IntegerLookup",
    "JaxLayer",
    "Lambda",
    "StringLookup",
    "TFSMLayer",
    "TextVectorization",
    "TorchModuleWrapper",
)
# Where Keras's own classes and functions are. Nothing else is looked up by name.
_KERAS_CLASSES = {
    "keras": keras,
    "keras.constraints": keras.constraints,
    "keras.dtype_policies": keras.dtype_policies,
    "keras.initializers": keras.initializers,
    "keras.layers": keras.layers,
    "keras.models": keras.models,
    "keras.regularizers": keras.regularizers,
}
_KERAS_FUNCTIONS = {
    "builtins": keras.activations,  # Keras's word for its own functions.
    "keras.activations": keras.activations,
}
_KINDS = (
    keras.layers.Layer,
    keras.initializers.Initializer,
    keras.regularizers.Regularizer,
    keras.constraints.Constraint,
    keras.DTypePolicy,
    keras.dtype_policies.DTypePolicyMap,
)
# What Keras writes for values that JSON has no word for.
_KERAS_VALUES = (
    "__bytes__",
    "__ellipsis__",
    "__keras_tensor__",
    "__numpy__",
    "__slice__",
    "__tensor__",
)


def check_keras_objects(config: Any) -> None:
    """Refuses what Keras would have to import, or what may load files or code.

    Args:
        config: What `keras.saving.serialize_keras_object` returned, or the same from
            JSON.

    Raises:
        ValueError: If an object in it is neither Keras's own nor registered with Keras,
            or is a layer that may load files or code.

    Example:
        >>> check_keras_objects({'class_name': 'Dense', 'module': 'keras.layers'})
    """
    for found in _keras_objects(config):
        kind, module = found["class_name"], found.get("module")
        if kind == "function":
            known = _is_known_function(module, found.get("config"))
        elif kind in _KERAS_VALUES:
            known = True
        else:
            known = _is_known_class(module, kind, found.get("registered_name"))
        if not known:
            raise ValueError(
                "A configuration may name Keras's own layers and registered classes "
                "only, and none that load files or code. Got "
                f"class_name={kind!r} of module={module!r}; register a class of your "
                "own with keras.saving.register_keras_serializable, and import its "
                "module first."
            )


def _is_known_function(module: Any, name: Any) -> bool:
    """Whether a name is of a registered function, or of an activation of Keras."""
    if not (isinstance(module, (str, type(None))) and isinstance(name, str)):
        return False
    # Keras, too, takes a registered function before it looks at the module.
    registered = keras.saving.get_registered_object(name)
    if registered is not None:
        return inspect.isfunction(registered)
    function = getattr(_KERAS_FUNCTIONS.get(module or ""), name, None)
    helpers = ("deserialize", "get", "serialize")
    return inspect.isfunction(function) and name not in helpers


def _is_known_class(module: Any, name: Any, registered_name: Any) -> bool:
    """Whether a name is of a registered class, or of a safe one of Keras."""
    if not isinstance(name, str):
        return False
    found = None
    if isinstance(registered_name, str):
        found = keras.saving.get_registered_object(registered_name)
        if found is not None and getattr(found, "__name__", None) != name:
            return False
    if found is None and isinstance(module, str):
        found = getattr(_KERAS_CLASSES.get(module), name, None)
        if not (inspect.isclass(found) and issubclass(found, _KINDS)):
            return False
    return inspect.isclass(found) and not any(
        base.__name__ in UNSAFE_LAYERS for base in found.__mro__
    )


def _keras_objects(config: Any) -> Iterator[dict[str, Any]]:
    """All dictionaries with a class name, however deep."""
    if isinstance(config, (list, tuple)):
        for item in config:
            yield from _keras_objects(item)
    elif isinstance(config, dict):
        if "class_name" in config:
            yield config
        for item in config.values():
            yield from _keras_objects(item)
