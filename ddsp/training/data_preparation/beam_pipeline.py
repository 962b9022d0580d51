"""The same preparation by Apache Beam, on a cluster that sees all files."""

import functools
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf

from ddsp.training.data_preparation import analysis, beam_files, decoding, examples
from ddsp.training.data_preparation.arrangement import Example, Placed, arrange
from ddsp.training.data_preparation.collection import (
    Collection,
    analysed,
    cut,
    place,
    voiced_secs,
)
from ddsp.training.data_preparation.description import Source
from ddsp.training.data_preparation.settings import Settings
from ddsp.training.wording import display_names


def write_all(
    files: Sequence[Any],
    settings: Settings,
    prefix: str,
    store: str,
    eval_fraction: float,
    n_shards: int | None,
    pipeline_options: Sequence[str],
) -> Collection:
    """Makes records of recordings.

    After an interruption everything is done again.

    Args:
        files: Audio files, which all workers can read.
        settings: Rates and lengths.
        prefix: Path of the record files without part and numbers.
        store: Folder for what is found, which all workers can write.
        eval_fraction: Share of the pieces that is for evaluation, in files of its own.
        n_shards: Number of record files of each part; None for one per 256 examples.
        pipeline_options: Options of Beam, such as '--runner=FlinkRunner'.

    Returns:
        The recordings and where their examples are.

    Raises:
        ImportError: If Beam is not installed.
        InputError: If there is no example, or a part would be empty.
    """
    beam_files.import_beam()
    collection, numbers = collect(files, settings, store, pipeline_options)
    for suffix, order in arrange(collection.placed, eval_fraction).items():
        write_part(numbers, order, n_shards, prefix + suffix, store, pipeline_options)
    return collection


def collect(
    files: Sequence[Any],
    settings: Settings,
    store: str,
    pipeline_options: Sequence[str],
) -> tuple[Collection, list[int]]:
    """Reads and analyses recordings, and writes the examples of each.

    Args:
        files: Audio files, which all workers can read.
        settings: Rates and lengths.
        store: Folder for what is found, which all workers can write.
        pipeline_options: Options of Beam, such as '--runner=FlinkRunner'.

    Returns:
        The recordings and where their examples are, and the number of each recording
        among the files.

    Raises:
        ImportError: If Beam is not installed.
        InputError: If there is no example.
    """
    names = display_names([Path(file) for file in files])
    work = functools.partial(_analyse_recording, settings=settings, store=store)
    _run(pipeline_options, [(i, str(file)) for i, file in enumerate(files)], work)
    collection = Collection(settings)
    numbers: list[int] = []
    for i, name in enumerate(names):
        found = json.loads(beam_files.read(_facts_path(store, i)))
        if "problem" in found:
            collection.drop(name, found["problem"])
            continue
        source = Source(name, found["seconds"], found["placed"]["sha256"])
        collection.note(source, Placed(**found["placed"]), found["voiced_secs"])
        numbers.append(i)
    collection.check_not_empty()
    return collection, numbers


def write_part(
    numbers: Sequence[int],
    order: Sequence[Example],
    n_shards: int | None,
    prefix: str,
    store: str,
    pipeline_options: Sequence[str],
) -> list[str]:
    """Writes examples as records, in the files and the order of the local way.

    Args:
        numbers: The numbers that `collect` has returned.
        order: Which examples, and in what order.
        n_shards: Number of record files; None for one per 256 examples.
        prefix: Path of the files without their numbers.
        store: Folder of `collect`.
        pipeline_options: Options of Beam.

    Returns:
        Paths of the files.
    """
    n_shards = examples.count_shards(n_shards, len(order))
    places = {f"{numbers[i]} {j}": k for k, (i, j) in enumerate(order)}
    plan = beam_files.join(store, f"plan-{os.path.basename(prefix)}.json")
    beam_files.write(plan, json.dumps(places).encode())
    ends = [examples.shard_end(k, n_shards, len(order)) for k in range(n_shards)]
    read = functools.partial(_read_examples, store=store, plan=plan, ends=ends)
    write = functools.partial(_write_shard, prefix=prefix, n_shards=n_shards)
    used = sorted({numbers[i] for i, _ in order})
    _run(pipeline_options, used, read, write)
    return [examples.shard_path(prefix, k, n_shards) for k in range(n_shards)]


def _run(
    pipeline_options: Sequence[str], items: Sequence[Any], work: Any, write: Any = None
) -> None:
    """Runs a pipeline: work on each item, and what it yields grouped for writing."""
    beam = beam_files.import_beam()
    options = beam.options.pipeline_options.PipelineOptions(list(pipeline_options))
    with beam.Pipeline(options=options) as pipeline:
        made = pipeline | beam.Create(list(items)) | beam.Reshuffle()
        found = made | "work" >> beam.FlatMap(work)
        if write is not None:
            _ = found | beam.GroupByKey() | "write" >> beam.Map(write)


def _facts_path(store: str, number: int) -> str:
    return beam_files.join(store, f"recording-{number:06d}.json")


def _examples_path(store: str, number: int) -> str:
    return beam_files.join(store, f"recording-{number:06d}.tfrecord")


def _analyse_recording(
    item: tuple[int, str], settings: Settings, store: str
) -> Iterator[int]:
    """Does all that there is to do with one recording."""
    number, file = item
    with tempfile.TemporaryDirectory(prefix="ddsp-") as folder:
        local = beam_files.fetch(file, folder)
        decoded = decoding.decode_recording(local, Path(folder, "store"), settings)
        facts: dict[str, Any] = {"problem": decoded.problem}
        if not decoded.problem:
            for task in analysis.tasks_of([decoded], settings):
                analysis.analyse_block(*task)
            recording = analysed(decoded, settings)
            placed = place(decoded, recording, settings)
            path = str(Path(folder, "examples.tfrecord"))
            with tf.io.TFRecordWriter(path) as writer:
                for start in placed.starts:
                    writer.write(examples.to_record(cut(recording, start, settings)))
            beam_files.put(path, _examples_path(store, number))
            facts = {
                "seconds": round(decoded.seconds, 3),
                "placed": asdict(placed),
                "voiced_secs": voiced_secs(recording, settings),
            }
    beam_files.write(_facts_path(store, number), json.dumps(facts).encode())
    yield number


def _read_examples(
    number: int, store: str, plan: str, ends: Sequence[int]
) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Records of a recording, by the number of the file that each belongs to."""
    places = json.loads(beam_files.read(plan))
    with tempfile.TemporaryDirectory(prefix="ddsp-") as folder:
        local = beam_files.fetch(_examples_path(store, number), folder)
        for j, record in enumerate(tf.data.TFRecordDataset(local).as_numpy_iterator()):
            position = places.get(f"{number} {j}")
            if position is not None:
                shard = next(k for k, end in enumerate(ends) if position < end)
                yield shard, (position, record)


def _write_shard(item: tuple[int, Any], prefix: str, n_shards: int) -> None:
    """Writes one record file."""
    shard, records = item
    with tempfile.TemporaryDirectory(prefix="ddsp-") as folder:
        local = str(Path(folder, "shard.tfrecord"))
        with tf.io.TFRecordWriter(local) as writer:
            for _, record in sorted(records):
                writer.write(record)
        beam_files.put(local, examples.shard_path(prefix, shard, n_shards))
