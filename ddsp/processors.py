"""The processor: network outputs to meaningful controls, controls to a signal."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core, dags
from ddsp.configurable import configurable

TensorDict = dict[str, tf.Tensor]
tfkl = tf.keras.layers


class Processor(tf.keras.layers.Layer):
    """Base class of everything that makes or changes sound.

    A processor works in two steps. `get_controls` turns any real-valued inputs, such as
    the outputs of a network, into controls with a physical meaning; `get_signal` turns
    controls into a signal. The names of the controls are the arguments of `get_signal`.

    Example:
        >>> class Gain(Processor):
        ...     def get_controls(self, audio, gain):
        ...         return {'audio': audio, 'gain': tf.nn.sigmoid(gain)}
        ...     def get_signal(self, audio, gain):
        ...         return audio * gain
        >>> float(Gain(name='gain')(tf.constant(2.0), tf.constant(0.0)))
        1.0
    """

    def __init__(self, name: str, trainable: bool = False) -> None:
        """Names the processor.

        Args:
            name: Name, which is also its path in a `ProcessorGroup`.
            trainable: Whether the processor has variables of its own to train.
        """
        super().__init__(name=name, trainable=trainable, autocast=False)

    def __call__(self, *args: Any, **kwargs: Any) -> tf.Tensor | dict[str, Any]:
        """Converts plain numbers and lists, which Keras refuses, and runs `call`."""
        return super().__call__(*[_to_tensor(value) for value in args], **kwargs)

    def call(
        self, *args: tf.Tensor, return_outputs_dict: bool = False, **kwargs: Any
    ) -> tf.Tensor | dict[str, Any]:
        """Makes the signal from raw inputs.

        Args:
            *args: Arguments of `get_controls`.
            return_outputs_dict: Whether to return the controls too.
            **kwargs: Keyword arguments of `get_controls`; `training` and `mask` are
                dropped.

        Returns:
            The signal, or {'signal': signal, 'controls': controls}.
        """
        for unused in ("training", "mask"):
            kwargs.pop(unused, None)
        controls = self.get_controls(*args, **kwargs)
        signal = self.get_signal(**controls)
        if return_outputs_dict:
            return {"signal": signal, "controls": controls}
        return signal

    def get_controls(self, *args: tf.Tensor, **kwargs: tf.Tensor) -> TensorDict:
        """Turns raw inputs into controls.

        Args:
            *args: Raw inputs.
            **kwargs: Raw inputs by name.

        Returns:
            The arguments of `get_signal`, by name.

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define get_controls.")

    def get_signal(self, *args: tf.Tensor, **kwargs: tf.Tensor) -> tf.Tensor:
        """Turns controls into a signal.

        Args:
            *args: Controls.
            **kwargs: Controls by name.

        Returns:
            The signal.

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define get_signal.")


def _to_tensor(value: Any) -> Any:
    """Numbers and nested lists become tensors, anything else stays as it is."""
    if isinstance(value, (int, float, list)):
        return core.tf_float32(value)
    return value


@configurable(module="ddsp.processors")
class ProcessorGroup(dags.DAGLayer):
    """Runs processors as a graph whose last node is the signal.

    Example:
        >>> group = ProcessorGroup([(Add(), ['one', 'two'])])
        >>> float(group({'one': tf.constant(1.0), 'two': tf.constant(2.0)}))
        3.0
    """

    def __init__(self, dag: dags.DAG, **kwarg_processors: Any) -> None:
        """Collects the processors.

        Args:
            dag: Nodes, in the order in which they run.
            **kwarg_processors: Processors that the nodes name by keyword.
        """
        super().__init__(dag, **kwarg_processors)
        self.processor_names = self.module_names

    @property
    def processors(self) -> list[Processor]:
        """The processors, in the order of `processor_names`."""
        return self.modules

    def call(
        self, inputs: TensorDict, return_outputs_dict: bool = False, **kwargs: Any
    ) -> tf.Tensor | dict[str, Any]:
        """Runs the graph.

        Args:
            inputs: Tensors by name.
            return_outputs_dict: Whether to return all outputs too.
            **kwargs: Passed on to every processor.

        Returns:
            The last node's signal, or {'signal': signal, 'controls': outputs} with the
            nested outputs of every node.
        """
        controls = self.get_controls(inputs, **kwargs)
        signal = self.get_signal(controls)
        if return_outputs_dict:
            return {"signal": signal, "controls": controls}
        return signal

    def get_controls(self, inputs: TensorDict, **kwargs: Any) -> dict[str, Any]:
        """Runs the graph and returns all outputs.

        Args:
            inputs: Tensors by name.
            **kwargs: Passed on to every processor.

        Returns:
            Nested outputs, see `DAGLayer.run_dag`.
        """
        return self.run_dag(inputs, **kwargs)

    def get_signal(self, outputs: dict[str, Any]) -> tf.Tensor:
        """Picks the group's signal out of its outputs.

        Args:
            outputs: What `get_controls` returned.

        Returns:
            The last node's signal.
        """
        return outputs["out"]["signal"]


@gin.register(module="ddsp.processors")
class Add(Processor):
    """Adds two signals.

    Example:
        >>> float(Add()(tf.constant(1.0), tf.constant(2.0)))
        3.0
    """

    def __init__(self, name: str = "add") -> None:
        """Names the processor.

        Args:
            name: Name.
        """
        super().__init__(name=name)

    def get_controls(self, signal_one: tf.Tensor, signal_two: tf.Tensor) -> TensorDict:
        """Passes both signals on.

        Args:
            signal_one: Any shape.
            signal_two: A shape that broadcasts against signal_one.

        Returns:
            Both signals.
        """
        return {"signal_one": signal_one, "signal_two": signal_two}

    def get_signal(self, signal_one: tf.Tensor, signal_two: tf.Tensor) -> tf.Tensor:
        """Adds them.

        Args:
            signal_one: Any shape.
            signal_two: A shape that broadcasts against signal_one.

        Returns:
            The sum.
        """
        return signal_one + signal_two
