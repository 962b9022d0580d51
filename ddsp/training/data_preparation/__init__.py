"""Making datasets out of recordings."""

from ddsp.training.data_preparation.description import DatasetInfo, Dropped, Source
from ddsp.training.data_preparation.preparing import prepare_dataset

__all__ = ["DatasetInfo", "Dropped", "Source", "prepare_dataset"]
