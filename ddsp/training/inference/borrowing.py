"""A model while it plays: one at a time, and left as it was found.

A model is told how long a piece is by attributes of its parts, and what its config says
by gin, of which there is one for all threads.
"""

import contextlib
import threading
from collections.abc import Iterator

from ddsp.training import models

# Held while gin or a model holds what is true for one sound alone.
ONE_AT_A_TIME = threading.RLock()
# The preprocessor would measure the recording again and throw away the loudness that
# the adjustment arrived at.
MEASURING = ("compute_loudness", "compute_power", "compute_f0")
CHANGED = ("n_samples", "seed", "time_steps", *MEASURING)


@contextlib.contextmanager
def borrowed(model: models.Autoencoder) -> Iterator[None]:
    """Lets a model play curves that are measured already, of any length.

    Other threads wait meanwhile.

    Args:
        model: The model. Its parts get back afterwards what playing sets: numbers of
            samples and frames, seeds, and what is to be measured.

    Yields:
        Nothing.
    """
    parts = [model.preprocessor, *model.processor_group.modules]
    with ONE_AT_A_TIME:
        before = [
            (part, name, getattr(part, name))
            for part in parts
            for name in CHANGED
            if hasattr(part, name)
        ]
        try:
            for part, name, _ in before:
                if name in MEASURING:
                    setattr(part, name, False)
            yield
        finally:
            for part, name, value in before:
                setattr(part, name, value)
