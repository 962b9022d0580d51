"""Finding notes in the controls of a model by rule, without a network."""

from ddsp.training.heuristics.binarizers import (
    amp_pooled_outliers,
    midi_heuristic,
    midi_heuristic_power,
    power_pooled_outliers,
    strided_freq_change,
)
from ddsp.training.heuristics.frames import (
    get_active_frame_indices,
    pad_for_frame,
    remove_short,
    window_array,
)
from ddsp.training.heuristics.pickers import mean_f0, median_amps, median_f0
from ddsp.training.heuristics.segmentation import (
    DDSP_DEFAULT_FRAME_RATE,
    segment_notes,
    segment_notes_batch,
)

__all__ = [
    "DDSP_DEFAULT_FRAME_RATE",
    "amp_pooled_outliers",
    "get_active_frame_indices",
    "mean_f0",
    "median_amps",
    "median_f0",
    "midi_heuristic",
    "midi_heuristic_power",
    "pad_for_frame",
    "power_pooled_outliers",
    "remove_short",
    "segment_notes",
    "segment_notes_batch",
    "strided_freq_change",
    "window_array",
]
