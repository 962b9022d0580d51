"""What is wrong with recordings taken together: rooms and levels."""

from collections.abc import Iterator, Sequence

import numpy as np

from ddsp.training.data_inspection.findings import Finding, Place
from ddsp.training.data_inspection.recording import RecordingFigures

# A hall. The median of the narrow decays is that of the room up to about a second and
# less than it beyond: 1.5 s of decay are measured as 0.9 to 1.3.
STRONG_REVERB_SECS = 0.9
# Fewer decays do not tell a room, nor do the many bands of a few notes: a player may
# let one note fade.
FEWEST_DECAYS, FEWEST_NOTE_ENDS = 20, 6
# Decay times that one room does not have on two days.
ROOM_RATIO, ROOM_DIFFERENCE_SECS = 1.7, 0.25
# Shorter files are single notes, soft and loud on purpose.
LEVEL_SECS, LEVEL_RANGE_DB = 8.0, 12.0


def decay_secs(recordings: Sequence[RecordingFigures]) -> float | None:
    """Typical time in which sound dies away by 60 dB.

    Args:
        recordings: What was measured.

    Returns:
        Seconds; None if fewer than 20 decays or 6 ends of notes were heard.
    """
    decays = np.concatenate([np.zeros(0), *(f.decays_secs for f in recordings)])
    n_note_ends = sum(figures.n_note_ends for figures in recordings)
    if decays.size < FEWEST_DECAYS or n_note_ends < FEWEST_NOTE_ENDS:
        return None
    return float(np.median(decays))


def faults_together(recordings: Sequence[RecordingFigures]) -> list[Finding]:
    """Compares recordings.

    Args:
        recordings: What was measured.

    Returns:
        Findings, at most one of a kind.
    """
    return [*_reverb(recordings), *_rooms(recordings), *_levels(recordings)]


def _with_decay(
    recordings: Sequence[RecordingFigures],
) -> list[tuple[float, RecordingFigures]]:
    """Recordings of which the decay is known, the shortest first."""
    known = [(decay_secs([figures]), figures) for figures in recordings]
    found = [(secs, figures) for secs, figures in known if secs is not None]
    return sorted(found, key=lambda pair: pair[0])


def _decay_places(pairs: Sequence[tuple[float, RecordingFigures]]) -> list[Place]:
    return [
        Place(figures.name, note=f"60 dB in {secs:.1f} s") for secs, figures in pairs
    ]


def _reverb(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    together = decay_secs(recordings)
    strong = [pair for pair in _with_decay(recordings) if pair[0] >= STRONG_REVERB_SECS]
    # Files of a single note tell their room only together.
    is_strong_together = together is not None and together >= STRONG_REVERB_SECS
    if not strong and not is_strong_together:
        return
    detail = f": by 60 dB in {together:.1f} s" if is_strong_together else ""
    yield Finding(
        "reverberant",
        f"Sound dies away slowly, as in a large or bare room{detail}.",
        "Record closer and in a furnished room. One note that rings into the next "
        "blurs pitch and loudness. If the instrument itself rings so long, as bells "
        "and pianos do, this is no fault of the room.",
        _decay_places(strong),
    )


def _rooms(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    known = _with_decay(recordings)
    if len(known) < 2:
        return
    (shortest, first), (longest, last) = known[0], known[-1]
    limit = max(ROOM_RATIO * shortest, shortest + ROOM_DIFFERENCE_SECS)
    if longest > limit:
        yield Finding(
            "several_rooms",
            "The recordings seem to come from different rooms, or from different "
            "distances to the microphone.",
            "Keep to those of one room and one place of the microphone: a model has "
            "one room, and would learn a mixture.",
            _decay_places([(shortest, first), (longest, last)]),
        )


def _levels(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    long = [figures for figures in recordings if figures.sounding_secs >= LEVEL_SECS]
    ordered = sorted(long, key=lambda figures: figures.loud_db)
    if not ordered or ordered[-1].loud_db - ordered[0].loud_db <= LEVEL_RANGE_DB:
        return
    difference_db = ordered[-1].loud_db - ordered[0].loud_db
    yield Finding(
        "levels",
        f"The recordings differ in level by {difference_db:.0f} dB.",
        "If the player was as loud in both, bring them to the same level, by one gain "
        "for a whole file; if the music is softer, leave them as they are.",
        [
            Place(figures.name, note=f"{figures.loud_db:.0f} dB of full scale")
            for figures in (ordered[0], ordered[-1])
        ],
    )
