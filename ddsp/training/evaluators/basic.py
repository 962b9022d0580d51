"""What every model is judged by: its losses and its sound."""

import gin
import tensorflow as tf

from ddsp.training import event_files, summaries
from ddsp.training.evaluators.base import BaseEvaluator, Batch


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
