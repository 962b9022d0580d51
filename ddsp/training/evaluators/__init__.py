"""Evaluators: what is measured of a model, and what there is to see and hear."""

from ddsp.training.evaluators.base import BaseEvaluator
from ddsp.training.evaluators.basic import BasicEvaluator
from ddsp.training.evaluators.midi import (
    MidiAutoencoderEvaluator,
    MidiHeuristicEvaluator,
)
from ddsp.training.evaluators.pitch_and_loudness import F0LdEvaluator
from ddsp.training.evaluators.two_way_mismatch import TWMEvaluator

__all__ = [
    "BaseEvaluator",
    "BasicEvaluator",
    "F0LdEvaluator",
    "MidiAutoencoderEvaluator",
    "MidiHeuristicEvaluator",
    "TWMEvaluator",
]
