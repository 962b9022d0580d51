"""Statistics of a dataset: the register and the dynamics of its instrument."""

from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training.errors import InputError
from ddsp.training.postprocessing.notes import detect_notes
from ddsp.training.postprocessing.quantiles import fit_quantile_transform

FEATURE_SAMPLE_RATE = spectral_ops.CREPE_SAMPLE_RATE
# The windows of the last frames reach beyond an example into silence. Of very short
# examples less is left out, so that something remains.
N_LAST_FRAMES, LARGEST_SHARE = 20, 10


def compute_dataset_statistics(
    data_provider: Any,
    batch_size: int = 1,
    power_frame_size: int = 1024,
    power_frame_rate: int | None = None,
) -> dict[str, Any]:
    """Computes the statistics that adjust a recording to an instrument.

    Args:
        data_provider: Gives batches with `audio_16k` or `audio`, `f0_hz`,
            `f0_confidence` and `loudness_db`.
        batch_size: Examples to read at a time; of no influence on the result.
        power_frame_size: Window of the power in samples; a hop, if that is longer.
        power_frame_rate: Frames per second of the power; None for that of the features,
            at which it is needed in any case.

    Returns:
        For each of `pitch` (MIDI), `power` (dB), `loudness` (dB) and the same with the
        suffix `_note`, which count only frames of notes: `mean_X`, `std_X`, `max_X`,
        `min_X`, and `mean_max_X`, `mean_min_X`, the means of the extremes of each
        example. All are numbers. Besides `quantile_transform`, the fitted
        `QuantileTransformer` of the loudness of notes.

    Raises:
        InputError: If there is no example, or one cannot be read or is not finite.
    """
    frame_rate = data_provider.frame_rate
    batches = data_provider.get_batch(
        batch_size, shuffle=False, repeats=1, drop_remainder=False
    )
    curves: dict[str, list[np.ndarray]] = {}
    for batch in _readable(batches):
        power_db = _power(
            batch, data_provider, power_frame_size, power_frame_rate or frame_rate
        )
        features = {
            "pitch": core.hz_to_midi(batch["f0_hz"]).numpy(),
            "power": power_db,
            "loudness": batch["loudness_db"].numpy(),
            "confidence": batch["f0_confidence"].numpy(),
        }
        for name, values in _cut_to_shortest(features).items():
            if not np.all(np.isfinite(values)):
                raise InputError(
                    f"Features must be finite. Got {name} that is not. Prepare the "
                    "dataset again."
                )
            curves.setdefault(name, []).append(values)
    if not curves:
        raise InputError(
            "Statistics need at least one example. Got a data provider that gives "
            "none. Look for records in the dataset."
        )
    return _statistics({name: np.concatenate(v) for name, v in curves.items()})


def _readable(batches: tf.data.Dataset) -> Any:
    """The batches, with errors of reading as a line that a person understands."""
    iterator = iter(batches)
    while True:
        try:
            yield next(iterator)
        except StopIteration:
            return
        except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
            raise InputError(
                "The records of a dataset must be readable. Got: "
                f"{error.message.splitlines()[0]}. Prepare the dataset again."
            ) from error


def _power(
    batch: dict[str, tf.Tensor],
    data_provider: Any,
    frame_size: int,
    power_frame_rate: int,
) -> np.ndarray:
    """Power in dB [batch, n_frames] at the frame rate of the features."""
    is_16k = "audio_16k" in batch
    sample_rate = FEATURE_SAMPLE_RATE if is_16k else data_provider.sample_rate
    power_db = spectral_ops.compute_power(
        batch["audio_16k" if is_16k else "audio"],
        sample_rate=sample_rate,
        frame_rate=power_frame_rate,
        # Windows that are shorter than a hop would leave gaps between them.
        frame_size=max(frame_size, sample_rate // power_frame_rate),
    ).numpy()
    if power_frame_rate == data_provider.frame_rate:
        return power_db
    n_frames = batch["f0_hz"].shape[1]
    nearest = np.round(
        np.arange(n_frames) * power_frame_rate / data_provider.frame_rate
    )
    return power_db[:, np.minimum(nearest.astype(int), power_db.shape[1] - 1)]


def _cut_to_shortest(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Features [batch, n_frames] of one length, without the last frames.

    Power is centred and has a frame more than features that are not.
    """
    n_frames = min(values.shape[1] for values in features.values())
    n_frames -= min(N_LAST_FRAMES, n_frames // LARGEST_SHARE)
    return {name: values[:, :n_frames] for name, values in features.items()}


def _statistics(curves: dict[str, np.ndarray]) -> dict[str, Any]:
    """All statistics of curves [n_examples, n_frames]."""
    is_note, _ = detect_notes(curves["loudness"], curves["confidence"])
    # An example without a note counts as a whole, as in the original's statistics.
    is_note[~is_note.any(axis=1)] = True
    everywhere = np.ones_like(is_note)
    statistics: dict[str, Any] = {}
    for name in ("pitch", "power", "loudness"):
        statistics.update(_describe(curves[name], everywhere, name))
        statistics.update(_describe(curves[name], is_note, f"{name}_note"))
    statistics["quantile_transform"] = fit_quantile_transform(
        curves["loudness"], is_note
    )
    return statistics


def _describe(curves: np.ndarray, mask: np.ndarray, name: str) -> dict[str, float]:
    """Mean, spread and extremes of the masked frames."""
    values = curves[mask].astype(np.float64)
    highest = np.where(mask, curves, -np.inf).max(axis=1)
    lowest = np.where(mask, curves, np.inf).min(axis=1)
    return {
        f"mean_{name}": float(values.mean()),
        f"max_{name}": float(values.max()),
        f"min_{name}": float(values.min()),
        f"mean_max_{name}": float(highest.mean()),
        f"mean_min_{name}": float(lowest.mean()),
        f"std_{name}": float(values.std()),
    }
