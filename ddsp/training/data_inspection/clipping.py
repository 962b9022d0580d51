"""Clipping and offset: faults of the converter, seen in the samples themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ddsp.training.data_inspection.levels import Span, join_spans

if TYPE_CHECKING:
    import soundfile

BLOCK_FRAMES = 1 << 18
# Samples that close to the ceiling are on it; coarser where the steps of 16 or 8 bits
# are coarser.
CEILING_TOLERANCE = 5e-4
SHORTEST_RUN = 3
# A smooth peak of curvature w^2 stays within a tolerance d of its top for n samples
# with (n w / 2)^2 / 2 <= d, and enters them with a slope of about n w^2 / 2 per sample:
# slope times n is at most 7 d. A cut peak comes in far steeper, however high it is cut.
STEEPNESS = 12.0
FAINTEST_CEILING = 0.02


@dataclass
class SampleFaults:
    """What the samples of a file show.

    Attributes:
        peak: Largest magnitude, full scale is 1.
        offset: Mean of the samples of the worst channel.
        rms: Root of the mean square of that channel, the offset included.
        n_clipped_runs: Times that the signal was cut off.
        clipped_spans: When, begins and ends in seconds.

    Example:
        >>> SampleFaults(peak=0.5, offset=0.0, rms=0.1).n_clipped_runs
        0
    """

    peak: float
    offset: float
    rms: float
    n_clipped_runs: int = 0
    clipped_spans: list[Span] = field(default_factory=list)


def clipped_runs(
    samples: np.ndarray, ceiling: float, step: float = 2.0**-15
) -> tuple[np.ndarray, np.ndarray]:
    """Finds where the tops of a signal are cut off.

    Args:
        samples: One channel, [n_samples].
        ceiling: Highest sample of the whole recording; the lowest is found with both
            turned around.
        step: Distance of neighbouring sample values.

    Returns:
        Index of the first sample and number of samples of each cut, [n_runs] each.
    """
    nothing = np.zeros(0, np.int64)
    if ceiling < FAINTEST_CEILING:
        return nothing, nothing
    tolerance = ceiling * max(CEILING_TOLERANCE, 1.5 * step / ceiling)
    at_ceiling = (samples >= ceiling - tolerance).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.pad(at_ceiling, 1))).reshape(-1, 2)
    starts, lengths = edges[:, 0], edges[:, 1] - edges[:, 0]
    whole = (lengths >= SHORTEST_RUN) & (starts >= 2)
    starts, lengths = starts[whole], lengths[whole]
    rise = samples[starts - 1].astype(np.float64) - samples[starts - 2]
    is_cut = rise * lengths > STEEPNESS * tolerance
    return starts[is_cut], lengths[is_cut]


def find_sample_faults(path: str | Path) -> SampleFaults:
    """Looks for clipping and offset in a file, channel by channel.

    The file is read twice in blocks: a signal may be cut off below full scale, so its
    highest sample must be known before.

    Args:
        path: Audio file that `audio_io.load_audio` has accepted.

    Returns:
        What was found.
    """
    import soundfile

    with soundfile.SoundFile(path) as file:
        step = 2.0**-7 if file.subtype in ("PCM_U8", "PCM_S8") else 2.0**-15
        rate = file.samplerate
        highest, lowest, faults = _extremes(file)
        file.seek(0)
        spans: list[Span] = []
        begin = 0
        for block in _blocks(file):
            for channel, samples in enumerate(block.T):
                tops = clipped_runs(samples, highest[channel], step)
                bottoms = clipped_runs(-samples, -lowest[channel], step)
                for starts, lengths in (tops, bottoms):
                    firsts = (begin + starts) / rate
                    ends = (begin + starts + lengths) / rate
                    spans += zip(firsts.tolist(), ends.tolist(), strict=True)
            faults.n_clipped_runs += len(spans)
            # Kept joined, so that a wholly clipped file fills no memory.
            faults.clipped_spans = join_spans([*faults.clipped_spans, *sorted(spans)])
            spans.clear()
            begin += len(block)
    return faults


def _blocks(file: "soundfile.SoundFile") -> Iterator[np.ndarray]:
    """Blocks [n_samples, n_channels] to the end of the file."""
    while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield block


def _extremes(
    file: "soundfile.SoundFile",
) -> tuple[np.ndarray, np.ndarray, SampleFaults]:
    """Highest and lowest sample of each channel, and the worst offset."""
    highest = np.zeros(file.channels)
    lowest, total, energy = highest.copy(), highest.copy(), highest.copy()
    n_samples = 0
    for block in _blocks(file):
        highest = np.maximum(highest, block.max(axis=0))
        lowest = np.minimum(lowest, block.min(axis=0))
        total += block.sum(axis=0, dtype=np.float64)
        energy += np.square(block, dtype=np.float64).sum(axis=0)
        n_samples += len(block)
    means = total / max(n_samples, 1)
    worst = int(np.argmax(np.abs(means)))
    return (
        highest,
        lowest,
        SampleFaults(
            peak=float(max(highest.max(), -lowest.min())),
            offset=float(means[worst]),
            rms=float(np.sqrt(energy[worst] / max(n_samples, 1))),
        ),
    )
