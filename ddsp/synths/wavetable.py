"""The wavetable synthesizer: one period of a waveform, read at a pitch."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class Wavetable(Processor):
    """Plays a waveform that may change from frame to frame.

    Example:
        >>> synth = Wavetable(n_samples=8, sample_rate=16, scale_fn=None)
        >>> pitch, table = tf.fill([1, 2, 1], 4.0), tf.constant([[0.0, 1.0, 0.0, -1.0]])
        >>> synth(tf.ones([1, 2, 1]), table, pitch).numpy().tolist()
        [[0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0]]
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        name: str = "wavetable",
    ) -> None:
        """Sets the length and how inputs become controls.

        Args:
            n_samples: Length of the sound, a multiple of the frames of amplitudes.
            sample_rate: Samples per second.
            scale_fn: Applied to amplitudes and, as in the original, to the wavetables:
                the default makes them positive, so they have an offset. None takes
                both as they are, which is what waveforms around 0 need.
            name: Name.
        """
        super().__init__(name=name)
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.scale_fn = scale_fn

    def get_controls(
        self, amplitudes: tf.Tensor, wavetables: tf.Tensor, f0_hz: tf.Tensor
    ) -> TensorDict:
        """Turns network outputs into amplitudes and wavetables.

        Args:
            amplitudes: Any real numbers, [batch, n_frames, 1].
            wavetables: Any real numbers, [batch, n_points] or
                [batch, n_frames, n_points].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            'amplitudes', 'wavetables' and 'f0_hz', in the shapes given.
        """
        if self.scale_fn is not None:
            amplitudes = self.scale_fn(amplitudes)
            wavetables = self.scale_fn(wavetables)
        return {"amplitudes": amplitudes, "wavetables": wavetables, "f0_hz": f0_hz}

    def get_signal(
        self, amplitudes: tf.Tensor, wavetables: tf.Tensor, f0_hz: tf.Tensor
    ) -> tf.Tensor:
        """Plays the controls.

        Args:
            amplitudes: Amplitude, [batch, n_frames, 1].
            wavetables: One period, [batch, n_points] for the whole sound or
                [batch, n_frames, n_points].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            Audio, [batch, n_samples].
        """
        return core.wavetable_synthesis(
            frequencies=f0_hz,
            amplitudes=amplitudes,
            wavetables=wavetables,
            n_samples=self.n_samples,
            sample_rate=self.sample_rate,
        )
