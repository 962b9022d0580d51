"""Encoders of what a model is conditioned on: instruments, features, expression."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import nn
from ddsp.training.encoders.base import ZEncoder, count_frames, require_net


@gin.register(module="ddsp.training.encoders")
class OneHotEncoder(ZEncoder):
    """A vector for each instrument, or whatever else has a number.

    Example:
        >>> encoder = OneHotEncoder(vocab_size=3, n_dims=4, skip_expand=False)
        >>> features = {
        ...     'instrument': tf.constant([0, 2]), 'f0_scaled': tf.ones([2, 25, 1])}
        >>> encoder(features)['z'].shape
        TensorShape([2, 25, 4])
    """

    def __init__(
        self,
        one_hot_key: str = "instrument",
        vocab_size: int = 1024,
        n_dims: int = 256,
        skip_expand: bool = True,
        **kwargs: Any,
    ) -> None:
        """Chooses the size of the table.

        Args:
            one_hot_key: Key of the number.
            vocab_size: Number of vectors.
            n_dims: Channels of z.
            skip_expand: Whether z stays without frames, [batch, n_dims].
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(input_keys=[one_hot_key], **kwargs)
        self.one_hot_key = one_hot_key
        self.vocab_size = vocab_size
        self.n_dims = n_dims
        self.skip_expand = skip_expand

    def build(self, cond_shape: Any = None) -> None:
        """Makes the table.

        Args:
            cond_shape: Not used.
        """
        del cond_shape
        self.embedding = nn.get_embedding(self.vocab_size, self.n_dims)
        self.embedding.build()
        self.built = True

    def compute_z(self, one_hot: tf.Tensor) -> tf.Tensor:
        """Looks the vectors up.

        Args:
            one_hot: Whole numbers from 0 to below vocab_size, [batch], or
                [batch, n_frames] for numbers that change.

        Returns:
            [batch, n_dims], or [batch, n_frames, n_dims].
        """
        return self.embedding(one_hot)

    def expand_z(self, z: tf.Tensor, time_steps: int | tf.Tensor) -> tf.Tensor:
        """Gives z the length of the controls, unless it is to stay as it is.

        Args:
            z: [batch, n_dims] or [batch, n_frames, n_dims].
            time_steps: Frames of the result.

        Returns:
            [batch, time_steps, n_dims], or z with skip_expand.
        """
        return z if self.skip_expand else super().expand_z(z, time_steps)


@gin.register(module="ddsp.training.encoders")
class AggregateFeaturesEncoder(ZEncoder):
    """A dense layer over pitch and loudness, averaged over time.

    Example:
        >>> frames = tf.ones([1, 25, 1])
        >>> encoder = AggregateFeaturesEncoder(ch=4)
        >>> encoder({'f0_scaled': frames, 'ld_scaled': frames})['z'].shape
        TensorShape([1, 25, 4])
    """

    def __init__(self, ch: int = 512, **kwargs: Any) -> None:
        """Makes the layer.

        Args:
            ch: Channels of z.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.fc = tf.keras.layers.Dense(ch)

    def compute_z(self, f0_scaled: tf.Tensor, ld_scaled: tf.Tensor) -> tf.Tensor:
        """Computes z.

        Args:
            f0_scaled: Pitch, 0 to 1, [batch, n_frames, 1].
            ld_scaled: Loudness, about 0 to 1, [batch, n_frames, 1].

        Returns:
            [batch, ch].
        """
        x = self.fc(tf.concat([f0_scaled, ld_scaled], axis=-1))
        return tf.reduce_mean(x, axis=1)


@gin.register(module="ddsp.training.encoders")
class ExpressionEncoder(ZEncoder):
    """A network over controls, and over cepstral coefficients of audio.

    Example:
        >>> encoder = ExpressionEncoder(nn.FcStack(ch=8), z_dims=4)
        >>> frames = tf.ones([1, 25, 1])
        >>> encoder({'f0_scaled': frames, 'ld_scaled': frames})['z'].shape
        TensorShape([1, 25, 4])
    """

    def __init__(
        self,
        net: Any = None,
        z_dims: int = 128,
        input_keys: Sequence[str] = ("f0_scaled", "ld_scaled"),
        mfcc_bins: int = 60,
        fft_size: int = 1024,
        mel_bins: int = 128,
        pool_time: bool = True,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            net: Layer from [batch, n_frames, n_channels] to any number of channels.
            z_dims: Channels of z.
            input_keys: Keys of the inputs, in the order in which they go into the
                network. In the place of 'audio' go its cepstral coefficients,
                interpolated to the frames of the first other input.
            mfcc_bins: Coefficients of audio.
            fft_size: Samples of the analysis frames of audio.
            mel_bins: Bands of the spectrum of audio.
            pool_time: Whether z is averaged over time.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If net is None.
        """
        super().__init__(input_keys, **kwargs)
        self.compute_mfccs = "audio" in input_keys
        self.mfcc_bins = mfcc_bins
        self.fft_size = fft_size
        self.mel_bins = mel_bins
        self.pool_time = pool_time
        self.net = require_net(net)
        self.norm = nn.Normalize("layer")
        self.dense_out = tf.keras.layers.Dense(z_dims)
        if self.compute_mfccs:
            self.norm_mfcc = nn.Normalize("instance")

    def compute_z(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Computes z.

        Args:
            *inputs: Inputs in the order of the keys: controls of as many frames each,
                [batch, n_frames, n_channels], and audio at 16 kHz, [batch, n_samples].

        Returns:
            [batch, z_dims], or [batch, n_frames, z_dims] without pool_time.
        """
        controls = list(inputs)
        if self.compute_mfccs:
            place = self.input_keys.index("audio")
            others = inputs[:place] + inputs[place + 1 :]
            controls[place] = self._describe(inputs[place], others)
        z = self.dense_out(self.norm(self.net(tf.concat(controls, axis=-1))))
        return tf.reduce_mean(z, axis=1) if self.pool_time else z

    def _describe(self, audio: tf.Tensor, others: Sequence[tf.Tensor]) -> tf.Tensor:
        """Cepstral coefficients of audio, normalised, with the frames of the others."""
        mfccs = spectral_ops.compute_mfcc(
            audio,
            fft_size=self.fft_size,
            mel_bins=self.mel_bins,
            mfcc_bins=self.mfcc_bins,
        )
        mfccs = self.norm_mfcc(mfccs)
        return core.resample(mfccs, count_frames(others[0])) if others else mfccs
