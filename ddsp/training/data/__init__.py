"""Providers of training data: batches of examples with their features."""

from ddsp.training.data.base import DataProvider, training_batches
from ddsp.training.data.dataset_info import (
    DATASET_FILE,
    RECORDS_PATTERN,
    read_dataset_info,
)
from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE, ExampleShape
from ddsp.training.data.held_out import hold_out
from ddsp.training.data.tfrecord import LegacyTFRecordProvider, TFRecordProvider

__all__ = [
    "DATASET_FILE",
    "FEATURE_SAMPLE_RATE",
    "RECORDS_PATTERN",
    "DataProvider",
    "ExampleShape",
    "LegacyTFRecordProvider",
    "TFRecordProvider",
    "hold_out",
    "read_dataset_info",
    "training_batches",
]
