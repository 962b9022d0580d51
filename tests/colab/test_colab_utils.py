"""The facade imports anywhere and holds the names of the original."""

import subprocess
import sys

from ddsp import spectral_ops
from ddsp.colab import colab_utils
from ddsp.training import plotting, postprocessing

CODE = """
import sys
import tensorflow
before = set(sys.modules)  # TensorFlow loads IPython where it is installed.
from ddsp.colab import colab_utils
heavy = {"IPython", "google.colab", "ipywidgets", "matplotlib.pyplot", "soundfile"}
print(sorted(heavy & (set(sys.modules) - before)))
"""


def test_import_needs_neither_colab_nor_a_notebook() -> None:
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_of_other_modules_are_theirs() -> None:
    assert colab_utils.DEFAULT_SAMPLE_RATE == spectral_ops.CREPE_SAMPLE_RATE
    assert colab_utils.transfer_function is plotting.transfer_function
    assert colab_utils.auto_tune is postprocessing.auto_tune
    assert colab_utils.get_tuning_factor is postprocessing.get_tuning_factor
