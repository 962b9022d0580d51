"""White noise that depends on when it sounds, not on what is rendered together."""

import numpy as np

BLOCK_SIZE = 1 << 14
_UINT64 = 1 << 64


class PlacedNoise:
    """Noise of any length, of which any part can be had by itself.

    It is cut into blocks, each of which is made from the seed and its own number. So
    pieces of a sound get the same noise as the whole.

    Example:
        >>> noise = PlacedNoise(seed=7)
        >>> part, whole = noise.samples(50_000, 50_010), noise.samples(0, 60_000)
        >>> bool(np.all(part == whole[50_000:50_010]))
        True
    """

    def __init__(self, seed: int, stream: int = 0) -> None:
        """Chooses the noise.

        Args:
            seed: Seed.
            stream: Number of the synthesizer, so that two of them play other noises.
        """
        self._key = np.array([seed % _UINT64, stream], np.uint64)

    def samples(self, start: int, stop: int) -> np.ndarray:
        """Takes out a part.

        Args:
            start: First sample, 0 or more.
            stop: First sample after the part.

        Returns:
            Uniform noise in [-1, 1), float32, [stop - start].
        """
        first = start // BLOCK_SIZE
        n_blocks = -(-stop // BLOCK_SIZE) - first
        blocks = [self._block(first + i) for i in range(n_blocks)]
        joined = np.concatenate([np.zeros(0, np.float32), *blocks])
        return joined[start - first * BLOCK_SIZE :][: stop - start]

    def _block(self, number: int) -> np.ndarray:
        # The last word of the counter: no block is long enough to run into the next.
        counter = np.array([0, 0, 0, number], np.uint64)
        philox = np.random.Philox(counter=counter, key=self._key)
        uniform = np.random.Generator(philox).random(BLOCK_SIZE, np.float32)
        return 2.0 * uniform - np.float32(1.0)
