"""A player for a sound, on the page of a notebook."""

import base64
import json
import tempfile
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from ddsp.colab.surroundings import check_in_notebook, in_colab
from ddsp.training import audio_io
from ddsp.training.errors import InputError
from ddsp.training.plotting import DEFAULT_SAMPLE_RATE


def play(
    array_of_floats: Any,
    sample_rate: int = DEFAULT_SAMPLE_RATE,
    ephemeral: bool = True,
    autoplay: bool = False,
) -> None:
    """Shows a player for a sound.

    Samples beyond full scale (1) are clipped, and nothing is made louder: what is heard
    is what `audio_io.write_wav` writes, 16-bit.

    Args:
        array_of_floats: Sound, [n_samples] or [batch, n_samples], of which the first is
            played.
        sample_rate: Samples per second.
        ephemeral: Whether Colab leaves the sound out of the saved notebook. Jupyter
            always keeps it.
        autoplay: Whether it starts by itself.

    Raises:
        InputError: If the sound has no samples, or the code runs in no notebook.
        ValueError: If it is neither of the two shapes, or not finite.
    """
    check_in_notebook("A player", "write the sound to a file with audio_io.write_wav")
    wav = wav_bytes(array_of_floats, sample_rate)
    from IPython.display import Audio, display

    if in_colab() and ephemeral:
        _play_unsaved(wav, autoplay)
    else:
        # IPython would scale an array of floats to full scale, but not a file.
        display(Audio(data=wav, autoplay=autoplay))


def wav_bytes(array_of_floats: Any, sample_rate: int) -> bytes:
    """Makes a WAV file of a sound, in memory.

    Args:
        array_of_floats: Sound, [n_samples] or [batch, n_samples], of which the first is
            taken.
        sample_rate: Samples per second.

    Returns:
        The 16-bit file that `audio_io.write_wav` writes.

    Raises:
        InputError: If the sound has no samples.
        ValueError: If it is neither of the two shapes, or not finite.
    """
    audio = np.asarray(array_of_floats)
    if audio.ndim == 2 and len(audio):
        audio = audio[0]
    if not audio.size:
        raise InputError(
            f"A sound must have samples. Got shape={np.shape(array_of_floats)}; look "
            "for the cell that should have made it."
        )
    with tempfile.TemporaryDirectory(prefix="ddsp_play_") as folder:
        path = Path(folder, "sound.wav")
        audio_io.write_wav(path, audio, sample_rate)
        return path.read_bytes()


def _play_unsaved(wav: bytes, autoplay: bool) -> None:
    """Puts a player into Colab's page behind the notebook's back."""
    from google.colab import output
    from IPython.display import HTML, display

    place = f"ddsp-player-{uuid.uuid4().hex}"
    display(HTML(f'<div id="{place}"></div>'))
    source = "data:audio/wav;base64," + base64.b64encode(wav).decode("ascii")
    player = f'<audio controls{" autoplay" * autoplay} src="{source}"></audio>'
    output.eval_js(
        f'document.getElementById("{place}").innerHTML = {json.dumps(player)};',
        ignore_result=True,
    )
