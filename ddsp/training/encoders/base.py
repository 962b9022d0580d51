"""What encoders share: the base class of those of a latent variable z."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ddsp import core
from ddsp.training import nn


def count_frames(x: tf.Tensor) -> int | tf.Tensor:
    """Counts the frames of a control.

    Args:
        x: [batch, n_frames, ...].

    Returns:
        Frames; a tensor where they are not known before a graph runs.
    """
    return tf.shape(x)[1] if x.shape[1] is None else x.shape[1]


def require_net(net: Any) -> Any:
    """Refuses to go without the network of an encoder.

    Args:
        net: Layer, or None.

    Returns:
        The layer.

    Raises:
        ValueError: If there is none.
    """
    if net is None:
        raise ValueError(
            "net must be a layer from [batch, n_frames, n_channels] to any number of "
            "channels. Got net=None; pass one, such as nn.RnnSandwich()."
        )
    return net


class ZEncoder(nn.DictLayer):
    """Computes a latent variable and gives it the length of the other controls.

    Subclasses write `compute_z`. 'f0_scaled' is added to the inputs, because its length
    is that of the controls.

    Example:
        >>> class Mean(ZEncoder):
        ...     def compute_z(self, audio):
        ...         return tf.reduce_mean(audio, axis=1, keepdims=True)
        >>> features = {'audio': tf.ones([1, 640]), 'f0_scaled': tf.ones([1, 10, 1])}
        >>> Mean()(features)['z'].shape
        TensorShape([1, 10, 1])
    """

    output_keys = ("z",)

    def __init__(self, input_keys: Sequence[str] | None = None, **kwargs: Any) -> None:
        """Decides the names of the inputs.

        Args:
            input_keys: Keys of the arguments of `compute_z`; None takes their names.
            **kwargs: Arguments of a Keras layer.
        """
        if input_keys is None:
            input_keys = self.get_argument_names(self.compute_z)
        super().__init__([*input_keys, "f0_scaled"], **kwargs)

    def call(self, *args: tf.Tensor, **unused_kwargs: Any) -> tf.Tensor:
        """Computes z.

        Args:
            *args: Arguments of `compute_z`, and a control [batch, n_frames, 1].
            **unused_kwargs: Ignored, such as `training`.

        Returns:
            z, [batch, n_frames, z_dims].
        """
        del unused_kwargs
        *inputs, f0_scaled = args
        return self.expand_z(self.compute_z(*inputs), count_frames(f0_scaled))

    def expand_z(self, z: tf.Tensor, time_steps: int | tf.Tensor) -> tf.Tensor:
        """Gives z the length of the controls.

        Args:
            z: [batch, z_dims], which then does not change with time, or
                [batch, n_frames, z_dims], which is interpolated.
            time_steps: Frames of the result; a tensor where they are not known before
                a graph runs.

        Returns:
            [batch, time_steps, z_dims].
        """
        if len(z.shape) == 2:
            z = z[:, tf.newaxis, :]
        return core.resample(z, time_steps)

    def compute_z(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Computes z from the inputs.

        Args:
            *inputs: Inputs in the order of the keys.

        Returns:
            [batch, z_dims] or [batch, n_frames, z_dims].

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define compute_z.")
