"""Providers of training data: batches of examples with their features."""

from ddsp.training.data.augmented import AugmentedProvider
from ddsp.training.data.base import DataProvider, training_batches
from ddsp.training.data.combined import (
    BaseMultiProvider,
    MixedProvider,
    ZippedProvider,
)
from ddsp.training.data.dataset_info import (
    DATASET_FILE,
    RECORDS_PATTERN,
    read_dataset_info,
)
from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE, ExampleShape
from ddsp.training.data.frame_rates import (
    SLOWEST_FRAME_RATE,
    USUAL_FRAME_RATE,
    default_frame_rate,
    require_whole_frames,
    whole_frame_rates,
)
from ddsp.training.data.held_out import hold_out
from ddsp.training.data.nsynth_folder import NSynthFolder
from ddsp.training.data.saved import ExperimentalDataProvider
from ddsp.training.data.synthetic_notes import SyntheticNotes
from ddsp.training.data.tfds import NSynthTfds, TfdsProvider
from ddsp.training.data.tfrecord import LegacyTFRecordProvider, TFRecordProvider
from ddsp.training.data.urmp import Urmp, UrmpMidi, UrmpMidiUnsegmented

__all__ = [
    "DATASET_FILE",
    "FEATURE_SAMPLE_RATE",
    "RECORDS_PATTERN",
    "SLOWEST_FRAME_RATE",
    "USUAL_FRAME_RATE",
    "AugmentedProvider",
    "BaseMultiProvider",
    "DataProvider",
    "ExampleShape",
    "ExperimentalDataProvider",
    "LegacyTFRecordProvider",
    "MixedProvider",
    "NSynthFolder",
    "NSynthTfds",
    "SyntheticNotes",
    "TFRecordProvider",
    "TfdsProvider",
    "Urmp",
    "UrmpMidi",
    "UrmpMidiUnsegmented",
    "ZippedProvider",
    "default_frame_rate",
    "hold_out",
    "read_dataset_info",
    "require_whole_frames",
    "training_batches",
    "whole_frame_rates",
]
