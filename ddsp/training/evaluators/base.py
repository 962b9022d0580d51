"""The interface of evaluators."""

from typing import Any

Batch = dict[str, Any]


class BaseEvaluator:
    """Base class of evaluators, which see every batch that a model was run on.

    Example:
        >>> import tensorflow as tf
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
