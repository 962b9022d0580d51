"""What all metrics share: means of numbers that come in batch by batch."""

from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training import event_files


def squeeze(input_vector: Any) -> Any:
    """Leaves out axes of length 1.

    Args:
        input_vector: Tensor or array; a vector stays as it is.

    Returns:
        Array of fewer axes, or the vector.
    """
    if np.ndim(input_vector) <= 1:
        return input_vector
    return np.squeeze(np.asarray(input_vector))


def l1_distance(prediction: Any, ground_truth: Any) -> np.ndarray:
    """Absolute differences, as far as both curves go.

    Args:
        prediction: Curve, [n_frames], with or without axes of length 1.
        ground_truth: Curve, [n_frames] of another or the same number.

    Returns:
        Differences, [n_frames] of the shorter one.
    """
    first, second = (np.asarray(squeeze(x)) for x in (prediction, ground_truth))
    n_frames = min(len(first), len(second))
    return np.abs(first[:n_frames] - second[:n_frames])


class BaseMetrics:
    """Base class of metrics: named means that are written and start afresh.

    Example:
        >>> class Peak(BaseMetrics):
        ...     def __init__(self):
        ...         super().__init__(16000, 250, "peak")
        ...         self._metrics = {"level": tf.keras.metrics.Mean("level")}
        ...
        ...     def update_state(self, audio):
        ...         self.metrics["level"].update_state(tf.reduce_max(audio))
        >>> peak = Peak()
        >>> peak.update_state(tf.constant([0.25, 0.5]))
        >>> peak.flush(step=1)
        {'metrics/peak/level': 0.5}
    """

    def __init__(self, sample_rate: int, frame_rate: float, name: str) -> None:
        """Starts without means.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
            name: Second part of the tags, as in 'metrics/<name>/<metric>'.
        """
        self._sample_rate = sample_rate
        self._frame_rate = frame_rate
        self._name = name
        self._metrics: dict[str, tf.keras.metrics.Mean] = {}

    @property
    def metrics(self) -> dict[str, tf.keras.metrics.Mean]:
        """The means by name."""
        return self._metrics

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes a batch.

        Args:
            *args: What the metrics compare.
            **kwargs: What the metrics compare, by name.

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update_state.")

    def flush(self, step: int) -> dict[str, float]:
        """Writes the means to the default summary writer and starts afresh.

        Args:
            step: Step of training that they belong to.

        Returns:
            The means by tag, without those of nothing.
        """
        means = {
            f"metrics/{self._name}/{name}": float(mean.result())
            for name, mean in self.metrics.items()
            if float(mean.count) > 0.0
        }
        for tag, value in means.items():
            event_files.write_scalar(tag, value, step)
        for mean in self.metrics.values():
            mean.reset_state()
        return means


def make_means(*names: str) -> dict[str, tf.keras.metrics.Mean]:
    """Makes means.

    Args:
        *names: Their names.

    Returns:
        The means by name.
    """
    return {name: tf.keras.metrics.Mean(name) for name in names}
