"""Which recordings are to be played, and where each result goes."""

from collections import Counter
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
            Whether it is, and is not older than the recording, nor than the time at
            which the recording came to its place: what was there before that was
            played from another one.
        """
        try:
            source = self.source.stat()
            # The second is when a file got its name, however old what is in it.
            latest = max(source.st_mtime, source.st_ctime)
            return self.target.stat().st_mtime >= latest
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

    Folders keep their subfolders. Of recordings that would have one result, such as
    a.wav and a.mp3, each gets its suffix into the name: a_wav.wav and a_mp3.wav.

    Args:
        inputs: Recordings, and folders of them. An output folder within one of them is
            left out of it.
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
    shared = Counter(_name_key(path) for path in relative.values())
    jobs: list[Job] = []
    taken: set[str] = set()
    for source, path in relative.items():
        target = output / _free_name(path, shared[_name_key(path)] > 1, taken)
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
    place_of_results = output.resolve()
    for top in map(Path, inputs):
        within = (place_of_results, *place_of_results.parents)
        has_results = top.is_dir() and top.resolve() in within
        for source in audio_io.find_recordings([top]):
            is_result = has_results and place_of_results in source.resolve().parents
            if source.resolve() in known or is_result:
                continue
            known.add(source.resolve())
            place = source.relative_to(top) if top.is_dir() else Path(source.name)
            found[source] = place
    return found


def _name_key(path: Path) -> str:
    """What two results must not share; some file systems do not tell capitals apart."""
    return str(path.with_suffix("")).lower()


def _free_name(path: Path, is_shared: bool, taken: set[str]) -> Path:
    """A name for a result that no other one has; it is taken from then on."""
    with_suffix = f"{path.stem}_{path.suffix.lstrip('.').lower()}"
    name = path.with_name(f"{with_suffix if is_shared else path.stem}{SUFFIX}")
    number = 1
    while _name_key(name) in taken:
        number += 1
        name = path.with_name(f"{with_suffix}_{number}{SUFFIX}")
    taken.add(_name_key(name))
    return name
