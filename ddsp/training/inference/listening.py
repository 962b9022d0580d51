"""From a recording to the curves that an instrument is to play."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ddsp.training import models, postprocessing
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.inference import model_inputs
from ddsp.training.inference.adjustment import (
    SILENCE_DB,
    Adjusted,
    adjust_power,
    adjust_to_instrument,
    shift_by_hand,
)
from ddsp.training.inference.doubts import find_doubts
from ddsp.training.inference.intonation import Tuned, tune
from ddsp.training.inference.recording import measure, measure_power
from ddsp.training.inference.settings import Settings

Curves = dict[str, np.ndarray]


@dataclass(frozen=True)
class Heard:
    """What was found in a recording, and what is to be played.

    Attributes:
        measured: Curves of the recording by name, [n_frames] each.
        played: Curves for the instrument, by the same names.
        register_shift: Octaves that the adjustment moved the pitch by.
        is_note: Where notes sound, bool, [n_frames].
        tuned: What autotune has done; None without it.
        warnings: Doubts, a line each.

    Example:
        >>> import numpy as np
        >>> curves = {'f0_hz': np.array([440.0])}
        >>> Heard(curves, curves, 0.0, np.array([True]), None, ()).tuned is None
        True
    """

    measured: Curves
    played: Curves
    register_shift: float
    is_note: np.ndarray
    tuned: Tuned | None
    warnings: tuple[str, ...]


def measure_for(
    model: models.Autoencoder,
    audio_16k: np.ndarray,
    n_frames: int,
    frame_rate: float,
    spec: FeatureSpec | None = None,
) -> Curves:
    """Measures a recording as a model has learned it.

    Args:
        model: The model.
        audio_16k: Mono audio at 16000 samples per second, [n_samples].
        n_frames: How many frames the model needs.
        frame_rate: Its frames per second.
        spec: By what features it has learned; None for those of today.

    Returns:
        Curves by name, [n_frames] each.
    """
    center, viterbi = (spec.centered, spec.viterbi) if spec else (True, True)
    names = ("f0_hz", "f0_confidence", "loudness_db")
    measured = measure(audio_16k, n_frames, frame_rate, center, viterbi)
    curves = dict(zip(names, measured, strict=True))
    if model_inputs.takes_power(model):
        frame_size = model_inputs.power_frame_size(model)
        curves["power_db"] = measure_power(audio_16k, n_frames, frame_rate, frame_size)
    return curves


def listen(
    audio_16k: np.ndarray,
    measured: Curves,
    frame_rate: float,
    statistics: dict[str, Any] | None,
    settings: Settings,
    name: str,
) -> Heard:
    """Decides what an instrument is to play.

    Args:
        audio_16k: Mono audio at 16000 samples per second, [n_samples].
        measured: What `measure_for` returned.
        frame_rate: Frames per second.
        statistics: Those of the instrument, or None.
        settings: What the user wants.
        name: Name of the model, for warnings.

    Returns:
        The curves, and what was found on the way.
    """
    curves = measured["f0_hz"], measured["f0_confidence"], measured["loudness_db"]
    warnings = list(find_doubts(audio_16k, curves[2], curves[1], frame_rate))
    if settings.adjust and statistics is not None:
        adjusted = adjust_to_instrument(
            *curves, statistics, settings.threshold, settings.quiet
        )
    else:
        is_note, _ = postprocessing.detect_notes(
            curves[2], curves[1], settings.threshold
        )
        adjusted = Adjusted(curves[0], curves[2], 0.0, int(is_note.sum()), is_note)
    if settings.adjust and statistics is None:
        warnings.append(
            f"{name} holds no dataset statistics: pitch and loudness are played as "
            "recorded, not adjusted to the instrument"
        )
    elif settings.adjust and not adjusted.n_note_frames:
        warnings.append(
            "no notes found: pitch and loudness are played as recorded, not adjusted "
            "to the instrument"
        )
    tuned = None
    if settings.autotune:
        tuned = tune(
            adjusted.f0_hz,
            curves[1],
            adjusted.is_note,
            settings.autotune,
            settings.key,
        )
        if not adjusted.n_note_frames:
            warnings.append(
                "no notes found: key and tuning of the autotune are guesses"
            )
    played = _played(measured, adjusted, tuned, statistics, settings)
    return Heard(
        measured,
        played,
        adjusted.register_shift,
        adjusted.is_note,
        tuned,
        tuple(warnings),
    )


def _played(
    measured: Curves,
    adjusted: Adjusted,
    tuned: Tuned | None,
    statistics: dict[str, Any] | None,
    settings: Settings,
) -> Curves:
    """Curves with all adjustments and shifts."""
    f0_hz, loudness_db = shift_by_hand(
        adjusted.f0_hz if tuned is None else tuned.f0_hz,
        adjusted.loudness_db,
        settings.pitch_shift,
        settings.loudness_shift,
    )
    played = {**measured, "f0_hz": f0_hz, "loudness_db": loudness_db}
    if "power_db" in measured:
        known = statistics if settings.adjust and statistics else {}
        power_db = adjust_power(
            measured["power_db"],
            measured["loudness_db"],
            adjusted.loudness_db,
            adjusted.is_note,
            known.get("mean_power_note"),
        )
        shifted_db = power_db + np.float32(settings.loudness_shift)
        played["power_db"] = np.maximum(shifted_db, SILENCE_DB)
    return played
