"""The base class of encoders of a latent variable z."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ddsp import core
from ddsp.training import nn


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

    def call(self, *args: tf.Tensor) -> tf.Tensor:
        """Computes z.

        Args:
            *args: Arguments of `compute_z`, and a control [batch, n_frames, 1].

        Returns:
            z, [batch, n_frames, z_dims].
        """
        *inputs, f0_scaled = args
        return self.expand_z(self.compute_z(*inputs), f0_scaled.shape[1])

    def expand_z(self, z: tf.Tensor, time_steps: int) -> tf.Tensor:
        """Gives z the length of the controls.

        Args:
            z: [batch, z_dims], which then does not change with time, or
                [batch, n_frames, z_dims], which is interpolated.
            time_steps: Frames of the result.

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
