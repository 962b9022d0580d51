"""Statistics of a dataset, saved as the original's notebooks save them."""

import os
import pickle
from typing import Any

from ddsp.training import postprocessing
from ddsp.training.errors import writing
from ddsp.training.postprocessing.statistics_files import PICKLE_FILE
from ddsp.training.whole_files import write_whole

# Readers of older Python versions know it.
PICKLE_PROTOCOL = 4


def save_dataset_statistics(
    data_provider: Any,
    file_path: str | os.PathLike[str] | None = None,
    batch_size: int = 1,
    power_frame_size: int = 256,
) -> dict[str, Any]:
    """Computes the statistics of a dataset and pickles them.

    A file named `dataset_statistics.pkl` gets the `dataset_statistics.json` and `.npz`
    beside it that this library writes itself, and reads first. Whoever reads a pickle
    of somebody else with Python's `pickle` runs what is in it:
    `postprocessing.load_statistics` does not.

    Args:
        data_provider: Provider of the dataset, see `compute_dataset_statistics`. Power
            is measured at the frame rate of its features.
        file_path: The file to write, whole; None to write nothing.
        batch_size: Examples to read at a time; of no influence on the result.
        power_frame_size: Window of the power in samples; a hop, if that is longer.

    Returns:
        The statistics.

    Raises:
        InputError: If the dataset cannot be read or a file cannot be written.
    """
    statistics = postprocessing.compute_dataset_statistics(
        data_provider, batch_size, power_frame_size
    )
    if file_path is None:
        return statistics
    path = os.fspath(file_path)
    with writing("Statistics", path):
        write_whole(path, pickle.dumps(statistics, PICKLE_PROTOCOL))
    folder, name = os.path.split(path)
    if name == PICKLE_FILE and os.path.isdir(folder or "."):
        postprocessing.save_statistics(statistics, folder or ".")
    return statistics
