"""The gated recurrent unit of Keras with the fast recursion of this library."""

from typing import Any

import tensorflow as tf

from ddsp.training import recurrent


@tf.keras.utils.register_keras_serializable(package="ddsp")
class Gru(tf.keras.layers.GRU):
    """`keras.layers.GRU` that trains faster on a CPU.

    Weights, values and gradients are those of Keras. Where a GPU is visible and
    `use_cudnn` is not False, and for masks, dropout and other activations, Keras does
    the work itself.

    Example:
        >>> Gru(4, return_sequences=True)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 4])
    """

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Runs the unit over a sequence.

        Args:
            sequences: [batch, n_frames, n_channels].
            initial_state: State before the first frame, [batch, n_units], alone or in a
                list; zeros if None.
            mask: See Keras.
            training: Whether dropout acts, see Keras.

        Returns:
            What Keras returns: the states [batch, n_frames, n_units] or the last one
            [batch, n_units], and the last one again if `return_state` is set.
        """
        if mask is not None or not self._is_plain():
            return super().call(
                sequences, initial_state=initial_state, mask=mask, training=training
            )
        if isinstance(initial_state, (list, tuple)):
            (initial_state,) = initial_state
        if initial_state is None:
            shape = [tf.shape(sequences)[0], self.units]
            initial_state = tf.zeros(shape, sequences.dtype)
        if self.go_backwards:
            sequences = tf.reverse(sequences, axis=[1])
        sequence, last = recurrent.gru(
            sequences,
            initial_state,
            tf.convert_to_tensor(self.cell.kernel),
            tf.convert_to_tensor(self.cell.recurrent_kernel),
            tf.convert_to_tensor(self.cell.bias),
        )
        output = sequence if self.return_sequences else last
        return (output, last) if self.return_state else output

    def _is_plain(self) -> bool:
        """Whether the fast recursion computes what this layer stands for."""
        cell = self.cell
        return (
            cell.activation is tf.keras.activations.tanh
            and cell.recurrent_activation is tf.keras.activations.sigmoid
            and cell.use_bias
            and cell.reset_after
            and not (cell.dropout or cell.recurrent_dropout or self.stateful)
            and not (self.use_cudnn and tf.config.list_logical_devices("GPU"))
        )


def leave_cudnn(model: Any) -> None:
    """Lets no recurrent layer of a model use cuDNN, which XLA cannot compile.

    Args:
        model: A model that has been called.
    """
    for layer in model._flatten_layers():
        if hasattr(layer, "use_cudnn"):
            layer.use_cudnn = False
