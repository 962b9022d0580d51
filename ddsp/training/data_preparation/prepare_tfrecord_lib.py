"""Records as the original's preparation writes them: numbered files of a prefix."""

import dataclasses
import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ddsp import spectral_ops
from ddsp.spectral_ops import CREPE_SAMPLE_RATE
from ddsp.training.data.dataset_info import description_name
from ddsp.training.data_preparation import beam_files, beam_pipeline, preparing
from ddsp.training.data_preparation import folder as folders
from ddsp.training.data_preparation.arrangement import (
    EVAL,
    TRAIN,
    Example,
    arrange,
    check_fraction,
)
from ddsp.training.data_preparation.collection import Collection
from ddsp.training.data_preparation.description import DatasetInfo, describe
from ddsp.training.data_preparation.examples import is_shard
from ddsp.training.data_preparation.local import collect
from ddsp.training.data_preparation.settings import Settings, check_shards
from ddsp.training.errors import InputError

__all__ = ["CREPE_SAMPLE_RATE", "prepare_tfrecord", "spectral_ops"]

PARTS = ("", TRAIN, EVAL)


def prepare_tfrecord(
    input_audio_paths: str | Path | Iterable[str | Path],
    output_tfrecord_path: str | Path,
    num_shards: int | None = None,
    sample_rate: int = 16000,
    frame_rate: int | None = 250,
    example_secs: float | None = 4,
    hop_secs: float = 1,
    eval_split_fraction: float = 0.0,
    chunk_secs: float | None = 20.0,
    center: bool = False,
    viterbi: bool = True,
    pipeline_options: str | Sequence[str] = (),
    processes: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> DatasetInfo:
    """Makes records of recordings.

    Recordings are cut into pieces, which no example crosses; the last example of a
    piece ends where the piece does. Records of the same prefix are replaced.

    Where all examples have features and one length, a description lies beside the
    records of each part, with their statistics; by it a provider needs no numbers. In
    buckets there is none.

    Args:
        input_audio_paths: Audio files and folders of them.
        output_tfrecord_path: Path of the record files, to which numbers are added,
            such as 'violin/train.tfrecord'.
        num_shards: Number of record files of each part; None for one per 256 examples.
        sample_rate: Samples per second of the audio.
        frame_rate: Frames per second of the features; 0 or None for audio only.
        example_secs: Seconds of an example; 0 or None for whole pieces.
        hop_secs: Seconds from one example to the next, rounded to frames.
        eval_split_fraction: Share of the pieces, by a digest of their content, that
            goes to '<path>-eval', the others to '<path>-train'; 0 for no split.
        chunk_secs: Seconds of a piece; 0 or None for whole recordings.
        center: Whether features are centred on their times. By default pitch leads the
            audio by 32 ms and loudness by 16 ms, as in the original's datasets.
        viterbi: Whether the pitch is the best path through time.
        pipeline_options: Options of Apache Beam, such as '--runner=FlinkRunner'. With
            none, and with the direct runner, processes of this computer do the work,
            and Beam need not be installed; the records are the same. Beam begins again
            after an interruption, while these processes go on.
        processes: Number of such processes; None for one per core if there is enough
            to do.
        progress: Called with a line that says what is being done.

    Returns:
        What the records of all parts hold, and what was left out. Statistics are there
        if they are described and there is one part.

    Raises:
        ImportError: If Beam is needed and not installed.
        InputError: If a setting makes no sense, no recording can be used, or the
            records cannot be written.
    """
    settings = Settings(
        sample_rate=sample_rate,
        frame_rate=frame_rate or 0,
        example_secs=example_secs or 0,
        hop_secs=hop_secs,
        centered=center,
        viterbi=viterbi,
        chunk_secs=chunk_secs or 0,
    )
    settings.check()
    check_shards(num_shards)
    options = _as_list(pipeline_options)
    say = progress or preparing.say_nothing
    prefix = os.fspath(output_tfrecord_path)
    if not os.path.basename(prefix):
        raise InputError(
            "The path of records must end in a name. Got output_tfrecord_path="
            f"{prefix!r}; use one such as 'violin/train.tfrecord'."
        )
    check_fraction(eval_split_fraction)
    path = Path(prefix)
    if beam_files.is_remote(prefix):
        return _prepare_remote(
            input_audio_paths,
            prefix,
            settings,
            num_shards,
            eval_split_fraction,
            options,
        )
    files = _find(input_audio_paths)
    _make_parents(path)
    with folders.work_folder(path) as work:
        new = work / folders.NEW
        made = new / path.name
        if not any(beam_files.is_remote(str(f)) for f in files) and is_local(options):
            store = work / folders.KEPT
            collection = collect(files, settings, store, processes, say)
            preparing.write_parts(
                collection, eval_split_fraction, num_shards, made, say
            )
        else:
            say("running the pipeline")
            collection = beam_pipeline.write_all(
                files,
                settings,
                str(made),
                str(work / folders.PASSING),
                eval_split_fraction,
                num_shards,
                options,
            )
        say("describing the records")
        parts = arrange(collection.placed, eval_split_fraction)
        described = _describe(path, new, settings, collection, parts)
        _replace_records(path, new)
    return described


def _describe(
    path: Path,
    new: Path,
    settings: Settings,
    collection: Collection,
    parts: dict[str, list[Example]],
) -> DatasetInfo:
    """Writes a description beside the records of each part; returns that of all."""
    whole = describe(path.parent, settings, collection, {})
    if not (settings.shape and settings.frame_rate):
        return whole
    described = []
    for suffix, order in parts.items():
        name = path.name + suffix
        pattern = new / f"{glob.escape(name)}-*"
        statistics = preparing.measure_statistics(str(pattern), settings)
        part = describe(path.parent, settings, collection, statistics)
        part = dataclasses.replace(part, n_examples=len(order))
        (new / description_name(name)).write_text(part.to_json(), encoding="utf-8")
        described.append(part)
    return whole if len(described) > 1 else described[0]


def _find(input_audio_paths: Any) -> list[Any]:
    """Recordings on this computer, or in buckets."""
    paths = _as_list(input_audio_paths)
    remote = [str(p) for p in paths if beam_files.is_remote(str(p))]
    local = [p for p in paths if not beam_files.is_remote(str(p))]
    found: list[Any] = list(preparing.find_files(local)) if local else []
    return found + (beam_files.match(remote) if remote else [])


def _prepare_remote(
    input_audio_paths: Any,
    prefix: str,
    settings: Settings,
    num_shards: int | None,
    eval_split_fraction: float,
    options: Sequence[str],
) -> DatasetInfo:
    """Writes to a bucket, where nothing can appear at once; old records go last."""
    folder, _, name = prefix.rpartition("/")
    files = _find(input_audio_paths)
    store = beam_files.join(folder, f".{name}.preparing")
    try:
        collection, numbers = beam_pipeline.collect(files, settings, store, options)
        new: list[str] = []
        for suffix, order in arrange(collection.placed, eval_split_fraction).items():
            new += beam_pipeline.write_part(
                numbers, order, num_shards, prefix + suffix, store, options
            )
        _remove_others(prefix, new)
    finally:
        beam_files.remove(beam_files.list_files(store + "/"))
    return describe(Path(folder), settings, collection, {})


def _remove_others(prefix: str, new: Sequence[str]) -> None:
    """Removes records of a prefix in a bucket that are not among the new ones."""
    folder, _, name = prefix.rpartition("/")
    names = {path.rpartition("/")[2] for path in new}
    for path in beam_files.list_files(prefix):
        found = path.removeprefix(f"{folder}/")
        if _is_of(found, name) and found not in names:
            beam_files.remove([path])


def is_local(pipeline_options: Sequence[str]) -> bool:
    """Tells whether options of Beam ask for nothing but this computer.

    Args:
        pipeline_options: Options such as '--runner=DirectRunner'.

    Returns:
        True if there is none but the direct runner and what concerns it.
    """
    return all(
        re.fullmatch(r"--runner=(apache_beam\.runners\..*)?DirectRunner", option)
        or option.startswith("--direct_")
        for option in pipeline_options
    )


def _as_list(values: Any) -> list[Any]:
    """One value, or several."""
    return [values] if isinstance(values, str | Path) else list(values)


def _make_parents(path: Path) -> None:
    """Makes the folder of the records."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Records must go to a folder that can be written. Got {path} "
            f"({error.strerror}); choose another place."
        ) from error


def _replace_records(path: Path, new: Path) -> None:
    """Moves new records to their place, then removes all others of the prefix."""
    names = sorted(os.listdir(new))
    for name in names:
        os.replace(new / name, path.parent / name)
    described = {description_name(path.name + part) for part in PARTS}
    for old in path.parent.iterdir():
        is_ours = _is_of(old.name, path.name) or old.name in described
        if is_ours and old.name not in names:
            old.unlink()


def _is_of(name: str, prefix: str) -> bool:
    """Whether a name is that of a record file of a prefix, in whatever part."""
    return any(is_shard(name, prefix + part) for part in PARTS)
