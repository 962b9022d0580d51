"""What is wrong with recordings, before a model is trained on them."""

from ddsp.training.data_inspection.findings import Finding, Place
from ddsp.training.data_inspection.inspection import Inspection, inspect_recordings
from ddsp.training.data_inspection.picture import plot_inspection
from ddsp.training.data_inspection.recording import RecordingFigures

__all__ = [
    "Finding",
    "Inspection",
    "Place",
    "RecordingFigures",
    "inspect_recordings",
    "plot_inspection",
]
