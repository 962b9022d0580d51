"""What is computed from the features of whole datasets and recordings."""

from ddsp.training.postprocessing.dataset_statistics import compute_dataset_statistics
from ddsp.training.postprocessing.notes import detect_notes, smooth
from ddsp.training.postprocessing.quantiles import (
    QuantileTransformer,
    fit_quantile_transform,
)
from ddsp.training.postprocessing.statistics_files import (
    load_statistics,
    save_statistics,
)
from ddsp.training.postprocessing.tuning import auto_tune, get_tuning_factor

__all__ = [
    "QuantileTransformer",
    "auto_tune",
    "compute_dataset_statistics",
    "detect_notes",
    "fit_quantile_transform",
    "get_tuning_factor",
    "load_statistics",
    "save_statistics",
    "smooth",
]
