"""Encoders of timbre from mel-frequency cepstral coefficients."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import spectral_ops
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
