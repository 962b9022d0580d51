"""A training run that takes seconds: a short tone, and a model of a few units."""

from pathlib import Path
from typing import Any

import numpy as np
import records
import tensorflow as tf

from ddsp import losses, processors, synths
from ddsp.training import data, decoders, models, preprocessing, train_util, trainers

SECS = 0.128
N_SAMPLES = 2048
N_FRAMES = 32
F0_HZ = 250.0
FFT_SIZES = (256, 64)
SIZES = (
    "RnnFcDecoder.ch = 8",
    "RnnFcDecoder.rnn_channels = 8",
    "RnnFcDecoder.layers_per_stack = 1",
    "Reverb.reverb_length = 64",
    f"SpectralLoss.fft_sizes = {FFT_SIZES}",
)


def example(f0_hz: float = F0_HZ, centered: bool = False) -> dict[str, np.ndarray]:
    """A harmonic tone with its features."""
    n_frames = N_FRAMES + centered
    audio = records.harmonic_tone(f0_hz, SECS)
    return {
        "audio": audio,
        "audio_16k": audio,
        "f0_hz": np.full(n_frames, f0_hz),
        "f0_confidence": np.ones(n_frames),
        "loudness_db": np.full(n_frames, -20.0),
    }


class ToneProvider(data.DataProvider):
    """Gives one tone, over and over."""

    def __init__(self, n_examples: int = 1, audio_value: float | None = None) -> None:
        super().__init__(16000, 250)
        self._n_examples = n_examples
        self._audio_value = audio_value

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        del shuffle
        tone = {name: value.astype(np.float32) for name, value in example().items()}
        if self._audio_value is not None:
            tone["audio"][:] = self._audio_value
        return tf.data.Dataset.from_tensors(tone).repeat(self._n_examples)


def make_trainer(
    strategy: tf.distribute.Strategy | None = None, n_units: int = 8, **kwargs: Any
) -> trainers.Trainer:
    """A trainer of a harmonic synthesizer, without noise, so that runs repeat."""
    strategy = train_util.get_strategy() if strategy is None else strategy
    tf.keras.utils.set_random_seed(1)
    with strategy.scope():
        harmonic = synths.Harmonic(n_samples=N_SAMPLES)
        inputs = ["amps", "harmonic_distribution", "f0_hz"]
        model = models.Autoencoder(
            preprocessor=preprocessing.F0LoudnessPreprocessor(
                time_steps=N_FRAMES, compute_loudness=False
            ),
            decoder=decoders.RnnFcDecoder(
                rnn_channels=n_units,
                ch=8,
                layers_per_stack=1,
                input_keys=("ld_scaled", "f0_scaled"),
                output_splits=(("amps", 1), ("harmonic_distribution", 8)),
            ),
            processor_group=processors.ProcessorGroup(dag=[(harmonic, inputs)]),
            losses=[losses.SpectralLoss(fft_sizes=FFT_SIZES, logmag_weight=1.0)],
        )
        return trainers.Trainer(model, strategy, **{"learning_rate": 0.01, **kwargs})


def write_dataset(folder: Path, n_examples: int = 2, **changes: Any) -> Path:
    """Writes a dataset as `ddsp prepare` does, of centred tones."""
    folder.mkdir(parents=True, exist_ok=True)
    f0s = [F0_HZ * (1 + 0.1 * i) for i in range(n_examples)]
    tones = [example(f0_hz, centered=True) for f0_hz in f0s]
    records.write_records(folder / "data.tfrecord-00000-of-00001", tones)
    info = records.dataset_info(
        frame_rate=250,
        example_secs=SECS,
        centered=True,
        n_frames=N_FRAMES + 1,
        n_examples=n_examples,
        **changes,
    )
    (folder / "dataset.json").write_text(info)
    (folder / "dataset_statistics.json").write_text('{"mean_pitch": 60.0}')
    (folder / "dataset_statistics.npz").write_bytes(b"arrays")
    return folder
