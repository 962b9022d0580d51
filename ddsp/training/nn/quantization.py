"""Vectors in place of which the nearest of a few is used."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core


@gin.register(module="ddsp.training.nn")
class VectorQuantization(tf.keras.layers.Layer):
    """Replaces each vector by the nearest one of a codebook.

    The codebook is no trained weight. In training it follows the means of the vectors
    that are nearest to its entries, and entries that nothing is near to start again
    from vectors of the batch. Gradients pass as if nothing was replaced.

    Source: van den Oord et al., "Neural discrete representation learning", NeurIPS
    2017, appendix A.1.

    Example:
        >>> layer = VectorQuantization(k=2)
        >>> x = tf.constant([[1.0, 0.0], [0.0, 5.0]])
        >>> z_q, codes = layer(x, training=True)
        >>> z_q.numpy().tolist()
        [[1.0, 0.0], [0.0, 5.0]]
        >>> layer.unquantize(codes).numpy().round(5).tolist()
        [[1.0, 0.0], [0.0, 5.0]]
    """

    def __init__(
        self,
        k: int,
        gamma: float = 0.99,
        restart_threshold: float = 0.0,
        num_heads: int = 1,
        commitment_loss_weight: float = 0.2,
        **kwargs: Any,
    ) -> None:
        """Chooses the size of the codebook.

        Args:
            k: Number of entries.
            gamma: Share of the running counts and sums that each batch leaves.
            restart_threshold: An entry starts again when it is used so much less than
                all on average; 0 restarts those that were never used.
            num_heads: Parts that a vector is cut into; they share the codebook.
            commitment_loss_weight: Weight of `committment_loss`.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.k = k
        self.gamma = gamma
        self.restart_threshold = restart_threshold
        self.num_heads = num_heads
        self.commitment_loss_weight = commitment_loss_weight

    def build(self, input_shapes: Any) -> None:
        """Makes the codebook, empty.

        Args:
            input_shapes: Shape of the input.

        Raises:
            ValueError: If the channels are no multiple of num_heads.
        """
        self.depth = int(input_shapes[-1])
        if self.depth % self.num_heads:
            raise ValueError(
                "The number of channels must be a multiple of num_heads. Got "
                f"{self.depth} channels and num_heads={self.num_heads}."
            )
        sizes = {"counts": [self.k], "sums": [self.k, self.depth // self.num_heads]}
        self.counts, self.sums = (
            self.add_weight(
                name=name, shape=shape, initializer="zeros", trainable=False
            )
            for name, shape in sizes.items()
        )

    def call(
        self, x: tf.Tensor, training: bool | None = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Quantises.

        Args:
            x: [..., n_channels].
            training: Whether the codebook follows the vectors.

        Returns:
            What replaces x, of the same shape and with its gradient; and the numbers of
            the entries, [..., num_heads].
        """
        vectors = tf.stop_gradient(tf.reshape(x, [-1, self.depth // self.num_heads]))
        codebook = self._codebook()
        if training:
            codebook = self._restart(codebook, vectors)
        codes = _nearest(vectors, codebook)
        if training:
            self._follow(vectors, codes)
        shape = tf.shape(x)
        z_q = tf.ensure_shape(tf.reshape(tf.gather(codebook, codes), shape), x.shape)
        codes_shape = tf.concat([shape[:-1], [self.num_heads]], axis=0)
        codes = tf.reshape(codes, codes_shape)
        codes = tf.ensure_shape(codes, [*x.shape[:-1], self.num_heads])
        return x + tf.stop_gradient(z_q - x), codes

    def unquantize(self, c: tf.Tensor) -> tf.Tensor:
        """Looks vectors up.

        Args:
            c: Numbers of entries, [..., num_heads].

        Returns:
            Vectors, [..., n_channels].
        """
        heads = tf.gather(self._codebook(), c)
        shape = tf.concat([tf.shape(heads)[:-2], [self.depth]], axis=0)
        return tf.ensure_shape(tf.reshape(heads, shape), [*c.shape[:-1], self.depth])

    def committment_loss(self, z: tf.Tensor, z_q: tf.Tensor) -> tf.Tensor:
        """How far vectors are from what replaces them; its gradient pulls them there.

        Args:
            z: Vectors, [..., n_channels].
            z_q: What replaces them, the same shape.

        Returns:
            Weighted mean of the squared differences, a scalar.
        """
        difference = tf.stop_gradient(z_q) - z
        return self.commitment_loss_weight * tf.reduce_mean(difference**2)

    def get_losses_dict(self, z: tf.Tensor, z_q: tf.Tensor) -> dict[str, tf.Tensor]:
        """The loss by its name.

        Args:
            z: Vectors, [..., n_channels].
            z_q: What replaces them, the same shape.

        Returns:
            `committment_loss` under '<name of the layer>_commitment_loss'.
        """
        return {f"{self.name}_commitment_loss": self.committment_loss(z, z_q)}

    def _codebook(self) -> tf.Tensor:
        """Entries, [k, n_channels / num_heads]; those without counts are 0."""
        counts = tf.convert_to_tensor(self.counts)[:, tf.newaxis]
        return core.safe_divide(tf.convert_to_tensor(self.sums), counts)

    def _restart(self, codebook: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
        """Puts different vectors in the place of entries that are hardly used."""
        n_vectors = tf.shape(vectors)[0]
        least = self.restart_threshold * tf.cast(n_vectors, codebook.dtype)
        keep = tf.convert_to_tensor(self.counts) * self.k > least
        # A batch may have fewer vectors than there are entries to replace.
        n_values = self.depth // self.num_heads
        noise = core.white_noise(self.k, n_values, same_on_replicas=True)
        noise = tf.cast((1.0 + noise) / 2.0, codebook.dtype)
        order = tf.argsort(core.white_noise(n_vectors, 1)[:, 0])
        fresh = tf.concat([tf.gather(vectors, order), noise], axis=0)
        rank = tf.cumsum(tf.cast(~keep, tf.int32), exclusive=True)
        return tf.where(keep[:, tf.newaxis], codebook, tf.gather(fresh, rank))

    def _follow(self, vectors: tf.Tensor, codes: tf.Tensor) -> None:
        """Moves counts and sums towards those of the batch."""
        counts = tf.math.unsorted_segment_sum(
            tf.ones_like(vectors[:, 0]), codes, self.k
        )
        sums = tf.math.unsorted_segment_sum(vectors, codes, self.k)
        for variable, value in ((self.counts, counts), (self.sums, sums)):
            kept = self.gamma * tf.convert_to_tensor(variable)
            variable.assign(kept + (1.0 - self.gamma) * value)


def _nearest(vectors: tf.Tensor, codebook: tf.Tensor) -> tf.Tensor:
    """Number of the nearest entry of each vector, [n_vectors], int32."""
    # Leaves out the square of the vector, which is the same for all entries.
    products = tf.matmul(vectors, codebook, transpose_b=True)
    distances = tf.reduce_sum(codebook**2, axis=-1) - 2.0 * products
    return tf.argmin(distances, axis=-1, output_type=tf.int32)
