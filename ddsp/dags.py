"""Directed acyclic graphs of modules, described by lists of strings.

How nodes and paths are written is said at `DAGLayer`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import gin
import tensorflow as tf
from absl import logging

from ddsp import core, serialization

TensorDict = dict[str, tf.Tensor]
KeyOrModule = TypeVar("KeyOrModule", str, tf.Module)
# A module or its name, the paths of its inputs, and where needed names of its outputs.
Node = tuple[Any, Sequence[str]] | tuple[Any, Sequence[str], Sequence[str]]
DAG = Sequence[Node]
tfkl = tf.keras.layers

_RESERVED = ("inputs", "out")


def filter_by_value(d: dict[str, Any], cond: Callable[[Any], bool]) -> dict[str, Any]:
    """Keeps the items whose value meets a condition.

    Args:
        d: Any dictionary.
        cond: Test of one value.

    Returns:
        A new dictionary with the items that pass.
    """
    return {key: value for key, value in d.items() if cond(value)}


def is_module(v: Any) -> bool:
    """Whether a value can be a node: it can be called and has a name.

    Keras 3 layers are no `tf.Module`, so the question is what the value can do.

    Args:
        v: Any value.

    Returns:
        True for Keras layers, tf.Modules and anything callable with a `name`.
    """
    return callable(v) and isinstance(getattr(v, "name", None), str)


def is_loss(v: Any) -> bool:
    """Whether a value is a loss of this library.

    Args:
        v: Any value.

    Returns:
        True if it has `get_losses_dict`.
    """
    return hasattr(v, "get_losses_dict")


def is_processor(v: Any) -> bool:
    """Whether a value is a processor.

    Args:
        v: Any value.

    Returns:
        True if it has `get_signal` and `get_controls`.
    """
    return hasattr(v, "get_signal") and hasattr(v, "get_controls")


def split_keras_kwargs(
    kwargs: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separates the keyword arguments that belong to a Keras layer.

    Args:
        kwargs: Keyword arguments; not changed.

    Returns:
        The arguments `training`, `mask`, `name`, `trainable` and `dtype` that are not
        None, and all others.
    """
    keras_names = ("training", "mask", "name", "trainable", "dtype")
    keras_kwargs = {k: kwargs[k] for k in keras_names if kwargs.get(k) is not None}
    return keras_kwargs, {k: v for k, v in kwargs.items() if k not in keras_names}


class _Bindings:
    """What gin binds to 'dags.run_dag'.

    The method itself is not wrapped: an error that passes through gin's wrapper and
    then through Keras loses its text on the way.
    """

    @staticmethod
    @gin.configurable("run_dag", module="ddsp.dags", allowlist=["verbose"])
    def run_dag(verbose: bool = False) -> bool:
        """Whether graphs log what they do."""
        return verbose


@gin.register(module="ddsp.dags")
@serialization.register
class DAGLayer(tf.keras.layers.Layer):
    """A Keras layer that runs modules in the order of a list.

    Each entry of the list is a node, (module, inputs) or (module, inputs, outputs):

    - module: An object, or the name under which one is passed by keyword. A module is
      anything that can be called and has a name: a layer, a processor, a loss.
    - inputs: Paths, in the order of the arguments of the module. 'x' and 'inputs/x' are
      what the graph is called with; 'double/y' is output 'y' of the module 'double';
      'harmonic/signal' and 'harmonic/controls/f0_hz' are the sound and a control of a
      processor; 'out/y' is an output of the node before.
    - outputs: Names of what the module returns, in its order. Processors and losses
      return names of their own and need none.

    A module goes by the keyword it was passed with, any other by its `name`.

    Example:
        >>> import tensorflow as tf
        >>> double = tf.keras.layers.Rescaling(2.0, name='double')
        >>> nodes = [(double, ['x'], ['y']), ('shift', ['double/y'], ['z'])]
        >>> layer = DAGLayer(nodes, shift=tf.keras.layers.Rescaling(1.0, 5.0))
        >>> outputs = layer({'x': tf.constant(3.0)})
        >>> float(outputs['double']['y']), float(outputs['shift']['z'])
        (6.0, 11.0)
    """

    def __init__(self, dag: DAG, **kwarg_modules: Any) -> None:
        """Collects the modules and gives each its name as attribute.

        Args:
            dag: Nodes, in the order in which they run.
            **kwarg_modules: Modules that the nodes name by keyword, and the Keras
                arguments `name`, `trainable` and `dtype`.

        Raises:
            ValueError: If the dag is empty, an argument is no module, a node names an
                unknown module, or two modules share a name or take a reserved one.
        """
        keras_kwargs, modules = split_keras_kwargs(kwarg_modules)
        # Parents of mixed dtype must not cast the controls of processors.
        super().__init__(autocast=False, **keras_kwargs)
        _check_modules(dag, modules)
        self.dag, dag_modules = self.format_dag(dag)
        modules = {**modules, **dag_modules}
        self.module_names = list(modules)
        for name, module in modules.items():
            if hasattr(self, name):
                raise ValueError(
                    f"A module must not take the name of a layer's attribute. Got "
                    f"name={name!r}; give the module another name."
                )
            setattr(self, name, module)
        for module_name, *_ in self.dag:
            if module_name not in modules:
                raise ValueError(
                    "Every node must name a module. Got "
                    f"{module_name!r}, but the modules are {self.module_names}."
                )

    def build(self, input_shape: Any = None) -> None:
        """Leaves building to the modules, which know their inputs only when they run.

        Args:
            input_shape: Not used.
        """
        del input_shape
        self.built = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Registers the classes of this library with Keras."""
        super().__init_subclass__(**kwargs)
        serialization.register(cls)

    def get_config(self) -> dict[str, Any]:
        """Says how to build this graph and its modules again.

        Returns:
            'dag', 'modules' by name, and the Keras arguments, fit for JSON.

        Raises:
            ValueError: If a module is no Keras layer.
        """
        modules = zip(self.module_names, self.modules, strict=True)
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype_policy.name,
            "dag": [serialization.encode(node, "dag") for node in self.dag],
            "modules": serialization.encode(dict(modules), "modules"),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DAGLayer":
        """Builds a graph and its modules.

        Args:
            config: What `get_config` returned, or the same from JSON. Not changed.

        Returns:
            A graph that runs like the original one; variables start anew.

        Raises:
            ValueError: If it has no graph or no modules, or names modules that are not
                known to Keras, or may load code.
        """
        for key in ("dag", "modules"):
            if key not in config:
                raise ValueError(
                    'The config of a graph must have "dag" and "modules". Got only '
                    f"{sorted(config)}; pass what get_config returned."
                )
        arguments = serialization.decode(config)
        return cls(arguments.pop("dag"), **arguments.pop("modules"), **arguments)

    @property
    def modules(self) -> list[Any]:
        """The modules, in the order of `module_names`."""
        return [getattr(self, name) for name in self.module_names]

    @staticmethod
    def format_dag(dag: DAG) -> tuple[list[tuple], dict[str, Any]]:
        """Replaces module instances by their names.

        Args:
            dag: Nodes with instances or names.

        Returns:
            The nodes with names alone, and the instances by name.
        """
        string_dag, modules = [], {}
        for node in dag:
            module, *keys = node
            if is_module(module):
                modules[module.name] = module
                module = module.name
            string_dag.append((module, *keys))
        return string_dag, modules

    def call(self, inputs: TensorDict, **kwargs: Any) -> dict[str, Any]:
        """Runs the modules.

        Args:
            inputs: Tensors by name.
            **kwargs: Passed on to every module.

        Returns:
            See `run_dag`.
        """
        return self.run_dag(inputs, **kwargs)

    def run_dag(
        self, inputs: TensorDict, verbose: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        """Runs the modules in order and keeps everything they return.

        Args:
            inputs: Tensors by name.
            verbose: Whether to log each module's inputs and outputs.
            **kwargs: Passed on to every module.

        Returns:
            Nested dictionary: each input under its name and under 'inputs', each
            module's outputs under the module's name, the last one's also under 'out'.

        Raises:
            KeyError: If a node asks for a path that does not exist.
        """
        verbose = _Bindings.run_dag(**({"verbose": True} if verbose else {}))
        # The inputs at the top level let nodes write 'f0_hz' for 'inputs/f0_hz'.
        outputs: dict[str, Any] = {"inputs": inputs, **inputs}
        for name, input_keys, *rest in self.dag:
            module = getattr(self, name)
            arguments = [core.nested_lookup(key, outputs) for key in input_keys]
            result = _run_module(module, arguments, kwargs)
            if not isinstance(result, dict):
                result = core.to_dict(result, rest[0] if rest else _no_keys(name))
            if verbose:
                shapes = core.map_shape(result) if tf.executing_eagerly() else result
                logging.info("%s(%s) -> %s", name, ", ".join(input_keys), shapes)
            outputs[name] = outputs["out"] = result
        return outputs


def _check_modules(dag: DAG, modules: dict[str, Any]) -> None:
    """Finds mistakes while the caller is still at hand."""
    if not dag:
        raise ValueError("dag must hold at least one node. Got dag=[].")
    wrong = [name for name, value in modules.items() if not is_module(value)]
    if wrong:
        raise ValueError(
            f"Keyword arguments must be modules. Got {wrong}; a module can be called "
            "and has a name."
        )
    found: dict[str, Any] = dict(modules)
    for node in dag:
        if not 2 <= len(node) <= 3:
            raise ValueError(
                "A node must be (module, input_keys) or (module, input_keys, "
                f"output_keys). Got {node!r}."
            )
        if is_module(node[0]) and found.setdefault(node[0].name, node[0]) != node[0]:
            raise ValueError(
                f"Two modules must not share a name. Got {node[0].name!r} twice; give "
                "one of them another name."
            )
    taken = [name for name in found if name in _RESERVED]
    if taken:
        raise ValueError(
            f"A module must not be called 'inputs' or 'out'. Got {taken}; rename it."
        )


def _run_module(module: Any, arguments: list[Any], kwargs: dict[str, Any]) -> Any:
    """Calls a processor, a loss or any other module in its own way."""
    if is_processor(module):
        return module(*arguments, return_outputs_dict=True, **kwargs)
    if is_loss(module):
        return module.get_losses_dict(*arguments, **kwargs)
    return module(*arguments, **kwargs)


def _no_keys(name: str) -> Sequence[str]:
    raise ValueError(
        f"A module that returns no dictionary needs output keys. Got none for "
        f"{name!r}; write the node as (module, input_keys, output_keys)."
    )
