"""Whether the sinusoids of a model have the pitch that they should have."""

import gin
import numpy as np
import tensorflow as tf

from ddsp import losses as losses_lib
from ddsp.training import metrics, summaries
from ddsp.training.evaluators.base import BaseEvaluator, Batch

NAME = "f0_twm"


@gin.register(module="ddsp.training.evaluators")
class TWMEvaluator(BaseEvaluator):
    """Pitch of a model's sinusoids, found by two-way mismatch, see `losses.TWMLoss`.

    Example:
        >>> import tensorflow as tf
        >>> frequencies = 220.0 * tf.ones([1, 250, 1]) * tf.range(1.0, 9.0)
        >>> controls = {
        ...     "frequencies": frequencies, "amplitudes": 1.0 / frequencies}
        >>> batch = {"f0_hz": tf.fill([1, 250], 220.0)}
        >>> evaluator = TWMEvaluator(16000, 250)
        >>> evaluator.evaluate(batch, {"sinusoidal": {"controls": controls}}, {})
        >>> evaluator.flush(step=1)["metrics/f0_twm/raw_pitch_accuracy"]
        1.0
    """

    def __init__(
        self,
        sample_rate: int,
        frame_rate: float,
        processor_name: str = "sinusoidal",
        noisy: bool = False,
    ) -> None:
        """Makes the metrics.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
            processor_name: Name of the processor whose sinusoids are looked at.
            noisy: Whether sinusoids may stand for noise: then each counts as much as
                its 'noise_ratios' says that it is none.
        """
        super().__init__(sample_rate, frame_rate)
        self._processor_name = processor_name
        self._noisy = noisy
        self._f0_twm_metrics = metrics.F0Metrics(sample_rate, frame_rate, name=NAME)
        self._twm_loss = losses_lib.TWMLoss(sample_rate=sample_rate)

    def evaluate(self, batch: Batch, outputs: Batch, losses: Batch) -> None:
        """Compares the pitch of the sinusoids with that of the batch.

        Args:
            batch: 'f0_hz' with 'f0_confidence', or 'audio', whose pitch is measured.
            outputs: Under processor_name, in 'controls', 'amplitudes' and 'frequencies'
                in Hz, [batch, n_frames, n_sinusoids], and if noisy 'noise_ratios', from
                0 to 1, of the same shape or [batch, n_frames, 1].
            losses: Not used.

        Raises:
            ValueError: If the outputs have no such controls.
        """
        del losses
        self._f0_twm_metrics.update_state(batch, self._compute_twm_f0(outputs))

    def _compute_twm_f0(self, outputs: Batch) -> np.ndarray:
        """The sinusoid that explains all of them best, in Hz, [batch, n_frames, 1]."""
        controls = outputs.get(self._processor_name, {}).get("controls", {})
        names = ["amplitudes", "frequencies", *["noise_ratios"] * self._noisy]
        missing = [name for name in names if name not in controls]
        if missing:
            raise ValueError(
                f"Outputs must have {', '.join(missing)} in {self._processor_name}/"
                f"controls. Got {sorted(outputs)} with {sorted(controls)} there; give "
                "TWMEvaluator the processor_name of the sinusoids."
            )
        amplitudes, frequencies, *noise_ratios = (
            tf.convert_to_tensor(controls[name]) for name in names
        )
        if self._noisy:
            amplitudes *= 1.0 - noise_ratios[0]
        # All pairs of candidates and sinusoids: one example at a time.
        pitches = [
            self._twm_loss.predict_f0(each[1], each[1], each[0])
            for each in zip(
                tf.split(amplitudes, len(amplitudes)),
                tf.split(frequencies, len(frequencies)),
                strict=True,
            )
        ]
        return np.concatenate(pitches)

    def sample(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes the pitch curves of the batch and of the sinusoids.

        Args:
            batch: See `evaluate`.
            outputs: See `evaluate`.
            step: Step of training that the model has reached.
        """
        f0_hz, _ = metrics.reference_pitch(batch, self._sample_rate, self._frame_rate)
        summaries.f0_summary(
            f0_hz,
            self._compute_twm_f0(outputs),
            step,
            name=NAME,
            frame_rate=self._frame_rate,
        )

    def flush(self, step: int) -> dict[str, float]:
        """Writes what was measured and starts afresh.

        Args:
            step: Step of training that the model has reached.

        Returns:
            Means by tag, without those of nothing.
        """
        return self._f0_twm_metrics.flush(step)
