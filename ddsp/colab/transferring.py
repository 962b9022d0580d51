"""Sounds and models into a notebook, results out of it."""

import atexit
import base64
import html
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from ddsp.colab.reading import read_sound
from ddsp.colab.receiving import Chosen, receive_files
from ddsp.colab.surroundings import check_in_notebook, in_colab
from ddsp.training.errors import InputError
from ddsp.training.plotting import DEFAULT_SAMPLE_RATE

# What a link on the page carries is kept in the notebook too.
LARGEST_LINK_BYTES = 30 << 20


def upload(
    sample_rate: int = DEFAULT_SAMPLE_RATE, normalize_db: float | None = None
) -> tuple[list[str], list[np.ndarray]]:
    """Lets somebody choose recordings and reads them.

    Args:
        sample_rate: Samples per second of the results.
        normalize_db: dB below full scale to which each peak is brought, 0 or more; None
            to leave the levels as they are.

    Returns:
        Names of the files, and a mono sound of each, float32, [n_samples]. In Jupyter
        both are empty until files are chosen with the button that appears: read them
        in another cell.

    Raises:
        InputError: If a file cannot be read, or the code runs in no notebook.
        ImportError: If Jupyter lacks ipywidgets.
    """
    names, sounds = Chosen(), Chosen()

    def take(files: dict[str, bytes]) -> None:
        names.clear()
        sounds.clear()
        read = [read_sound(n, f, sample_rate, normalize_db) for n, f in files.items()]
        names.extend(files)
        sounds.extend(read)

    receive_files(take, "audio/*", "read the file with audio_io.load_audio")
    return names, sounds


def upload_models() -> list[Path]:
    """Lets somebody choose zips of models.

    Returns:
        Their paths in a temporary folder, for `TimbreTransfer.from_folder`, which takes
        out of a zip what belongs to a model and nothing else. In Jupyter the list is
        empty until files are chosen with the button that appears: read it in another
        cell.

    Raises:
        InputError: If a file is no zip by its name, or the code runs in no notebook.
        ImportError: If Jupyter lacks ipywidgets.
    """
    archives = Chosen()

    def take(files: dict[str, bytes]) -> None:
        archives.clear()
        archives.extend(_keep_archives(files))

    receive_files(take, ".zip", "give the path of the model instead")
    return archives


def _keep_archives(files: dict[str, bytes]) -> list[Path]:
    """Writes zips into a new folder, under names that lead nowhere else."""
    for name in files:
        if not name.lower().endswith(".zip"):
            raise InputError(
                f"A model must come as a zip of its folder. Got {name}; zip the folder "
                "that holds its checkpoint and its config."
            )
    folder = tempfile.mkdtemp(prefix="ddsp_upload_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    paths = []
    for number, (name, content) in enumerate(files.items()):
        last = re.split(r"[/\\]", name)[-1].removesuffix(".zip")
        plain = re.sub(r"[^\w-]+", "_", last).strip("_") or "model"
        path = Path(folder, str(number), f"{plain}.zip")
        path.parent.mkdir()
        path.write_bytes(content)
        paths.append(path)
    return paths


def download(filename: str | os.PathLike[str]) -> None:
    """Brings a file from where the notebook runs to whoever reads it.

    Colab sends it at once; Jupyter shows a link.

    Args:
        filename: The file.

    Raises:
        InputError: If there is no such file, it is too large for a link, or the code
            runs in no notebook.
    """
    path = Path(filename)
    if not path.is_file():
        raise InputError(
            f"A download needs a file. Got {path}, which is none; run the cell that "
            "writes it first."
        )
    if in_colab():
        from google.colab import files

        files.download(str(path))
        return
    check_in_notebook("A download", f"the file is already here: {path.absolute()}")
    if path.stat().st_size > LARGEST_LINK_BYTES:
        raise InputError(
            f"A link carries up to {LARGEST_LINK_BYTES >> 20} MB. Got {path}, which is "
            "larger; take it from the list of files that Jupyter shows."
        )
    from IPython.display import HTML, display

    name = html.escape(path.name, quote=True)
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    source = f"data:application/octet-stream;base64,{content}"
    display(HTML(f'<a download="{name}" href="{source}">Download {name}</a>'))
