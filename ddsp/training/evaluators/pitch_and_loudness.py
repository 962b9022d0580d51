"""Whether the sound has the pitch and the loudness that it should have."""

import gin
import numpy as np

from ddsp.training import metrics, summaries
from ddsp.training.evaluators.base import BaseEvaluator, Batch


@gin.register(module="ddsp.training.evaluators")
class F0LdEvaluator(BaseEvaluator):
    """Pitch and loudness of what a model generates, measured from its sound.

    Models hand their conditioning on in their outputs, so what the outputs say of pitch
    says nothing about the sound. CREPE listens to it instead.

    Example:
        >>> import tensorflow as tf
        >>> evaluator = F0LdEvaluator(16000, 250, run_f0_crepe=False)
        >>> audio = 0.1 * tf.random.normal([2, 16000])
        >>> evaluator.evaluate({"audio": audio}, {"audio_gen": audio}, losses={})
        >>> evaluator.flush(step=1)
        {'metrics/loudness/loudness_db': 0.0}
    """

    def __init__(
        self, sample_rate: int, frame_rate: float, run_f0_crepe: bool = True
    ) -> None:
        """Makes the metrics.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
            run_f0_crepe: Whether to measure pitch, which takes a network; otherwise
                loudness only.
        """
        super().__init__(sample_rate, frame_rate)
        rates = (sample_rate, frame_rate)
        self._loudness_metrics = metrics.LoudnessMetrics(*rates)
        self._f0_metrics = metrics.F0Metrics(*rates)
        self._f0_crepe_metrics = metrics.F0CrepeMetrics(*rates)
        self._run_f0_crepe = run_f0_crepe

    def evaluate(self, batch: Batch, outputs: Batch, losses: Batch) -> None:
        """Compares the generated sound with the batch.

        Args:
            batch: 'audio' or 'loudness_db', and 'f0_hz' with 'f0_confidence' or
                'audio', whose pitch is then measured.
            outputs: 'audio_gen', [batch, n_samples].
            losses: Not used.
        """
        del losses
        self._loudness_metrics.update_state(batch, outputs["audio_gen"])
        if not self._run_f0_crepe:
            return
        f0_hz, confidence, f0_hz_gen = self._measure(batch, outputs)
        reference = {"f0_hz": f0_hz, "f0_confidence": confidence}
        self._f0_metrics.update_state(reference, f0_hz_gen)
        self._f0_crepe_metrics.update_with_pitch(f0_hz, confidence, f0_hz_gen)

    def _measure(self, batch: Batch, outputs: Batch) -> tuple[np.ndarray, ...]:
        """Pitch that should be, how sure it is, and pitch that is."""
        f0_hz, confidence = metrics.reference_pitch(
            batch, self._sample_rate, self._frame_rate
        )
        f0_hz_gen, _ = metrics.measure_f0(
            outputs["audio_gen"], self._sample_rate, self._frame_rate, f0_hz.shape[1]
        )
        return f0_hz, confidence, f0_hz_gen

    def sample(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes the pitch curves of originals and of what became of them.

        Args:
            batch: See `evaluate`.
            outputs: 'audio_gen', [batch, n_samples].
            step: Step of training that the model has reached.
        """
        if self._run_f0_crepe:
            f0_hz, _, f0_hz_gen = self._measure(batch, outputs)
            summaries.f0_summary(
                f0_hz,
                f0_hz_gen,
                step,
                name="f0_harmonic",
                frame_rate=self._frame_rate,
            )

    def flush(self, step: int) -> dict[str, float]:
        """Writes what was measured and starts afresh.

        Args:
            step: Step of training that the model has reached.

        Returns:
            Means by tag, without those of nothing.
        """
        parts: list[metrics.BaseMetrics] = [self._loudness_metrics]
        if self._run_f0_crepe:
            parts += [self._f0_metrics, self._f0_crepe_metrics]
        return {tag: mean for part in parts for tag, mean in part.flush(step).items()}
