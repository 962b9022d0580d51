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

__all__ = [
    "QuantileTransformer",
    "compute_dataset_statistics",
    "detect_notes",
    "fit_quantile_transform",
    "load_statistics",
    "save_statistics",
    "smooth",
]
