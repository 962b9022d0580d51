"""Which recordings are to be played, and where each result goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddsp.training import audio_io
from ddsp.training.errors import InputError

SUFFIX = ".wav"


@dataclass(frozen=True)
class Job:
    """A recording and the file that its result goes to.

    Attributes:
        source: The recording.
        target: WAV file to write.

    Example:
        >>> from pathlib import Path
        >>> Job(Path('songs/a.mp3'), Path('violin/a.wav')).target.name
        'a.wav'
    """

    source: Path
    target: Path

    def is_done(self) -> bool:
        """Tells whether the result is there.

        Returns:
            Whether it is, and is not older than the recording.
        """
        try:
            return self.target.stat().st_mtime >= self.source.stat().st_mtime
        except OSError:
            return False


def is_batch(inputs: Sequence[str | Path]) -> bool:
    """Tells whether results go to a folder.

    Args:
        inputs: Files and folders.

    Returns:
        True for several of them, and for a folder.
    """
    return len(inputs) > 1 or any(Path(path).is_dir() for path in inputs)


def plan_jobs(inputs: Sequence[str | Path], output: str | Path) -> list[Job]:
    """Lists what is to be done.

    Folders keep their subfolders. Of two recordings that would have one result, such as
    a.wav and a.mp3, the second gets its suffix into the name.

    Args:
        inputs: Recordings, and folders of them. What lies in the output folder is left
            out of a folder.
        output: Folder of the results; need not exist.

    Returns:
        Jobs in the order of the recordings.

    Raises:
        InputError: If a path does not exist or there is no recording, or a result would
            replace a recording.
    """
    output = Path(output)
    relative = _relative_paths(inputs, output)
    if not relative:
        raise InputError(
            "There must be recordings to play. Got only what lies in the output folder "
            f"{output}; name another folder."
        )
    recordings = {source.resolve() for source in relative}
    jobs: list[Job] = []
    taken: set[Path] = set()
    for source, path in relative.items():
        target = output / _free_name(path, taken)
        if target.resolve() in recordings:
            raise InputError(
                "A result must not replace a recording. Got "
                f"{target} for {source}; choose another output folder."
            )
        jobs.append(Job(source, target))
    return jobs


def _relative_paths(inputs: Iterable[str | Path], output: Path) -> dict[Path, Path]:
    """Each recording once, and its place below the output folder."""
    found: dict[Path, Path] = {}
    known: set[Path] = set()
    for top in map(Path, inputs):
        for source in audio_io.find_recordings([top]):
            is_result = top.is_dir() and output.resolve() in source.resolve().parents
            if source.resolve() in known or is_result:
                continue
            known.add(source.resolve())
            place = source.relative_to(top) if top.is_dir() else Path(source.name)
            found[source] = place
    return found


def _free_name(path: Path, taken: set[Path]) -> Path:
    """A name for a result that no other one has; it is taken from then on."""
    names = [path.with_suffix(SUFFIX)]
    stem = f"{path.stem}_{path.suffix.lstrip('.').lower()}"
    names.append(path.with_name(f"{stem}{SUFFIX}"))
    number = 1
    # Some file systems do not tell capitals from small letters.
    while (key := Path(str(names[0]).lower())) in taken:
        names.pop(0)
        number += 1
        names.append(path.with_name(f"{stem}_{number}{SUFFIX}"))
    taken.add(key)
    return names[0]
