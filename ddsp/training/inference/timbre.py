"""The latent variable of a recording, for as long as it is."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

# The encoder hears a recording as a whole up to this length, longer ones in windows.
WHOLE_SECS = 90.0
WINDOW_SECS = 60.0
OVERLAP_SECS = 10.0

# Encodes the frames from the first number to the second: outputs [n_frames, n_channels]
# by name.
Encode = Callable[[int, int], dict[str, np.ndarray]]


class WindowedLatents:
    """What an encoder says about a recording, window by window, faded into each other.

    Encoders normalise over all that they hear. Short recordings are therefore heard as
    a whole, whatever the pieces in which they are played.

    Example:
        >>> ones = lambda first, last: {'z': np.ones([last - first, 3])}
        >>> latents = WindowedLatents(ones, n_frames=250 * 200, frame_rate=250)
        >>> latents.frames(10_000, 10_002)['z'].tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        encode: Encode,
        n_frames: int,
        frame_rate: float,
        n_kept: int | None = None,
    ) -> None:
        """Encodes all windows, if all are to be kept.

        Args:
            encode: The encoder.
            n_frames: Frames of the recording.
            frame_rate: Frames per second.
            n_kept: How many windows are held in memory, at least 1. The others are
                encoded when they are asked for. None for all.
        """
        self._overlap = round(OVERLAP_SECS * frame_rate)
        self._borders = _borders(n_frames, frame_rate)
        self._encode = encode
        self._n_kept = n_kept or len(self._borders)
        self._windows: dict[int, dict[str, np.ndarray]] = {}
        if n_kept is None:
            for number in range(len(self._borders)):
                self._window(number)

    def frames(self, first: int, last: int) -> dict[str, np.ndarray]:
        """Takes out some frames.

        Args:
            first: Number of the first frame.
            last: Number of the frame after the last.

        Returns:
            Latent variables by name, float32, [last - first, n_channels].
        """
        found: dict[str, np.ndarray] = {}
        for number, (start, stop) in enumerate(self._borders):
            inside = slice(max(first, start), min(last, stop))
            if inside.start >= inside.stop:
                continue
            weight = self._weight(start, stop)[inside.start - start :]
            weight = weight[: inside.stop - inside.start, np.newaxis]
            for name, latent in self._window(number).items():
                total = found.setdefault(
                    name, np.zeros([last - first, latent.shape[1]], np.float32)
                )
                if len(latent) > 1:
                    latent = latent[inside.start - start : inside.stop - start]
                total[inside.start - first : inside.stop - first] += weight * latent
        return found

    def _window(self, number: int) -> dict[str, np.ndarray]:
        """What the encoder says about one window; the earliest are given up."""
        if number in self._windows:
            return self._windows[number]
        encoded = self._encode(*self._borders[number])
        window = {name: _thin(latent) for name, latent in encoded.items()}
        self._windows[number] = window
        if len(self._windows) > self._n_kept:
            del self._windows[min(self._windows)]
        return window

    def _weight(self, start: int, stop: int) -> np.ndarray:
        """How much each frame of a window counts; two that overlap add up to 1."""
        weight = np.ones(stop - start, np.float32)
        ramp = (np.arange(self._overlap, dtype=np.float32) + 0.5) / self._overlap
        if start > 0:
            weight[: self._overlap] = ramp
        if stop < self._borders[-1][1]:
            weight[-self._overlap :] = ramp[::-1]
        return weight


def _borders(n_frames: int, frame_rate: float) -> Sequence[tuple[int, int]]:
    """First frame of each window, and the one after its last."""
    if n_frames <= WHOLE_SECS * frame_rate:
        return [(0, n_frames)]
    overlap = round(OVERLAP_SECS * frame_rate)
    n_windows = round(n_frames / (WINDOW_SECS * frame_rate))
    starts = np.linspace(0, n_frames, max(n_windows, 2) + 1).astype(int).tolist()
    pairs = itertools.pairwise(starts)
    return [(start, min(stop + overlap, n_frames)) for start, stop in pairs]


def _thin(latent: np.ndarray) -> np.ndarray:
    """One frame for all of those that are alike."""
    latent = np.asarray(latent, np.float32)
    return latent[:1].copy() if np.all(latent == latent[:1]) else latent
