"""Reading and analysing recordings on this computer."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ddsp.training import audio_io
from ddsp.training.data.features import BLOCK_SECS
from ddsp.training.data_preparation import analysis, decoding
from ddsp.training.data_preparation.collection import Collection
from ddsp.training.data_preparation.decoding import Decoded
from ddsp.training.data_preparation.settings import Settings
from ddsp.training.data_preparation.workers import Workers, count_processes
from ddsp.training.wording import display_names


def collect(
    files: Sequence[Path],
    settings: Settings,
    store: Path,
    processes: int | None,
    say: Callable[[str], None],
) -> Collection:
    """Reads and analyses recordings.

    What is in the store from an earlier attempt is not done again.

    Args:
        files: Audio files.
        settings: Rates and lengths.
        store: Folder for audio and features, which later attempts can use.
        processes: Number of processes; None for what is worth it.
        say: Called with what is being done.

    Returns:
        The recordings and where their examples are.

    Raises:
        InputError: If there is no example.
    """
    secs = sum(audio_io.declared_secs(file) for file in files)
    n_blocks = len(files) + int(secs / BLOCK_SECS)
    with Workers(count_processes(processes, secs, n_blocks)) as workers:
        # Reading takes little; meanwhile the processes begin.
        recordings = _read(files, settings, store, say)
        _analyse(workers, recordings, settings, say)
    collection = Collection(settings)
    for recording, name in zip(recordings, display_names(files), strict=True):
        say(f"placing examples in {name}")
        collection.add(recording, name)
    collection.check_not_empty()
    return collection


def _read(
    files: Sequence[Path], settings: Settings, store: Path, say: Callable[[str], None]
) -> list[Decoded]:
    """All recordings at the rates that are needed."""
    folder, found = store / settings.digest(), []
    for i, file in enumerate(files):
        say(f"reading {i + 1}/{len(files)} {file.name}")
        found.append(decoding.decode_recording(file, folder, settings))
    return found


def _analyse(
    workers: Workers,
    recordings: Sequence[Decoded],
    settings: Settings,
    say: Callable[[str], None],
) -> None:
    """Features of all blocks that have none yet, in the store."""
    unique = {r.folder: r for r in recordings if not r.problem}
    tasks = analysis.tasks_of(list(unique.values()), settings)
    total = sum(map(analysis.task_secs, tasks))
    missing = [task for task in tasks if not analysis.is_done(task)]
    done = total - sum(map(analysis.task_secs, missing))
    if missing:
        before = f", {done:.0f} s of them before" if done > 0 else ""
        say(f"analysing {total:.0f} s{before}")
    for i, _ in workers.run(analysis.analyse_block, missing):
        done += analysis.task_secs(missing[i])
        say(f"analysed {done:.0f} of {total:.0f} s")
