"""How near the pitch of generated sound is."""

from typing import Any

import numpy as np

from ddsp import core, spectral_ops
from ddsp.training.metrics.base import BaseMetrics, make_means
from ddsp.training.metrics.pitch_accuracy import raw_chroma_accuracy, raw_pitch_accuracy
from ddsp.training.metrics.sound_features import measure_f0, reference_sounds

MIN_F0_CONFIDENCE = 0.85
OUTLIER_MIDI_THRESH = 12


def is_outlier(ground_truth_f0_conf: Any) -> bool:
    """Says whether a sound has no frame of sure pitch.

    Args:
        ground_truth_f0_conf: How sure the pitch of each frame is, from 0 to 1, any
            shape.

    Returns:
        Whether nothing reaches MIN_F0_CONFIDENCE.
    """
    return bool(np.max(ground_truth_f0_conf) < MIN_F0_CONFIDENCE)


def f0_dist_conf_thresh(
    f0_hz: Any,
    f0_hz_gen: Any,
    f0_confidence: Any,
    f0_confidence_thresh: float = MIN_F0_CONFIDENCE,
) -> float | None:
    """Mean distance between two pitch curves where the true one is sure.

    Args:
        f0_hz: True pitch in Hz, [..., n_frames] or [batch, n_frames, 1]; 0 Hz counts as
            the MIDI note 0.
        f0_hz_gen: Pitch to judge, likewise. Frames beyond the shorter one do not count.
        f0_confidence: How sure each frame of f0_hz is, likewise.
        f0_confidence_thresh: From which confidence on a frame counts.

    Returns:
        Mean absolute distance in semitones; None if no frame counts.
    """
    curves = [_without_channel(x) for x in (f0_hz, f0_hz_gen, f0_confidence)]
    n_frames = min(curve.shape[-1] for curve in curves)
    truth, generated, confidence = (curve[..., :n_frames] for curve in curves)
    is_sure = confidence >= f0_confidence_thresh
    if not np.any(is_sure):
        return None
    distance = np.abs(core.hz_to_midi(truth) - core.hz_to_midi(generated))
    return float(np.mean(distance[is_sure]))


def _without_channel(curve: Any) -> np.ndarray:
    curve = np.asarray(curve, np.float32)
    return curve[..., 0] if curve.ndim == 3 else curve


def reference_pitch(
    batch: dict[str, Any], sample_rate: int, frame_rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the pitch that a batch should have.

    Args:
        batch: 'f0_hz', [batch, n_frames] or [batch, n_frames, 1], and 'f0_confidence';
            without the latter all frames with a pitch are sure. Or, without them,
            'audio', [batch, n_samples], whose pitch is measured.
        sample_rate: Samples per second of 'audio'.
        frame_rate: Frames per second.

    Returns:
        Pitch in Hz and confidence, from 0 to 1, [batch, n_frames].

    Raises:
        ValueError: If there is neither pitch nor audio.
    """
    if batch.get("f0_hz") is not None:
        f0_hz = np.asarray(batch["f0_hz"], np.float32)
        f0_hz = f0_hz.reshape(len(f0_hz), -1)
        confidence = batch.get("f0_confidence")
        if confidence is None:
            confidence = f0_hz > 0.0
        return f0_hz, np.asarray(confidence, np.float32).reshape(len(f0_hz), -1)
    sounds = reference_sounds(batch, sample_rate)
    if sounds is None:
        raise ValueError(
            "A batch must have f0_hz or audio for its pitch to be judged. Got "
            f"{sorted(batch)}; add one of the two."
        )
    return measure_f0(sounds, spectral_ops.CREPE_SAMPLE_RATE, frame_rate)


class F0CrepeMetrics(BaseMetrics):
    """Pitch of generated sounds, measured by CREPE, against what it should be.

    A sound without any sure frame in its reference is left out. One whose pitch is
    further off than OUTLIER_MIDI_THRESH is an outlier, and does not count in 'f0_dist'.

    Example:
        >>> metrics = F0CrepeMetrics(sample_rate=16000, frame_rate=250)
        >>> f0_hz, sure = np.full([1, 500], 220.0), np.ones([1, 500])
        >>> metrics.update_with_pitch(f0_hz, sure, f0_hz_gen=2 ** (1 / 12) * f0_hz)
        >>> means = metrics.flush(step=1)
        >>> round(means["metrics/f0_crepe/f0_dist"], 3)  # One semitone.
        1.0
        >>> means["metrics/f0_crepe/outlier_ratio"]
        0.0
    """

    def __init__(
        self, sample_rate: int, frame_rate: float, name: str = "f0_crepe"
    ) -> None:
        """Starts without values.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the pitch.
            name: Second part of the tags.
        """
        super().__init__(sample_rate, frame_rate, name)
        self._metrics = make_means("f0_dist", "outlier_ratio")

    def update_state(self, batch: dict[str, Any], audio_gen: Any) -> None:
        """Takes a batch.

        Args:
            batch: See `reference_pitch`.
            audio_gen: Generated sounds, [batch, n_samples].
        """
        f0_hz, confidence = reference_pitch(batch, self._sample_rate, self._frame_rate)
        f0_hz_gen, _ = measure_f0(
            audio_gen, self._sample_rate, self._frame_rate, f0_hz.shape[1]
        )
        self.update_with_pitch(f0_hz, confidence, f0_hz_gen)

    def update_with_pitch(
        self, f0_hz: np.ndarray, f0_confidence: np.ndarray, f0_hz_gen: np.ndarray
    ) -> None:
        """Takes a batch whose sounds have been measured.

        Args:
            f0_hz: Pitch that the sounds should have, in Hz, [batch, n_frames].
            f0_confidence: How sure it is, from 0 to 1, [batch, n_frames].
            f0_hz_gen: Pitch of the generated sounds, in Hz, [batch, n_frames].
        """
        for truth, confidence, generated in zip(
            f0_hz, f0_confidence, f0_hz_gen, strict=True
        ):
            if is_outlier(confidence):
                continue
            distance = f0_dist_conf_thresh(truth, generated, confidence)
            far_off = distance is None or distance > OUTLIER_MIDI_THRESH
            self.metrics["outlier_ratio"].update_state(float(far_off))
            if not far_off:
                self.metrics["f0_dist"].update_state(distance)

    def flush(self, step: int) -> dict[str, float]:
        """Writes the means, starts afresh, and frees the network.

        Args:
            step: Step of training that they belong to.

        Returns:
            The means by tag, without those of nothing.
        """
        spectral_ops.reset_crepe()
        return super().flush(step)


class F0Metrics(BaseMetrics):
    """Pitch curves against what they should be, frame by frame.

    A sound without any sure frame in its reference is left out; sure frames are those
    with a confidence of MIN_F0_CONFIDENCE or more.

    Example:
        >>> metrics = F0Metrics(sample_rate=16000, frame_rate=250)
        >>> f0_hz = np.full([1, 500], 220.0)
        >>> batch = {"f0_hz": f0_hz, "f0_confidence": np.ones([1, 500])}
        >>> metrics.update_state(batch, f0_hz_predict=2.0 * f0_hz)
        >>> means = metrics.flush(step=1)
        >>> means["metrics/f0/raw_pitch_accuracy"]
        0.0
        >>> means["metrics/f0/raw_chroma_accuracy"]  # An octave is the same chroma.
        1.0
    """

    def __init__(
        self,
        sample_rate: int,
        frame_rate: float,
        rpa_tolerance: float = 50,
        name: str = "f0",
    ) -> None:
        """Starts without values.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the pitch.
            rpa_tolerance: Cents within which a pitch is right.
            name: Second part of the tags.
        """
        super().__init__(sample_rate, frame_rate, name)
        self._rpa_tolerance = rpa_tolerance
        self._metrics = make_means(
            "f0_dist", "raw_pitch_accuracy", "raw_chroma_accuracy"
        )

    def update_state(self, batch: dict[str, Any], f0_hz_predict: Any) -> None:
        """Takes a batch.

        Args:
            batch: See `reference_pitch`; not changed.
            f0_hz_predict: Pitch to judge in Hz, [batch, n_frames] or
                [batch, n_frames, 1]. With another number of frames than the reference
                it is compared with points of the reference's curve.
        """
        truths, confidences = reference_pitch(
            batch, self._sample_rate, self._frame_rate
        )
        predicted = np.asarray(f0_hz_predict, np.float32)
        predicted = predicted.reshape(len(predicted), -1)
        if predicted.shape != truths.shape:
            n_frames = predicted.shape[1]
            truths, confidences = (
                core.resample(x, n_frames).numpy() for x in (truths, confidences)
            )
        for curves in zip(truths, predicted, confidences, strict=True):
            if not is_outlier(curves[2]):
                self._update_example(*curves)

    def _update_example(
        self, truth: np.ndarray, predicted: np.ndarray, confidence: np.ndarray
    ) -> None:
        """Takes the curves of one sound, [n_frames]."""
        curves = (truth, predicted, confidence >= MIN_F0_CONFIDENCE)
        values = {
            "f0_dist": f0_dist_conf_thresh(truth, predicted, confidence),
            "raw_pitch_accuracy": raw_pitch_accuracy(*curves, self._rpa_tolerance),
            "raw_chroma_accuracy": raw_chroma_accuracy(*curves, self._rpa_tolerance),
        }
        for name, value in values.items():
            self.metrics[name].update_state(value)
