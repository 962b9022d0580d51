"""Where the time of a transfer goes."""

import contextlib
import time
from collections.abc import Iterator


class Stopwatch:
    """Adds up seconds by part.

    Example:
        >>> watch = Stopwatch()
        >>> with watch.timing('pitch'):
        ...     pass
        >>> sorted(watch.seconds)
        ['pitch']
    """

    def __init__(self) -> None:
        """Starts with nothing."""
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """Counts the time within for a part.

        Args:
            part: Name of the part.

        Yields:
            Nothing.
        """
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[part] = self.seconds.get(part, 0.0) + spent
