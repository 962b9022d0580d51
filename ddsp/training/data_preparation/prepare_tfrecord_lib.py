"""From recordings to a dataset folder."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ddsp.training import audio_io, data, postprocessing
from ddsp.training.data_preparation.collection import Collection, display_names
from ddsp.training.data_preparation.description import DatasetInfo
from ddsp.training.data_preparation.examples import write_records
from ddsp.training.data_preparation.folder import new_folder
from ddsp.training.errors import InputError

EXAMPLES_PER_SHARD = 256
# A hop beyond the window of the loudness would leave samples unheard.
SLOWEST_FRAME_RATE = 32
REPLACEABLE = (data.DATASET_FILE, data.RECORDS_PATTERN, "dataset_statistics.*")


def prepare_dataset(
    recordings: str | Path | Iterable[str | Path],
    output: str | Path,
    sample_rate: int = 16000,
    frame_rate: int = 250,
    example_secs: float = 4.0,
    hop_secs: float = 1.0,
    n_shards: int | None = None,
    center: bool = True,
    viterbi: bool = True,
    progress: Callable[[str], None] | None = None,
    overwrite: bool = False,
) -> DatasetInfo:
    """Makes a dataset of recordings of one instrument.

    Pitch and loudness are measured over whole recordings, which are then cut into
    overlapping examples. A recording shorter than an example is filled up with silence
    if it lasts a second at least. Recordings that cannot be used and silent examples
    are left out and listed.

    Args:
        recordings: Audio files and folders of them.
        output: Folder to write: records, `dataset.json` and statistics.
        sample_rate: Samples per second of the audio that a model is to play.
        frame_rate: Frames per second of the features; must divide 16000, 32 at least.
        example_secs: Seconds of an example.
        hop_secs: Seconds from one example to the next, rounded to frames.
        n_shards: Number of record files, at most one per example; None for one per 256
            examples.
        center: Whether features are centred on their times. False lets them lead the
            audio by half a window, as in the original's datasets.
        viterbi: Whether the pitch is the best path through time.
        progress: Called with a line that says what is being done.
        overwrite: Whether an existing dataset is replaced.

    Returns:
        What the dataset holds, and what was left out.

    Raises:
        InputError: If a setting makes no sense, no recording can be used, or the
            output must not or cannot be written.
    """
    _check_settings(sample_rate, frame_rate, example_secs, hop_secs, n_shards)
    paths = [recordings] if isinstance(recordings, str | Path) else recordings
    files = audio_io.find_recordings(paths)
    shape = data.ExampleShape(float(example_secs), sample_rate, frame_rate, center)
    hop_frames = max(1, round(hop_secs * frame_rate))
    say = progress or _say_nothing
    with new_folder(output, overwrite, REPLACEABLE) as folder:
        staging = folder.with_name("audio")
        staging.mkdir()
        collection = Collection(shape, hop_frames, viterbi, staging)
        for i, (file, name) in enumerate(zip(files, display_names(files), strict=True)):
            label = f"{i + 1}/{len(files)} {name}: "
            collection.add(file, name, _labelled(say, label))
        collection.check_not_empty()
        _write_examples(collection, n_shards, folder, say)
        say("computing statistics")
        _write_statistics(shape, folder)
        info = DatasetInfo(
            folder=Path(output),
            sample_rate=sample_rate,
            frame_rate=frame_rate,
            example_secs=shape.example_secs,
            hop_secs=hop_frames / frame_rate,
            centered=center,
            n_examples=collection.n_examples,
            n_frames=shape.n_frames,
            sources=collection.sources,
            dropped=collection.dropped,
            voiced_secs=collection.voiced_secs,
        )
        (folder / data.DATASET_FILE).write_text(info.to_json(), encoding="utf-8")
    return info


def _labelled(say: Callable[[str], None], label: str) -> Callable[[str], None]:
    """Progress with a label in front of each line."""
    return lambda text: say(label + text)


def _say_nothing(text: str) -> None:
    """Ignores progress."""
    del text


def _check_settings(
    sample_rate: int,
    frame_rate: int,
    example_secs: float,
    hop_secs: float,
    n_shards: int | None,
) -> None:
    """Raises for settings that no dataset can have."""
    _require(
        4000 <= sample_rate <= 192000,
        "sample_rate must be from 4000 to 192000",
        sample_rate=sample_rate,
    )
    _require(
        frame_rate >= SLOWEST_FRAME_RATE and data.FEATURE_SAMPLE_RATE % frame_rate == 0,
        f"frame_rate must be {SLOWEST_FRAME_RATE} or more and divide "
        f"{data.FEATURE_SAMPLE_RATE}, such as 50, 100 or 250",
        frame_rate=frame_rate,
    )
    _require(
        0.1 <= example_secs <= 600,
        "example_secs must be from 0.1 to 600",
        example_secs=example_secs,
    )
    _require(
        math.isfinite(hop_secs) and hop_secs > 0,
        "hop_secs must be above 0",
        hop_secs=hop_secs,
    )
    _require(
        n_shards is None or 1 <= n_shards <= 10000,
        "n_shards must be from 1 to 10000",
        n_shards=n_shards,
    )


def _require(holds: bool, rule: str, **setting: Any) -> None:
    """Raises if a rule for a setting does not hold."""
    if not holds:
        ((name, value),) = setting.items()
        raise InputError(f"{rule}. Got {name}={value}; choose another value.")


def _write_examples(
    collection: Collection,
    n_shards: int | None,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Writes the records."""
    n_examples = collection.n_examples
    wanted = n_shards or math.ceil(n_examples / EXAMPLES_PER_SHARD)
    n_shards = min(wanted, n_examples)
    for n_written in write_records(collection.examples(), n_examples, n_shards, folder):
        say(f"wrote {n_written} of {n_examples} examples")


def _write_statistics(shape: data.ExampleShape, folder: Path) -> None:
    """Computes the statistics of the records and writes them beside them."""
    provider = data.TFRecordProvider(
        str(folder),
        shape.example_secs,
        shape.sample_rate,
        shape.frame_rate,
        shape.centered,
    )
    statistics = postprocessing.compute_dataset_statistics(provider)
    postprocessing.save_statistics(statistics, folder)
