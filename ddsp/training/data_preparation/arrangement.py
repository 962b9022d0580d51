"""Which examples come where: parts for training and evaluation, and random order."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ddsp.training.errors import InputError

TRAIN, EVAL = "-train", "-eval"
# Number of a recording, and number of an example of it.
Example = tuple[int, int]


@dataclass(frozen=True)
class Placed:
    """Where the examples of a recording begin.

    Attributes:
        sha256: Digest of the recording.
        starts: First frame of each example that is not silent.
        pieces: Number of the piece in which each example lies.
        n_silent: How many examples are left out because they are silent.

    Example:
        >>> Placed("9f86d081...", starts=[0, 250], pieces=[0, 0], n_silent=0).pieces
        [0, 0]
    """

    sha256: str
    starts: list[int]
    pieces: list[int]
    n_silent: int


def arrange(
    recordings: Sequence[Placed], eval_fraction: float
) -> dict[str, list[Example]]:
    """Gives each example its place.

    The order is random, as neighbours overlap and training mixes only within a window,
    but it is the same each time. Pieces go to evaluation by a digest of their content,
    so neither names nor the order of recordings have a say.

    Args:
        recordings: Where the examples of each recording begin.
        eval_fraction: Share of the pieces that are for evaluation, below 1; 0 for no
            parts.

    Returns:
        Examples in their order by the suffix of the part: '-train' and '-eval', or ''
        if there are no parts.

    Raises:
        InputError: If eval_fraction is not from 0 to 1, or a part would be empty.
    """
    check_fraction(eval_fraction)
    parts: dict[str, list[Example]] = (
        {TRAIN: [], EVAL: []} if eval_fraction else {"": []}
    )
    for_eval = _choose_eval(recordings, eval_fraction) if eval_fraction else set()
    for i, recording in enumerate(recordings):
        for j, piece in enumerate(recording.pieces):
            is_eval = _key(recording.sha256, piece) in for_eval
            part = (EVAL if is_eval else TRAIN) if eval_fraction else ""
            parts[part].append((i, j))
    return {part: _shuffled(examples) for part, examples in parts.items()}


def check_fraction(eval_fraction: float) -> None:
    """Makes sure that a share makes sense.

    Args:
        eval_fraction: Share of the pieces that are for evaluation.

    Raises:
        InputError: If it is not from 0 to 1.
    """
    if not 0.0 <= eval_fraction < 1.0:
        raise InputError(
            "eval_split_fraction must be at least 0 and below 1. Got "
            f"eval_split_fraction={eval_fraction}; use 0.1 for a tenth."
        )


def _choose_eval(recordings: Sequence[Placed], fraction: float) -> set[str]:
    """Keys of the pieces that are for evaluation."""
    keys = sorted({_key(r.sha256, piece) for r in recordings for piece in r.pieces})
    n_eval = int(len(keys) * fraction)
    if not n_eval:
        raise InputError(
            "eval_split_fraction must take at least one piece. Got "
            f"eval_split_fraction={fraction} of {len(keys)} pieces; use a larger one, "
            "a smaller chunk_secs, or more recordings."
        )
    return set(keys[:n_eval])


def _key(sha256: str, piece: int) -> str:
    """What a piece is recognised by, wherever it lies."""
    return hashlib.sha256(f"{sha256} {piece}".encode()).hexdigest()


def _shuffled(examples: list[Example]) -> list[Example]:
    """Random but repeatable order."""
    return [examples[k] for k in np.random.default_rng(0).permutation(len(examples))]
