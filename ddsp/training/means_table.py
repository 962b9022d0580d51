"""What was measured, as a small table that a person can read."""

from collections.abc import Mapping

UNITS = {
    "loudness_db": "dB",
    "f0_dist": "semitones",
    "outlier_ratio": "share",
    "raw_pitch_accuracy": "share",
    "raw_chroma_accuracy": "share",
}
_LOSSES = "losses"


def format_means(means: Mapping[str, float]) -> list[str]:
    """Writes each number once, with its unit.

    A number that stands under two tags of one meaning, such as the total of a single
    loss, or a distance that two metrics agree on, is one line.

    Args:
        means: Numbers by tag, as evaluators give them.

    Returns:
        Lines of equal indentation: names, number, unit.

    Example:
        >>> means = {"losses/total_loss": 4.5, "metrics/loudness/loudness_db": 2.25}
        >>> for line in format_means(means):
        ...     print(line)
        losses/total_loss             4.5
        metrics/loudness/loudness_db  2.25  dB
    """
    rows: dict[tuple[str, float], str] = {}
    for tag, mean in means.items():
        kind, _, name = tag.rpartition("/")
        meaning = _LOSSES if kind == _LOSSES else name
        same = rows.get((meaning, mean))
        rows[meaning, mean] = tag if same is None else f"{same}, {_rest(same, tag)}"
    numbers = [f"{mean:.4g}" for _, mean in rows]
    name_width = max(map(len, rows.values()), default=0)
    number_width = max(map(len, numbers), default=0)
    return [
        f"{names:{name_width}}  {number:{number_width}}  "
        f"{UNITS.get(meaning, '')}".rstrip()
        for ((meaning, _), names), number in zip(rows.items(), numbers, strict=True)
    ]


def _rest(first: str, tag: str) -> str:
    """A tag without the part that it shares with the first one."""
    shared = first.partition("/")[0] + "/"
    return tag.removeprefix(shared)
