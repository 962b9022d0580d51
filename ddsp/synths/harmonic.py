"""The harmonic synthesizer: one pitch, one loudness, a share for each harmonic."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import RESAMPLE_METHODS, check_choice, check_controls
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class Harmonic(Processor):
    """Plays a pitched sound as a sum of harmonics.

    Source: Engel et al., "DDSP", ICLR 2020, section 3.

    Example:
        >>> import tensorflow as tf
        >>> synth = Harmonic(n_samples=16000)
        >>> frames = tf.ones([1, 250, 1])
        >>> audio = synth(frames, tf.zeros([1, 250, 20]), 220.0 * frames)
        >>> audio.shape
        TensorShape([1, 16000])
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        normalize_below_nyquist: bool = True,
        amp_resample_method: str = "window",
        use_angular_cumsum: bool = False,
        name: str = "harmonic",
    ) -> None:
        """Sets the length and how inputs become controls.

        Args:
            n_samples: Length of the sound, a multiple of the frames of the controls
                unless amp_resample_method is another than 'window'.
            sample_rate: Samples per second.
            scale_fn: Makes amplitudes and shares positive; None takes them as they are.
            normalize_below_nyquist: Whether harmonics at or above half the sample rate
                are removed before the shares are normalised.
            amp_resample_method: How amplitudes move between frames: 'window', 'linear',
                'cubic' or 'nearest'.
            use_angular_cumsum: Accepted for the original's callers; phase is always
                accumulated exactly.
            name: Name.

        Raises:
            ValueError: If amp_resample_method is unknown.
        """
        super().__init__(name=name)
        check_choice("amp_resample_method", amp_resample_method, RESAMPLE_METHODS)
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.scale_fn = scale_fn
        self.normalize_below_nyquist = normalize_below_nyquist
        self.amp_resample_method = amp_resample_method
        self.use_angular_cumsum = use_angular_cumsum

    def get_controls(
        self,
        amplitudes: tf.Tensor,
        harmonic_distribution: tf.Tensor,
        f0_hz: tf.Tensor,
    ) -> TensorDict:
        """Turns network outputs into amplitude, shares and pitch.

        Args:
            amplitudes: Any real numbers, [batch, n_frames, 1].
            harmonic_distribution: Any real numbers, [batch, n_frames, n_harmonics].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            'amplitudes' (positive), 'harmonic_distribution' (adds up to 1) and 'f0_hz',
            in the shapes given.

        Raises:
            ValueError: If pitch and shares do not fit together.
        """
        if self.scale_fn is not None:
            amplitudes = self.scale_fn(amplitudes)
            harmonic_distribution = self.scale_fn(harmonic_distribution)
        f0_hz = core.tf_float32(f0_hz)
        if self.normalize_below_nyquist:
            check_controls(f0_hz=f0_hz, harmonic_distribution=harmonic_distribution)
        harmonic_distribution = core.normalize_harmonics(
            core.tf_float32(harmonic_distribution),
            f0_hz,
            self.sample_rate if self.normalize_below_nyquist else None,
        )
        return {
            "amplitudes": amplitudes,
            "harmonic_distribution": harmonic_distribution,
            "f0_hz": f0_hz,
        }

    def get_signal(
        self,
        amplitudes: tf.Tensor,
        harmonic_distribution: tf.Tensor,
        f0_hz: tf.Tensor,
    ) -> tf.Tensor:
        """Plays the controls.

        Args:
            amplitudes: Amplitude, [batch, n_frames, 1].
            harmonic_distribution: Share of each harmonic,
                [batch, n_frames, n_harmonics].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            Audio, [batch, n_samples].
        """
        return core.harmonic_synthesis(
            frequencies=f0_hz,
            amplitudes=amplitudes,
            harmonic_distribution=harmonic_distribution,
            n_samples=self.n_samples,
            sample_rate=self.sample_rate,
            amp_resample_method=self.amp_resample_method,
            use_angular_cumsum=self.use_angular_cumsum,
        )
