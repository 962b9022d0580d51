"""Runs the timbre-transfer notebook offline and measures what it made.

Usage: python .ci/notebooks.py [FOLDER], which keeps what the notebook writes in FOLDER.
Needs the extra `notebooks`. The notebook runs as it is, from top to bottom, in a fresh
kernel and an empty folder, without a GPU and without a network.
"""

import asyncio
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
import soundfile
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "colab" / "demos" / "timbre_transfer.ipynb"
LIMIT_SECS = 120
N_FORMS, N_PLAYERS, N_PICTURES, N_LINKS = 4, 3, 2, 2
MEDIAN_CENTS, MOST_CENTS, MOST_SEMITONES = 10.0, 50.0, 0.5
# What has higher peaks than its recording is played softer, so that it does not clip.
LOWEST_DB, HIGHEST_DB, HIGHEST_PEAK = -6.0, 0.5, 0.9

# Before: whoever asks for a network is refused. After: what the result is held against.
OFFLINE = """
import socket
def refuse(*args, **kwargs):
    raise OSError("the notebook must not need a network")
socket.getaddrinfo = socket.socket.connect = socket.create_connection = refuse
"""
REMEMBER = """
import numpy
numpy.savez(
    "played.npz",
    source=audio,
    played_f0_hz=result.played_f0_hz,
    is_note=result.is_note,
    frame_rate=result.frame_rate,
    register_shift=result.register_shift,
)
"""


def execute(folder: Path) -> tuple[nbformat.NotebookNode, float]:
    """Runs the notebook in a folder; returns it with its outputs, and the seconds."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    added = [nbformat.v4.new_code_cell(source) for source in (OFFLINE, REMEMBER)]
    notebook.cells = [added[0], *notebook.cells, added[1]]
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    start = time.monotonic()
    asyncio.run(asyncio.wait_for(client.async_execute(), LIMIT_SECS))
    return notebook, time.monotonic() - start


def check_page(notebook: nbformat.NotebookNode) -> list[str]:
    """What is wrong with what the page shows."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    contents = [out.get("data", {}) for out in outputs]
    pages = " ".join(str(content.get("text/html", "")) for content in contents)
    has_widgets = importlib.util.find_spec("ipywidgets") is not None
    expected = {
        "forms": N_FORMS * has_widgets,
        "players": N_PLAYERS,
        "pictures": N_PICTURES,
        "links": N_LINKS,
    }
    widget = "application/vnd.jupyter.widget-view+json"
    found = {
        "forms": sum(widget in content for content in contents),
        "players": pages.count("<audio"),
        "pictures": sum("image/png" in content for content in contents),
        "links": pages.count("<a download="),
    }
    wrong = [
        f"{found[name]} {name} instead of {number}"
        for name, number in expected.items()
        if found[name] != number
    ]
    printed = [out["text"] for out in outputs if out["output_type"] == "stream"]
    return wrong + [f"it prints {text[:200]!r}" for text in printed]


def check_sound(folder: Path) -> list[str]:
    """What is wrong with pitch and level of the sound that the notebook has written."""
    from ddsp.quiet import load_tensorflow

    load_tensorflow()

    from ddsp import spectral_ops

    audio, sample_rate = soundfile.read(folder / "transfer.wav", dtype="float32")
    played = np.load(folder / "played.npz")
    f0_hz, _ = spectral_ops.compute_f0(audio, int(played["frame_rate"]))
    median, most = pitch_error_cents(f0_hz, played)
    worst = worst_note_semitones(f0_hz, played)
    level, source = map(level_db, (audio, played["source"]))
    peak = float(np.max(np.abs(audio)))
    sys.stdout.write(
        f"transfer.wav: {audio.size / sample_rate:.1f} s, pitch off by {median:.1f} "
        f"cents (median; nine of ten frames: {most:.1f}), no note of the tune by more "
        f"than {worst:.2f} semitones, {level:.1f} dBFS (recording: {source:.1f}), peak "
        f"{peak:.2f}\n"
    )
    checks = {
        "its rate is not 16 kHz": sample_rate == 16000,
        "it is not as long as the recording": audio.size == played["source"].size,
        "too little of it was taken for notes": played["is_note"].mean() > 0.5,
        "its pitch is not the one that was played": median < MEDIAN_CENTS
        and most < MOST_CENTS,
        "its notes are not those of the tune": worst < MOST_SEMITONES,
        "its level is not that of the recording": LOWEST_DB
        < level - source
        < HIGHEST_DB,
        "it is clipped": peak < HIGHEST_PEAK,
    }
    return [text for text, holds in checks.items() if not holds]


def pitch_error_cents(f0_hz: np.ndarray, played: dict) -> tuple[float, float]:
    """Distance from the pitch that was played: median and nine tenths of the notes."""
    n_frames = min(f0_hz.size, played["played_f0_hz"].size, played["is_note"].size)
    frames = np.flatnonzero(played["is_note"][:n_frames])
    cents = 1200 * np.abs(np.log2(f0_hz[frames] / played["played_f0_hz"][frames]))
    return float(np.median(cents)), float(np.percentile(cents, 90))


def worst_note_semitones(f0_hz: np.ndarray, played: dict) -> float:
    """Largest distance from a note that was sung, which the notebook never knew."""
    from ddsp.training import source_phrase

    midi = 69 + 12 * np.log2(f0_hz / 440) - 12 * float(played["register_shift"])
    errors = []
    for note in source_phrase._tune():
        third = note.secs / 3
        middle = (note.start_secs + third, note.start_secs + 2 * third)
        start, stop = (int(secs * float(played["frame_rate"])) for secs in middle)
        errors.append(abs(float(np.median(midi[start:stop])) - note.midi))
    return max(errors)


def level_db(audio: np.ndarray) -> float:
    """Level in dB below that of a full-scale square wave."""
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64))))


def main(keep: str | None = None) -> int:
    """Runs and measures; returns the exit status."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    # As a musician has it: the notebook itself sees to it that TensorFlow is quiet.
    os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(keep or Path(temporary, "run"))
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["IPYTHONDIR"] = str(Path(temporary, "ipython"))
        notebook, secs = execute(folder)
        sys.stdout.write(f"{NOTEBOOK.name}: ran in {secs:.0f} s\n")
        if keep:
            nbformat.write(notebook, folder / NOTEBOOK.name)
        wrong = check_page(notebook) + check_sound(folder)
    for text in wrong:
        sys.stdout.write(f"{NOTEBOOK.name}: {text}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
