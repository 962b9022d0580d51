"""The classical waveforms of analogue synthesizers, without aliasing."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import RESAMPLE_METHODS, check_choice, check_whole_number
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class BandlimitedOscillator(Processor):
    """Plays a saw, square or triangle wave.

    Example:
        >>> synth = BandlimitedOscillator(n_samples=320, waveform="square")
        >>> frames = tf.ones([1, 10, 1])
        >>> audio = synth(frames, 100.0 * frames)[0]
        >>> bool(audio[40] > 0.5), bool(audio[120] < -0.5)  # Quarters of a period.
        (True, True)
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        waveform: str = "saw",
        n_harmonics: int | None = None,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        amp_resample_method: str = "window",
        name: str = "bandlimited_oscillator",
    ) -> None:
        """Sets the waveform and the length.

        Args:
            n_samples: Length of the sound, a multiple of the frames of the controls
                unless amp_resample_method is another than 'window'.
            sample_rate: Samples per second.
            waveform: 'saw', 'square' or 'triangle'.
            n_harmonics: Upper limit of the harmonics of a note, at least 1. None: as
                many as a note of 30 Hz has below half the sample rate.
            scale_fn: Makes amplitudes positive; None takes them as they are.
            amp_resample_method: How amplitudes move between frames: 'window', 'linear',
                'cubic' or 'nearest'.
            name: Name.

        Raises:
            ValueError: If the waveform or amp_resample_method is unknown, or there are
                no harmonics.
        """
        super().__init__(name=name)
        core.waveform_amplitudes(waveform, 1)  # Refuses unknown waveforms early.
        if n_harmonics is not None:
            check_whole_number("n_harmonics", n_harmonics)
        check_choice("amp_resample_method", amp_resample_method, RESAMPLE_METHODS)
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.waveform = waveform
        self.n_harmonics = n_harmonics
        self.scale_fn = scale_fn
        self.amp_resample_method = amp_resample_method

    def get_controls(self, amplitudes: tf.Tensor, f0_hz: tf.Tensor) -> TensorDict:
        """Turns network outputs into amplitudes.

        Args:
            amplitudes: Any real numbers, [batch, n_frames, 1].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            'amplitudes' (positive) and 'f0_hz', [batch, n_frames, 1] each.
        """
        if self.scale_fn is not None:
            amplitudes = self.scale_fn(amplitudes)
        return {"amplitudes": amplitudes, "f0_hz": f0_hz}

    def get_signal(self, amplitudes: tf.Tensor, f0_hz: tf.Tensor) -> tf.Tensor:
        """Plays the controls.

        Args:
            amplitudes: Peak of the ideal waveform, [batch, n_frames, 1].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            Audio, [batch, n_samples].
        """
        return core.bandlimited_synthesis(
            f0_hz,
            amplitudes,
            waveform=self.waveform,
            n_samples=self.n_samples,
            sample_rate=self.sample_rate,
            n_harmonics=self.n_harmonics,
            amp_resample_method=self.amp_resample_method,
        )
