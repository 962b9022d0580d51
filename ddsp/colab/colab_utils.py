"""Helpers of the notebooks, under the names of the original.

They import in any place; `google.colab` and IPython are loaded where they are needed.
"""

from ddsp.colab.dataset_statistics import save_dataset_statistics
from ddsp.colab.figures import plot_impulse_responses, show, specplot
from ddsp.colab.forms import show_form
from ddsp.colab.playing import play
from ddsp.colab.reading import audio_bytes_to_np
from ddsp.colab.recording import record
from ddsp.colab.transferring import download, upload, upload_models
from ddsp.training.plotting import DEFAULT_SAMPLE_RATE, transfer_function
from ddsp.training.postprocessing import auto_tune, get_tuning_factor

__all__ = [
    "DEFAULT_SAMPLE_RATE",
    "audio_bytes_to_np",
    "auto_tune",
    "download",
    "get_tuning_factor",
    "play",
    "plot_impulse_responses",
    "record",
    "save_dataset_statistics",
    "show",
    "show_form",
    "specplot",
    "transfer_function",
    "upload",
    "upload_models",
]
