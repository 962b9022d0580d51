"""How near generated sound is to what it should be."""

from ddsp.training.metrics.base import BaseMetrics, l1_distance, squeeze
from ddsp.training.metrics.loudness import LoudnessMetrics
from ddsp.training.metrics.midi import (
    EvalCounts,
    MidiMetrics,
    compute_frame_metrics,
    compute_note_metrics,
    sequence2intervals,
)
from ddsp.training.metrics.pitch import (
    MIN_F0_CONFIDENCE,
    OUTLIER_MIDI_THRESH,
    F0CrepeMetrics,
    F0Metrics,
    f0_dist_conf_thresh,
    is_outlier,
    reference_pitch,
)
from ddsp.training.metrics.pitch_accuracy import (
    raw_chroma_accuracy,
    raw_pitch_accuracy,
)
from ddsp.training.metrics.sound_features import compute_audio_features, measure_f0

__all__ = [
    "MIN_F0_CONFIDENCE",
    "OUTLIER_MIDI_THRESH",
    "BaseMetrics",
    "EvalCounts",
    "F0CrepeMetrics",
    "F0Metrics",
    "LoudnessMetrics",
    "MidiMetrics",
    "compute_audio_features",
    "compute_frame_metrics",
    "compute_note_metrics",
    "f0_dist_conf_thresh",
    "is_outlier",
    "l1_distance",
    "measure_f0",
    "raw_chroma_accuracy",
    "raw_pitch_accuracy",
    "reference_pitch",
    "sequence2intervals",
    "squeeze",
]
