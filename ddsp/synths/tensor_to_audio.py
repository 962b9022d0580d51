"""The simplest synthesizer: samples that a network has made."""

import gin
import tensorflow as tf

from ddsp import core
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class TensorToAudio(Processor):
    """Takes samples as they are and drops their channel axis.

    Example:
        >>> TensorToAudio()(tf.constant([[[0.5], [-0.5]]])).numpy().tolist()
        [[0.5, -0.5]]
    """

    def __init__(self, name: str = "tensor_to_audio") -> None:
        """Names the processor.

        Args:
            name: Name.
        """
        super().__init__(name=name)

    def get_controls(self, samples: tf.Tensor) -> TensorDict:
        """Passes the samples on.

        Args:
            samples: Audio, [batch, n_samples, 1].

        Returns:
            'samples'.
        """
        return {"samples": samples}

    def get_signal(self, samples: tf.Tensor) -> tf.Tensor:
        """Drops the channel axis.

        Args:
            samples: Audio, [batch, n_samples, 1].

        Returns:
            Audio, [batch, n_samples].

        Raises:
            ValueError: If there is not exactly one channel.
        """
        samples = core.tf_float32(samples)
        if samples.shape.rank != 3 or samples.shape[2] not in (1, None):
            raise ValueError(
                "samples must be [batch, n_samples, 1]. Got "
                f"shape={samples.shape}; pick one channel and keep its axis."
            )
        return tf.squeeze(samples, axis=2)
