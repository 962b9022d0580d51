"""Configurations: what is needed to build a processor, loss or graph again.

A configuration is JSON: numbers, text, lists and dictionaries. It is data from a file
that may be anybody's, so it names things and never brings code: functions come back
from two fixed lists, layers through Keras in its safe mode, and nothing is imported.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import gin
import keras
import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.keras_objects import check_keras_objects

Class = TypeVar("Class", bound=type)

_PLAIN = (type(None), bool, int, float, str)
_FUNCTION, _ARGUMENTS, _LAYER = "ddsp_function", "arguments", "ddsp_layer"


class ConfigFromArguments:
    """Mix-in that makes configurations of public attributes.

    Every argument of the constructor must be kept as a public attribute of its name, as
    in scikit-learn. Classes of this library are registered with Keras as 'ddsp>Name';
    subclasses elsewhere need `keras.saving.register_keras_serializable` to be found by
    `keras.saving.deserialize_keras_object`.

    Example:
        >>> class Clipper(ConfigFromArguments):
        ...     def __init__(self, level, scale_fn=core.exp_sigmoid):
        ...         self.level, self.scale_fn = level, scale_fn
        >>> Clipper(0.5).get_config()
        {'level': 0.5, 'scale_fn': {'ddsp_function': 'ddsp.core.exp_sigmoid'}}
        >>> Clipper.from_config(Clipper(0.5).get_config()).scale_fn is core.exp_sigmoid
        True
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Registers the classes of this library with Keras."""
        super().__init_subclass__(**kwargs)
        register(cls)

    def get_config(self) -> dict[str, Any]:
        """Says how to build this object again.

        Returns:
            The constructor's arguments by name, fit for JSON. 'frozen' is added where
            `trainable` was set to False after building.

        Raises:
            ValueError: If an argument is not kept as a public attribute, or cannot be
                written down, such as a lambda or a layer that Keras does not know.
        """
        made_trainable = getattr(self, "_made_trainable", True)
        config = {}
        for name in _argument_names(type(self)):
            value = made_trainable if name == "trainable" else _kept(self, name)
            config[name] = encode(value, name)
        if made_trainable and not getattr(self, "trainable", True):
            config["frozen"] = True
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Builds an object.

        Args:
            config: What `get_config` returned, or the same from JSON. Not changed.

        Returns:
            An object that behaves like the original one; variables start anew.

        Raises:
            ValueError: If the configuration asks for anything but public functions of
                `ddsp.core` and `tf.nn` or layers that are known to Keras, has an
                argument that the constructor has not, or lacks one.
        """
        arguments = decode(config)
        frozen = arguments.pop("frozen", False)
        _check_arguments(cls, arguments)
        made = cls(**arguments)
        if frozen:
            made.trainable = False  # type: ignore[attr-defined]
        return made


def register(cls: Class) -> Class:
    """Makes Keras know a class of this library as 'ddsp>Name'; others are left alone.

    Args:
        cls: A class with `get_config`.

    Returns:
        The class.

    Example:
        >>> register(dict)  # Not ours: nothing happens.
        <class 'dict'>
    """
    # gin.register makes a proxy of the same name, which must not take the class's
    # place.
    is_proxy = cls.__mro__[1].__qualname__ == cls.__qualname__
    if cls.__module__.startswith("ddsp.") and not is_proxy:
        keras.saving.register_keras_serializable("ddsp", cls.__name__)(cls)
    return cls


def _argument_names(cls: type) -> list[str]:
    """Names of the constructor's arguments, and 'name' where it takes any."""
    parameters = list(inspect.signature(cls).parameters.values())
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [parameter.name for parameter in parameters if parameter.kind in named]
    takes_any = any(x.kind is inspect.Parameter.VAR_KEYWORD for x in parameters)
    return names if "name" in names or not takes_any else [*names, "name"]


def _kept(made: Any, name: str) -> Any:
    """An argument of the constructor, from the attribute of its name."""
    if not hasattr(made, name):
        raise ValueError(
            "A class with a configuration must keep its arguments as public "
            f"attributes. Got {type(made).__name__} without {name!r}; keep constructor "
            f"argument {name!r} as self.{name}."
        )
    return getattr(made, name)


def _check_arguments(cls: type, arguments: dict[str, Any]) -> None:
    """Refuses arguments that a constructor does not know, or lacks."""
    parameters = inspect.signature(cls).parameters.values()
    takes_any = any(x.kind is inspect.Parameter.VAR_KEYWORD for x in parameters)
    names = _argument_names(cls)
    wrong = [name for name in arguments if name not in names and not takes_any]
    missing = [
        x.name
        for x in parameters
        if x.name in names and x.default is x.empty and x.name not in arguments
    ]
    if wrong or missing:
        found = f"unknown {wrong}" if wrong else f"no {missing}"
        raise ValueError(
            f"A configuration must have the arguments of {cls.__name__}. Got {found}; "
            f"use {', '.join(names)}."
        )


def encode(value: Any, name: str = "value") -> Any:
    """Writes a value down.

    Args:
        value: A number, text, None, a public function of `ddsp.core` or `tf.nn`, a
            `functools.partial` or gin reference of one, a Keras layer, or a list, tuple
            or dictionary of these. Tuples become lists.
        name: What the value is called, for errors.

    Returns:
        The same, fit for JSON.

    Raises:
        ValueError: If it is anything else, or a layer that `decode` would refuse.

    Example:
        >>> encode([1, tf.nn.relu])
        [1, {'ddsp_function': 'tensorflow.nn.relu'}]
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [encode(item, name) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: encode(item, name) for key, item in value.items()}
    if isinstance(value, tf.keras.layers.Layer):
        layer = keras.saving.serialize_keras_object(value)
        check_keras_objects(layer)  # What could not be read must not be written.
        return {_LAYER: layer}
    if callable(value):
        return _encode_function(value, name)
    raise ValueError(
        "A configuration holds numbers, text, lists, dictionaries, functions and "
        f"Keras layers. Got {name}={value!r}; give the class a get_config of its own."
    )


def decode(value: Any) -> Any:
    """Reads what `encode` wrote.

    Args:
        value: Plain values, lists and dictionaries.

    Returns:
        The same with functions and layers in their places.

    Raises:
        ValueError: If a function is not a public one of `ddsp.core` or `tf.nn`, or a
            layer is unknown to Keras or may load code.

    Example:
        >>> decode({'ddsp_function': 'tensorflow.nn.relu'}) is tf.nn.relu
        True
    """
    if isinstance(value, (list, tuple)):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _FUNCTION in value:
        return _decode_function(value)
    if set(value) == {_LAYER}:
        check_keras_objects(value[_LAYER])
        return keras.saving.deserialize_keras_object(value[_LAYER], safe_mode=True)
    return {key: decode(item) for key, item in value.items()}


@functools.cache
def _functions() -> dict[str, Callable]:
    """The functions that a configuration may name."""
    ours = {f"ddsp.core.{name}": getattr(core, name) for name in core.__all__}
    tensorflow = {f"tensorflow.nn.{name}": getattr(tf.nn, name) for name in dir(tf.nn)}
    return {k: f for k, f in (ours | tensorflow).items() if inspect.isfunction(f)}


def _encode_function(function: Callable, name: str) -> dict[str, Any]:
    """The name of a function, and the arguments that a partial or gin gives it."""
    arguments: dict[str, Any] = {}
    while isinstance(function, functools.partial):
        if function.args:
            raise ValueError(
                "A partial function must have keyword arguments only. Got "
                f"{name}={function!r}; name its arguments."
            )
        arguments = {**function.keywords, **arguments}
        function = function.func
    found = _find_name(function)
    if found is None:
        function, bound = _without_gin(function)
        found, arguments = _find_name(function), {**bound, **arguments}
    if found is None:
        raise ValueError(
            "A function in a configuration must be a public one of ddsp.core or tf.nn, "
            f"or a functools.partial of one. Got {name}={function!r}; choose one of "
            "those, or give the class a get_config of its own."
        )
    encoded: dict[str, Any] = {_FUNCTION: found}
    return {**encoded, _ARGUMENTS: encode(arguments, name)} if arguments else encoded


def _find_name(function: Callable) -> str | None:
    return next((name for name, f in _functions().items() if f is function), None)


def _without_gin(function: Callable) -> tuple[Callable, dict[str, Any]]:
    """Unwraps a gin reference into the function and what gin binds to it now."""
    scopes: list[str] = []
    while getattr(function, "__code__", None) and (
        function.__code__.co_filename == gin.config.__file__
    ):
        inside = inspect.getclosurevars(function).nonlocals
        scopes += inside.get("scope_components", [])
        if "selector" in inside:
            with gin.config_scope(scopes or None):
                return inside["fn"], gin.get_bindings(inside["selector"])
        function = function.__wrapped__  # type: ignore[attr-defined]
    return function, {}


def _decode_function(value: dict[str, Any]) -> Callable:
    """The function of that name, from the fixed lists."""
    name = value[_FUNCTION]
    function = _functions().get(name) if isinstance(name, str) else None
    if function is None:
        raise ValueError(
            "A configuration may name public functions of ddsp.core and tensorflow.nn "
            f"only. Got {name!r}; pass other functions to the constructor."
        )
    arguments = decode(value.get(_ARGUMENTS, {}))
    return functools.partial(function, **arguments) if arguments else function
