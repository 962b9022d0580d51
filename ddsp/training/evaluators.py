"""Evaluators: what is measured of a model, and what there is to see and hear."""

from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp.training import event_files, metrics, summaries

Batch = dict[str, Any]


class BaseEvaluator:
    """Base class of evaluators, which see every batch that a model was run on.

    Example:
        >>> class Counter(BaseEvaluator):
        ...     n_examples = 0
        ...
        ...     def evaluate(self, batch, output, losses):
        ...         self.n_examples += len(batch["audio"])
        >>> counter = Counter(sample_rate=16000, frame_rate=250)
        >>> counter.evaluate({"audio": tf.zeros([8, 16000])}, {}, losses={})
        >>> counter.n_examples
        8
    """

    def __init__(self, sample_rate: int, frame_rate: float) -> None:
        """Keeps the rates.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        self.set_rates(sample_rate, frame_rate)

    def set_rates(self, sample_rate: int, frame_rate: float) -> None:
        """Changes the rates.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        self._sample_rate = sample_rate
        self._frame_rate = frame_rate

    def evaluate(self, batch: Batch, output: Batch, losses: Batch) -> None:
        """Measures a batch. This one measures nothing.

        Args:
            batch: Features by name, with a batch axis.
            output: What the model made of them by name, and the sound as 'audio_gen',
                [batch, n_samples].
            losses: Losses by name, scalars.
        """

    def sample(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes a batch to look at and to hear. This one writes nothing.

        Args:
            batch: Features by name, with a batch axis.
            outputs: What the model made of them, see `evaluate`.
            step: Step of training that the model has reached.
        """

    def flush(self, step: int) -> dict[str, float]:
        """Writes what was measured and starts afresh. This one has nothing.

        Args:
            step: Step of training that the model has reached.

        Returns:
            Numbers by tag.
        """
        del step
        return {}


@gin.register(module="ddsp.training.evaluators")
class BasicEvaluator(BaseEvaluator):
    """Mean losses; sounds, their waveforms and their spectrograms.

    Example:
        >>> evaluator = BasicEvaluator(sample_rate=16000, frame_rate=250)
        >>> batch = {"audio": tf.zeros([2, 16000])}
        >>> evaluator.evaluate(batch, outputs={}, losses={"total_loss": 1.0})
        >>> evaluator.evaluate(batch, outputs={}, losses={"total_loss": 2.0})
        >>> evaluator.flush(step=1)
        {'losses/total_loss': 1.5}
    """

    def __init__(self, sample_rate: int, frame_rate: float) -> None:
        """Starts without losses.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        super().__init__(sample_rate, frame_rate)
        self._avg_losses: dict[str, tf.keras.metrics.Mean] = {}

    def evaluate(self, batch: Batch, outputs: Batch, losses: Batch) -> None:
        """Adds the losses to their means over all examples.

        Args:
            batch: Features by name, with a batch axis.
            outputs: Not used.
            losses: Losses by name, scalars: means over the batch.
        """
        del outputs
        n_examples = len(next(iter(batch.values())))
        for name, loss in losses.items():
            mean = self._avg_losses.setdefault(name, tf.keras.metrics.Mean(name))
            # The last batch may have fewer examples.
            mean.update_state(loss, sample_weight=n_examples)

    def sample(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes originals and what became of them.

        Args:
            batch: 'audio', [batch, n_samples]; without it only what was generated is
                written.
            outputs: 'audio_gen', [batch, n_samples].
            step: Step of training that the model has reached.
        """
        generated, rate = outputs["audio_gen"], self._sample_rate
        summaries.audio_summary(generated, step, rate, name="audio_generated")
        original = batch.get("audio")
        if original is not None:
            summaries.audio_summary(original, step, rate, name="audio_original")
            pair = (original, generated)
            summaries.waveform_summary(*pair, step, sample_rate=rate)
            summaries.spectrogram_summary(*pair, step, sample_rate=rate)

    def flush(self, step: int) -> dict[str, float]:
        """Writes the mean losses as 'losses/<name>' and starts afresh.

        Args:
            step: Step of training that the model has reached.

        Returns:
            The means by tag.
        """
        means = {f"losses/{n}": float(m.result()) for n, m in self._avg_losses.items()}
        for tag, mean in means.items():
            event_files.write_scalar(tag, mean, step)
        self._avg_losses = {}
        return means


@gin.register(module="ddsp.training.evaluators")
class F0LdEvaluator(BaseEvaluator):
    """Pitch and loudness of what a model generates, measured from its sound.

    Models hand their conditioning on in their outputs, so what the outputs say of pitch
    says nothing about the sound. CREPE listens to it instead.

    Example:
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
