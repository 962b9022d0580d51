"""The processor: network outputs to meaningful controls, controls to a signal."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core, dags, serialization
from ddsp.configurable import configurable

TensorDict = dict[str, tf.Tensor]
tfkl = tf.keras.layers


class Processor(serialization.ConfigFromArguments, tf.keras.layers.Layer):
    """Base class of everything that makes or changes sound.

    A processor works in two steps. `get_controls` turns any real-valued inputs, such as
    the outputs of a network, into controls with a physical meaning; `get_signal` turns
    controls into a signal. The names of the controls are the arguments of `get_signal`.
    Arguments of the constructor are kept as public attributes of the same name, from
    which `get_config` reads them.

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
        # `trainable` may change later; a configuration keeps what it was made with.
        self._made_trainable = trainable

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

    A node is (processor, inputs), or (layer, inputs, outputs) for a layer that is no
    processor. Inputs are paths, in the order of the arguments of `get_controls`:
    'f0_hz' is what the group is called with, 'harmonic/signal' the sound of the
    processor 'harmonic', 'harmonic/controls/f0_hz' one of its controls. A processor
    goes by its `name`, or by the keyword it was passed with; see `dags.DAGLayer`.

    Example:
        >>> nodes = [(Add(), ['one', 'two']), ('again', ['add/signal', 'one'])]
        >>> group = ProcessorGroup(nodes, again=Add())
        >>> inputs = {'one': tf.constant(1.0), 'two': tf.constant(2.0)}
        >>> float(group(inputs))
        4.0
        >>> float(group.get_controls(inputs)['add']['signal'])
        3.0

    The configuration holds settings and no weights, and variables exist only after the
    first call. `get_weights` and `set_weights` carry them over, or in files
    `tf.train.Checkpoint(group=group)`.

    Example:
        >>> from ddsp import effects
        >>> reverb = effects.Reverb(trainable=True, reverb_length=8)
        >>> group, audio = ProcessorGroup([(reverb, ['audio'])]), tf.ones([1, 16])
        >>> len(group.weights), group({'audio': audio}).shape, len(group.weights)
        (0, TensorShape([1, 16]), 1)
        >>> path = tf.train.Checkpoint(group=group).write('group')
        >>> copy = ProcessorGroup.from_config(group.get_config())
        >>> sound = copy({'audio': audio})  # With weights of its own.
        >>> status = tf.train.Checkpoint(group=copy).read(path)
        >>> bool(tf.reduce_all(copy.weights[0] == group.weights[0]))
        True
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
        return core.tf_float32(signal_one) + core.tf_float32(signal_two)


@gin.register(module="ddsp.processors")
class Mix(Processor):
    """Fades between two signals so that their powers always add up to the same.

    Example:
        >>> one, two = tf.ones([1, 4]), tf.zeros([1, 4])
        >>> level = tf.fill([1, 4, 1], 0.25)
        >>> Mix().get_signal(one, two, level).numpy().tolist()
        [[0.5, 0.5, 0.5, 0.5]]
    """

    def __init__(self, name: str = "mix") -> None:
        """Names the processor.

        Args:
            name: Name.
        """
        super().__init__(name=name)

    def get_controls(
        self,
        signal_one: tf.Tensor,
        signal_two: tf.Tensor,
        nn_out_mix_level: tf.Tensor,
    ) -> TensorDict:
        """Turns a network output into a level for every sample.

        Args:
            signal_one: [batch, n_samples] or [batch, n_samples, channels].
            signal_two: The same number of samples.
            nn_out_mix_level: Any real numbers, [batch, n_frames, 1]; the larger, the
                more of signal_one.

        Returns:
            'signal_one', 'signal_two', and 'mix_level' (0 to 1), [batch, n_samples, 1].

        Raises:
            ValueError: If the signals differ in length, or it is not known.
        """
        lengths = signal_one.shape[1], signal_two.shape[1]
        if lengths[0] != lengths[1] or lengths[0] is None:
            raise ValueError(
                "signal_one and signal_two must have the same, known length. Got "
                f"{lengths[0]} and {lengths[1]} samples; crop the longer one."
            )
        mix_level = tf.nn.sigmoid(core.tf_float32(nn_out_mix_level))
        return {
            "signal_one": signal_one,
            "signal_two": signal_two,
            "mix_level": core.resample(mix_level, lengths[0]),
        }

    def get_signal(
        self, signal_one: tf.Tensor, signal_two: tf.Tensor, mix_level: tf.Tensor
    ) -> tf.Tensor:
        """Fades.

        Args:
            signal_one: [batch, n_samples] or [batch, n_samples, channels].
            signal_two: Like signal_one.
            mix_level: Share of signal_one in the power, 0 to 1, [batch, n_samples, 1].

        Returns:
            The mixture, in the shape of the signals.

        Raises:
            ValueError: If one signal has channels and the other has none.
        """
        one, two = core.tf_float32(signal_one), core.tf_float32(signal_two)
        if one.shape.rank != two.shape.rank:
            raise ValueError(
                "signal_one and signal_two must have the same number of axes. Got "
                f"shape={one.shape} and shape={two.shape}; add or remove channels."
            )
        mix_level = core.tf_float32(mix_level)
        if one.shape.rank == 2 and mix_level.shape.rank == 3:
            mix_level = mix_level[..., 0]
        gain_one, gain_two = core.constant_power_gains(mix_level)
        return gain_one * one + gain_two * two


@gin.register(module="ddsp.processors")
class Crop(Processor):
    """Cuts off the frame by which padding or centred frames have lengthened audio.

    Example:
        >>> audio = tf.constant([[0.0, 1.0, 2.0, 3.0]])
        >>> Crop(frame_size=2, crop_location="front")(audio).numpy().tolist()
        [[2.0, 3.0]]
    """

    def __init__(
        self, frame_size: int, crop_location: str = "back", name: str = "crop"
    ) -> None:
        """Decides where to cut.

        Args:
            frame_size: Samples to remove, at least 0; an odd number counts as one less.
            crop_location: 'front', 'back', or 'center' for half of it at both ends.
            name: Name.

        Raises:
            ValueError: If frame_size is negative, or crop_location not one of those.
        """
        super().__init__(name=name)
        if frame_size < 0:
            raise ValueError(
                "frame_size must be at least 0. Got "
                f"frame_size={frame_size}; use 0 to keep everything."
            )
        if crop_location not in ("front", "center", "back"):
            raise ValueError(
                "crop_location must be 'front', 'center' or 'back'. Got "
                f"crop_location={crop_location!r}; use 'back' for padding at the end."
            )
        self.frame_size = frame_size
        self.crop_location = crop_location

    def get_controls(self, audio: tf.Tensor) -> TensorDict:
        """Passes the audio on.

        Args:
            audio: Sound, [batch, n_samples] or [batch, n_samples, channels].

        Returns:
            'audio'.
        """
        return {"audio": audio}

    def get_signal(self, audio: tf.Tensor) -> tf.Tensor:
        """Crops.

        Args:
            audio: Sound, [batch, n_samples] or [batch, n_samples, channels].

        Returns:
            Sound that is 2 * (frame_size // 2) samples shorter.
        """
        audio = core.tf_float32(audio)
        frame_size = self.frame_size // 2 * 2
        if self.crop_location == "front":
            return audio[:, frame_size:]
        if self.crop_location == "back":
            # `:-0` would be nothing.
            return audio[:, :-frame_size] if frame_size else audio
        return core.center_crop(audio, self.frame_size)
