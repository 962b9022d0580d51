"""Encoders of timbre from mel-frequency cepstral coefficients."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import nn
from ddsp.training.encoders.base import ZEncoder

# Size and overlap of the analysis frames for each rate of z, per four seconds.
_FRAMES = {
    63: (2048, 0.5),
    125: (1024, 0.5),
    250: (1024, 0.75),
    500: (512, 0.75),
    1000: (256, 0.75),
}


@gin.register(module="ddsp.training.encoders")
class MfccTimeDistributedRnnEncoder(ZEncoder):
    """A recurrent layer over cepstral coefficients: timbre that changes with time.

    Source: Engel et al., "DDSP", ICLR 2020, appendix B.

    Example:
        >>> encoder = MfccTimeDistributedRnnEncoder(rnn_channels=8, z_dims=4)
        >>> features = {'audio': tf.ones([1, 1600]), 'f0_scaled': tf.ones([1, 25, 1])}
        >>> encoder(features)['z'].shape
        TensorShape([1, 25, 4])
    """

    def __init__(
        self,
        rnn_channels: int = 512,
        rnn_type: str = "gru",
        z_dims: int = 32,
        z_time_steps: int = 250,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            rnn_channels: Units of the recurrent layer.
            rnn_type: 'gru' or 'lstm'.
            z_dims: Channels of z.
            z_time_steps: Frames of analysis in four seconds of audio at 16 kHz: 63,
                125, 250, 500 or 1000.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If z_time_steps is none of those.
        """
        super().__init__(**kwargs)
        if z_time_steps not in _FRAMES:
            raise ValueError(
                f"z_time_steps must be one of {list(_FRAMES)}. Got "
                f"z_time_steps={z_time_steps}."
            )
        self.z_audio_spec = {
            str(n_frames): {"fft_size": fft_size, "overlap": overlap}
            for n_frames, (fft_size, overlap) in _FRAMES.items()
        }
        self.fft_size, self.overlap = _FRAMES[z_time_steps]
        self.z_norm = nn.Normalize("instance")
        self.rnn = nn.Rnn(rnn_channels, rnn_type)
        self.dense_out = tf.keras.layers.Dense(z_dims)

    def compute_z(self, audio: tf.Tensor) -> tf.Tensor:
        """Computes z at the rate of the analysis.

        Args:
            audio: Sound at 16 kHz, [batch, n_samples].

        Returns:
            [batch, n_frames, z_dims].
        """
        mfccs = spectral_ops.compute_mfcc(
            audio,
            lo_hz=20.0,
            hi_hz=8000.0,
            fft_size=self.fft_size,
            mel_bins=128,
            mfcc_bins=30,
            overlap=self.overlap,
            pad_end=True,
        )
        return self.dense_out(self.rnn(self.z_norm(mfccs)))


@gin.register(module="ddsp.training.encoders")
class MfccRnnEncoder(ZEncoder):
    """A recurrent layer over cepstral coefficients: one timbre for the whole sound.

    Example:
        >>> encoder = MfccRnnEncoder(rnn_channels=8, z_dims=4)
        >>> features = {'audio': tf.ones([1, 1600]), 'f0_scaled': tf.ones([1, 25, 1])}
        >>> z = encoder(features)['z']
        >>> z.shape, bool(tf.reduce_all(z == z[:, :1]))
        (TensorShape([1, 25, 4]), True)
    """

    def __init__(
        self,
        rnn_channels: int = 512,
        rnn_type: str = "gru",
        z_dims: int = 512,
        mean_aggregate: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            rnn_channels: Units of the recurrent layer.
            rnn_type: 'gru' or 'lstm'.
            z_dims: Channels of z.
            mean_aggregate: Whether z comes from the mean over all frames rather than
                from the last one, by which the recurrent layer has heard everything.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.mean_aggregate = mean_aggregate
        self.norm_in = nn.Normalize("instance")
        self.rnn = nn.Rnn(rnn_channels, rnn_type, return_sequences=mean_aggregate)
        self.dense_z = tf.keras.layers.Dense(z_dims)

    def compute_z(self, audio: tf.Tensor) -> tf.Tensor:
        """Computes z.

        Args:
            audio: Sound at 16 kHz, [batch, n_samples].

        Returns:
            [batch, z_dims].
        """
        mfccs = spectral_ops.compute_mfcc(audio, fft_size=1024, mfcc_bins=30)
        x = self.rnn(self.norm_in(mfccs))
        return self.dense_z(tf.reduce_mean(x, axis=1) if self.mean_aggregate else x)


@gin.register(module="ddsp.training.encoders")
class MfccEncoder(ZEncoder):
    """Cepstral coefficients at one or several resolutions, normalised, as they are.

    Example:
        >>> encoder = MfccEncoder(
        ...     fft_sizes=(1024, 256), mel_bins=(128, 32), mfcc_bins=(30, 10))
        >>> features = {'audio': tf.ones([1, 1600]), 'f0_scaled': tf.ones([1, 25, 1])}
        >>> encoder(features)['z'].shape
        TensorShape([1, 25, 40])
    """

    def __init__(
        self,
        fft_sizes: Sequence[int] = (1024,),
        mel_bins: Sequence[int] = (128,),
        mfcc_bins: Sequence[int] = (30,),
        time_steps: int = 250,
        **kwargs: Any,
    ) -> None:
        """Chooses the resolutions.

        Args:
            fft_sizes: Samples of the analysis frames, for each resolution.
            mel_bins: Bands of the spectrum, for each resolution.
            mfcc_bins: Coefficients kept, for each resolution.
            time_steps: Frames to which the coefficients of all resolutions are
                interpolated before they are normalised.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If fft_sizes, mel_bins and mfcc_bins differ in length.
        """
        super().__init__(**kwargs)
        if not len(fft_sizes) == len(mel_bins) == len(mfcc_bins):
            raise ValueError(
                "fft_sizes, mel_bins and mfcc_bins must have one entry per resolution. "
                f"Got fft_sizes={fft_sizes}, mel_bins={mel_bins} and "
                f"mfcc_bins={mfcc_bins}."
            )
        self.fft_sizes = fft_sizes
        self.mel_bins = mel_bins
        self.mfcc_bins = mfcc_bins
        self.time_steps = time_steps
        self.norm_out = nn.Normalize("instance")

    def compute_z(self, audio: tf.Tensor) -> tf.Tensor:
        """Computes the coefficients.

        Args:
            audio: Sound at 16 kHz, [batch, n_samples].

        Returns:
            [batch, time_steps, sum of mfcc_bins].
        """
        resolutions = zip(self.fft_sizes, self.mel_bins, self.mfcc_bins, strict=True)
        mfccs = [
            spectral_ops.compute_mfcc(
                audio, fft_size=fft_size, mel_bins=mel_bins, mfcc_bins=mfcc_bins
            )
            for fft_size, mel_bins, mfcc_bins in resolutions
        ]
        resampled = [core.resample(x, self.time_steps) for x in mfccs]
        return self.norm_out(tf.concat(resampled, axis=-1))
