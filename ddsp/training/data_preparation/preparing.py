"""From recordings to a dataset folder."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ddsp.training import audio_io, data, postprocessing
from ddsp.training.data_preparation import beam_pipeline
from ddsp.training.data_preparation import folder as folders
from ddsp.training.data_preparation.arrangement import arrange
from ddsp.training.data_preparation.collection import Collection
from ddsp.training.data_preparation.description import DatasetInfo, describe
from ddsp.training.data_preparation.examples import (
    RECORDS_NAME,
    count_shards,
    write_records,
)
from ddsp.training.data_preparation.local import collect
from ddsp.training.data_preparation.settings import Settings, check_shards

REPLACEABLE = (data.DATASET_FILE, data.RECORDS_PATTERN, "dataset_statistics.*")


def prepare_dataset(
    recordings: str | Path | Iterable[str | Path],
    output: str | Path,
    sample_rate: int = 16000,
    frame_rate: int | None = None,
    example_secs: float = 4.0,
    hop_secs: float = 1.0,
    n_shards: int | None = None,
    center: bool = True,
    viterbi: bool = True,
    progress: Callable[[str], None] | None = None,
    overwrite: bool = False,
    processes: int | None = None,
    pipeline_options: Sequence[str] | None = None,
) -> DatasetInfo:
    """Makes a dataset of recordings of one instrument.

    Pitch and loudness are measured over whole recordings, which are then cut into
    overlapping examples. A recording shorter than an example is filled up with silence
    if it lasts a second at least. Recordings that cannot be used and silent examples
    are left out and listed.

    What is analysed waits in a hidden folder beside the output. If the work does not
    come to its end, repeating the call goes on from there. With Beam it begins again.

    Args:
        recordings: Audio files and folders of them.
        output: Folder to write: records, `dataset.json` and statistics.
        sample_rate: Samples per second of the audio that a model is to play.
        frame_rate: Frames per second of the features, 32 at least; must divide 16000
            and sample_rate. None for the highest up to 250, which is 100 at 44100 Hz.
        example_secs: Seconds of an example.
        hop_secs: Seconds from one example to the next, rounded to frames.
        n_shards: Number of record files, at most one per example; None for one per 256
            examples.
        center: Whether features are centred on their times. False lets them lead the
            audio by half a window, as in the original's datasets.
        viterbi: Whether the pitch is the best path through time.
        progress: Called with a line that says what is being done.
        overwrite: Whether an existing dataset is replaced.
        processes: Number of processes; None for one per core if there is enough to do.
            The records are the same with any number, up to the rounding of features.
        pipeline_options: Options of Apache Beam, such as '--runner=FlinkRunner', whose
            workers must see recordings and output; None for processes of this computer.
            The records are the same. Beam begins again after an interruption.

    Returns:
        What the dataset holds, and what was left out.

    Raises:
        ImportError: If Beam is asked for and not installed.
        InputError: If a setting makes no sense, no recording can be used, or the
            output must not or cannot be written.
    """
    if frame_rate is None:
        frame_rate = data.default_frame_rate(sample_rate)
    settings = Settings(
        sample_rate, frame_rate, example_secs, hop_secs, center, viterbi
    )
    check_settings(settings, n_shards)
    files = find_files(recordings)
    say = progress or say_nothing
    with folders.new_folder(output, overwrite, REPLACEABLE) as folder:
        prefix = folder / RECORDS_NAME
        if pipeline_options is None:
            store = folder.with_name(folders.KEPT)
            collection = collect(files, settings, store, processes, say)
            write_parts(collection, 0.0, n_shards, prefix, say)
        else:
            store = folder.with_name(folders.PASSING)
            options = list(pipeline_options)
            say("running the pipeline")
            collection = beam_pipeline.write_all(
                files, settings, str(prefix), str(store), 0.0, n_shards, options
            )
        say("computing statistics")
        return finish_dataset(folder, Path(output), settings, collection)


def check_settings(settings: Settings, n_shards: int | None) -> None:
    """Makes sure that a dataset for training can be like this.

    Args:
        settings: Rates and lengths.
        n_shards: Number of record files.

    Raises:
        InputError: If a number makes no sense.
    """
    settings.check_for_training()
    data.require_whole_frames(settings.sample_rate, settings.frame_rate)
    check_shards(n_shards)


def find_files(recordings: str | Path | Iterable[str | Path]) -> list[Path]:
    """Lists the recordings that were asked for.

    Args:
        recordings: Audio files and folders of them, or one of either.

    Returns:
        Audio files.

    Raises:
        InputError: If there is none.
    """
    paths = [recordings] if isinstance(recordings, str | Path) else recordings
    return audio_io.find_recordings(paths)


def write_parts(
    collection: Collection,
    eval_fraction: float,
    n_shards: int | None,
    prefix: Path,
    say: Callable[[str], None],
) -> None:
    """Writes all examples as records.

    Args:
        collection: Where they are.
        eval_fraction: Share that is for evaluation, in files of its own.
        n_shards: Number of record files of each part; None for one per 256 examples.
        prefix: Path of the files without part and numbers.
        say: Called with what is being done.

    Raises:
        InputError: If a part would be empty.
    """
    for suffix, order in arrange(collection.placed, eval_fraction).items():
        n_examples = len(order)
        written = write_records(
            collection.examples(order),
            n_examples,
            count_shards(n_shards, n_examples),
            prefix.with_name(prefix.name + suffix),
        )
        for n_written in written:
            say(f"wrote {n_written} of {n_examples} examples")


def finish_dataset(
    folder: Path, output: Path, settings: Settings, collection: Any
) -> DatasetInfo:
    """Writes statistics and description beside the records.

    Args:
        folder: Folder of the records.
        output: Where that is going to be.
        settings: How they were made.
        collection: What they were made of.

    Returns:
        The description.
    """
    statistics = measure_statistics(str(folder), settings)
    postprocessing.save_statistics(statistics, folder)
    described = describe(output, settings, collection, statistics)
    (folder / data.DATASET_FILE).write_text(described.to_json(), encoding="utf-8")
    return described


def measure_statistics(records: str, settings: Settings) -> dict[str, Any]:
    """Computes the statistics of records with features.

    Args:
        records: Folder or pattern of the records.
        settings: How they were made; all examples must have one length.

    Returns:
        What `compute_dataset_statistics` returns.
    """
    provider = data.TFRecordProvider(
        records,
        float(settings.example_secs or settings.chunk_secs),
        settings.sample_rate,
        settings.frame_rate,
        settings.centered,
    )
    return postprocessing.compute_dataset_statistics(provider)


def say_nothing(text: str) -> None:
    """Ignores what is being done.

    Args:
        text: A line of progress.
    """
    del text
