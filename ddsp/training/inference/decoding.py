"""Runs a decoder along a recording, as far as its sound is wanted."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training import nn
from ddsp.training.inference.timbre import WindowedLatents

# Windows of long recordings are heard with this much on both sides.
CONTEXT_SECS = 4.0
# Each window passes into the next one.
N_WINDOWS = 2

# Features of the frames from the first number to the second, by name.
Frames = Callable[[int, int], dict[str, tf.Tensor]]


class Decoding:
    """The outputs of a decoder, made while they are asked for and then forgotten.

    The state of a recurrent layer is carried from piece to piece, so that pieces are
    exactly parts of the whole. Other decoders may hear all of a recording, such as
    those that normalise over time: up to 90 s they decode it as a whole. What is longer
    they decode in windows of about a minute, which pass into each other within 10 s.
    That is an approximation of the whole for decoders that hear further than 4 s, as
    each window is normalised by itself; it does not depend on the pieces either.

    Example:
        >>> from ddsp.training import decoders
        >>> decoder = decoders.RnnFcDecoder(
        ...     rnn_channels=8, ch=8, input_keys=('ld_scaled', 'f0_scaled'))
        >>> frames = lambda first, last: {
        ...     name: tf.ones([1, last - first, 1]) for name in decoder.input_keys}
        >>> decoding = Decoding(decoder, frames, n_frames=50, frame_rate=250)
        >>> decoding.frames(0, 20)['amps'].shape, decoding.frames(10, 50)['amps'].shape
        ((1, 20, 1), (1, 40, 1))
    """

    def __init__(
        self, decoder: Any, features: Frames, n_frames: int, frame_rate: float
    ) -> None:
        """Starts at the first frame.

        Args:
            decoder: The decoder.
            features: Gives its inputs, [1, n_frames, n_channels] each.
            n_frames: Frames of the recording.
            frame_rate: Frames per second.
        """
        self._decoder, self._features = decoder, features
        self._n_frames = n_frames
        self._context = round(CONTEXT_SECS * frame_rate)
        self._rnn = _CarriedRnn(decoder.rnn) if _is_carried(decoder) else None
        self._windows = None
        if self._rnn is None:
            self._windows = WindowedLatents(
                self._decode_window, n_frames, frame_rate, N_WINDOWS
            )
        self._kept: dict[str, np.ndarray] = {}
        self._first = self._last = 0

    def frames(self, first: int, last: int) -> dict[str, np.ndarray]:
        """Decodes up to a frame.

        Args:
            first: First frame that is wanted; none before it can be asked for later.
            last: The frame after the last one that is wanted.

        Returns:
            Outputs by name, [1, last - first, n_channels].

        Raises:
            ValueError: If the first frame was given up before.
        """
        if first < self._first:
            raise ValueError(
                "Frames must be asked for in order. Got "
                f"first={first} after first={self._first}; start anew."
            )
        if last > self._last:
            new = self._decode(self._last, last)
            for name, output in new.items():
                kept = self._kept.get(name, output[:, :0])[:, first - self._first :]
                self._kept[name] = np.concatenate([kept, output], axis=1)
            self._first, self._last = first, last
        wanted = slice(first - self._first, last - self._first)
        return {name: output[:, wanted] for name, output in self._kept.items()}

    def _decode(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Outputs of the frames from start to stop, [1, stop - start, n_channels]."""
        if self._windows is not None:
            windowed = self._windows.frames(start, stop)
            return {name: output[np.newaxis] for name, output in windowed.items()}
        with _replaced_rnn(self._decoder, self._rnn):
            outputs = self._decoder(self._features(start, stop), training=False)
        return {name: np.asarray(output) for name, output in outputs.items()}

    def _decode_window(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Outputs of a window, [stop - start, n_channels]."""
        first = max(start - self._context, 0)
        last = min(stop + self._context, self._n_frames)
        outputs = self._decoder(self._features(first, last), training=False)
        inside = slice(start - first, stop - first)
        return {name: np.asarray(output)[0, inside] for name, output in outputs.items()}


class _CarriedRnn:
    """A recurrent layer that goes on where it stopped in its last call."""

    def __init__(self, layer: nn.Rnn) -> None:
        self._layer: Any = layer.rnn
        self._states: list[tf.Tensor] | None = None

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        layer, returned_state = self._layer, self._layer.return_state
        layer.return_state = True
        try:
            y, *self._states = layer(x, initial_state=self._states)
        finally:
            layer.return_state = returned_state
        return y


def _is_carried(decoder: Any) -> bool:
    """Whether a decoder is recurrent in one direction, in one layer of this library."""
    rnn = getattr(decoder, "rnn", None)
    if not isinstance(rnn, nn.Rnn):
        return False
    is_recurrent = isinstance(rnn.rnn, (tf.keras.layers.GRU, tf.keras.layers.LSTM))
    return is_recurrent and rnn.rnn.return_sequences


@contextlib.contextmanager
def _replaced_rnn(decoder: Any, rnn: _CarriedRnn | None) -> Iterator[None]:
    """Lets a decoder use another recurrent layer for a while."""
    if rnn is None:
        yield
        return
    own = decoder.rnn
    # Keras would track it, and refuse what is new in a layer that has been built.
    object.__setattr__(decoder, "rnn", rnn)
    try:
        yield
    finally:
        object.__setattr__(decoder, "rnn", own)


@contextlib.contextmanager
def without_recursion(decoder: Any) -> Iterator[None]:
    """Lets a decoder be built without the graph of its recurrent layer.

    That graph is made anew for other lengths, which takes longer than to play.

    Args:
        decoder: The decoder, whose recurrent layer gives silence meanwhile.

    Yields:
        Nothing.
    """
    if not _is_carried(decoder):
        yield
        return
    layer = decoder.rnn.rnn

    def silence(x: tf.Tensor, **_: Any) -> tf.Tensor:
        return tf.zeros([*x.shape[:2], layer.units])

    object.__setattr__(layer, "call", silence)
    try:
        yield
    finally:
        object.__delattr__(layer, "call")
