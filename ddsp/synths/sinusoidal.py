"""The sinusoidal synthesizer: partials that are free of any pitch."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import RESAMPLE_METHODS, check_choice
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class Sinusoidal(Processor):
    """Plays a sum of sinusoids, each with a frequency and an amplitude of its own.

    Example:
        >>> synth = Sinusoidal(n_samples=16, amp_scale_fn=None, freq_scale_fn=None)
        >>> tone = synth(tf.ones([1, 4, 1]), tf.fill([1, 4, 1], 4000.0))
        >>> tone[0, :4].numpy().round(3).tolist()
        [1.0, 0.0, -1.0, 0.0]
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        amp_scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        amp_resample_method: str = "window",
        freq_scale_fn: Callable[[tf.Tensor], tf.Tensor]
        | None = core.frequencies_sigmoid,
        name: str = "sinusoidal",
    ) -> None:
        """Sets the length and how inputs become controls.

        Args:
            n_samples: Length of the sound, a multiple of the frames of the controls
                unless amp_resample_method is another than 'window'.
            sample_rate: Samples per second.
            amp_scale_fn: Makes amplitudes positive; None takes them as they are.
            amp_resample_method: How amplitudes move between frames: 'window', 'linear',
                'cubic' or 'nearest'.
            freq_scale_fn: Makes frequencies in Hz, and may reduce the last axes to one
                number per sinusoid; None takes them as they are.
            name: Name.

        Raises:
            ValueError: If amp_resample_method is unknown.
        """
        super().__init__(name=name)
        check_choice("amp_resample_method", amp_resample_method, RESAMPLE_METHODS)
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.amp_scale_fn = amp_scale_fn
        self.amp_resample_method = amp_resample_method
        self.freq_scale_fn = freq_scale_fn

    def get_controls(self, amplitudes: tf.Tensor, frequencies: tf.Tensor) -> TensorDict:
        """Turns network outputs into amplitudes and frequencies.

        Args:
            amplitudes: Any real numbers, [batch, n_frames, n_sinusoids].
            frequencies: What freq_scale_fn expects, [batch, n_frames, n_sinusoids]
                or, with a depth, [batch, n_frames, n_sinusoids * depth] or
                [batch, n_frames, n_sinusoids, depth].

        Returns:
            'amplitudes' (positive) and 'frequencies' in Hz, [batch, n_frames,
            n_sinusoids] each. Sinusoids at or above half the sample rate have the
            amplitude 0 if freq_scale_fn made the frequencies.
        """
        if self.amp_scale_fn is not None:
            amplitudes = self.amp_scale_fn(amplitudes)
        if self.freq_scale_fn is not None:
            frequencies = self.freq_scale_fn(frequencies)
            amplitudes = core.remove_above_nyquist(
                frequencies, amplitudes, self.sample_rate
            )
        return {"amplitudes": amplitudes, "frequencies": frequencies}

    def get_signal(self, amplitudes: tf.Tensor, frequencies: tf.Tensor) -> tf.Tensor:
        """Plays the controls.

        Args:
            amplitudes: Amplitudes, [batch, n_frames, n_sinusoids].
            frequencies: Frequencies in Hz, [batch, n_frames, n_sinusoids]; they move
                linearly between frames.

        Returns:
            Audio, [batch, n_samples].
        """
        if gin.get_bindings(core.oscillator_bank):
            # Bindings of the bank act on the bank alone.
            return core.oscillator_bank(
                core.resample(frequencies, self.n_samples),
                core.resample(
                    amplitudes, self.n_samples, method=self.amp_resample_method
                ),
                sample_rate=self.sample_rate,
            )
        return core.sinusoidal_synthesis(
            frequencies,
            amplitudes,
            self.n_samples,
            self.sample_rate,
            self.amp_resample_method,
        )
