"""The whole instrument in small: harmonics, noise, reverb, a recurrent decoder."""

from typing import Any

import numpy as np
import tensorflow as tf
import tiny_training

from ddsp import effects, losses, processors, synths
from ddsp.training import decoders, models, preprocessing, trainers

N_BANDS = 9
N_HARMONICS = 8


def make_batches(batch_size: int, n_batches: int) -> tf.data.Dataset:
    """Tones of different pitch and loudness, in a fixed order."""
    examples = []
    for i in range(batch_size * n_batches):
        tone = tiny_training.example(200.0 + 40.0 * i)
        tone["loudness_db"] = tone["loudness_db"] - i
        examples.append({n: v.astype(np.float32) for n, v in tone.items()})
    columns = {name: np.stack([e[name] for e in examples]) for name in examples[0]}
    dataset = tf.data.Dataset.from_tensor_slices(columns)
    return dataset.batch(batch_size, drop_remainder=True)


def make_trainer(
    strategy: tf.distribute.Strategy, seed: int | None = 7, **kwargs: Any
) -> trainers.Trainer:
    """A trainer of a small instrument whose noise is the same in every call."""
    tf.keras.utils.set_random_seed(1)
    with strategy.scope():
        n_samples = tiny_training.N_SAMPLES
        harmonic = synths.Harmonic(n_samples=n_samples)
        # The logarithm of silent bins would make much of rounding, and Adam more.
        noise = synths.FilteredNoise(
            n_samples=n_samples, window_size=0, initial_bias=0.0, seed=seed
        )
        reverb = effects.Reverb(trainable=True, reverb_length=64)
        dag = [
            (harmonic, ["amps", "harmonic_distribution", "f0_hz"]),
            (noise, ["noise_magnitudes"]),
            (processors.Add(), ["filtered_noise/signal", "harmonic/signal"]),
            (reverb, ["add/signal"]),
        ]
        splits = (
            ("amps", 1),
            ("harmonic_distribution", N_HARMONICS),
            ("noise_magnitudes", N_BANDS),
        )
        model = models.Autoencoder(
            preprocessor=preprocessing.F0LoudnessPreprocessor(
                time_steps=tiny_training.N_FRAMES, compute_loudness=False
            ),
            decoder=decoders.RnnFcDecoder(
                rnn_channels=8,
                ch=8,
                layers_per_stack=1,
                input_keys=("ld_scaled", "f0_scaled"),
                output_splits=splits,
            ),
            processor_group=processors.ProcessorGroup(dag=dag),
            losses=[
                losses.SpectralLoss(
                    fft_sizes=tiny_training.FFT_SIZES, logmag_weight=1.0
                )
            ],
        )
        return trainers.Trainer(model, strategy, **kwargs)
