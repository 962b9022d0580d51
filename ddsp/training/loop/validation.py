"""What a model makes of sounds that it has never trained on."""

import gc
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.training import evaluators, event_files
from ddsp.training.errors import InputError, writing
from ddsp.training.whole_files import write_whole

AUDIO_FOLDER = "audio"
MAX_CLIPS = 3
# Neighbouring windows overlap: of so many one is enough to hear.
EXAMPLES_PER_CLIP = 5
PAUSE_SECS = 0.25
HIGHEST_PEAK = 32767.0 / 32768.0  # The largest number of 16 bits.
# Any seed does, as long as it stays the same.
NOISE_SEED = 20200114

# Tensors by name; outputs of processors are nested in such dictionaries.
Batch = dict[str, Any]


class Validation:
    """Measures, plays and draws what a model makes of held-out examples.

    Every time it takes the same examples and the same noise, so that what changes is
    the model.

    Example:
        >>> from ddsp.training import data, models
        >>> class Silence(data.DataProvider):
        ...     def get_dataset(self, shuffle=True):
        ...         return tf.data.Dataset.from_tensors({"audio": tf.zeros(16000)})
        >>> class Constant(models.Model):
        ...     def call(self, features, training=False):
        ...         self._losses_dict["distance"] = tf.constant(0.5)
        ...         return {"audio_synth": features["audio"]}
        >>> validation = Validation(Constant(), Silence(16000, 250), 16000)
        >>> validation.measure()
        {'distance': 0.5, 'total_loss': 0.5}
    """

    def __init__(
        self,
        model: Any,
        provider: Any,
        sample_rate: int,
        batch_size: int = 16,
        n_batches: int = 16,
    ) -> None:
        """Chooses the examples; nothing is read before it is needed.

        Args:
            model: Model that is being trained.
            provider: Provider of the held-out examples. Of more than fit into the
                batches, examples at equal distances are taken.
            sample_rate: Samples per second of the audio.
            batch_size: Examples that the model works on at a time.
            n_batches: Most batches to measure.

        Raises:
            ValueError: If batch_size or n_batches is below 1.
        """
        for name, value in (("batch_size", batch_size), ("n_batches", n_batches)):
            if value < 1:
                raise ValueError(
                    f"{name} must be at least 1. Got {name}={value}; give a larger "
                    "number."
                )
        self._model = model
        self._provider = provider
        self._sample_rate = sample_rate
        self._batch_size = batch_size
        self._n_examples = batch_size * n_batches
        self._clips: Batch = {}
        self._played: Batch = {}
        self._run = tf.function(self._run_model)

    def measure(self) -> dict[str, float]:
        """Computes the losses, with training=False.

        Returns:
            Means over all examples by name, "total_loss" among them.

        Raises:
            InputError: If there are no held-out examples.
        """
        means: dict[str, tf.keras.metrics.Mean] = {}
        for number, batch in enumerate(self._examples().batch(self._batch_size)):
            _, losses = self._run(batch, self._seed(number))
            n_examples = len(next(iter(batch.values())))
            for name, loss in losses.items():
                mean = means.setdefault(name, tf.keras.metrics.Mean(name))
                # The last batch may have fewer examples.
                mean.update_state(loss, sample_weight=n_examples)
        if not means:
            raise _no_examples()
        return {name: float(mean.result()) for name, mean in means.items()}

    def write_audio(self, folder: str | Path, step: int) -> str:
        """Plays up to three clips, the same each time, into `audio/step_<N>.wav`.

        They follow each other after short pauses; `audio/original.wav`, written once,
        has the recordings. What is louder than full scale is turned down, not clipped.

        Args:
            folder: Folder of the run; files of other steps are left alone.
            step: Steps that are done.

        Returns:
            Path of the file.

        Raises:
            InputError: If there are no held-out examples, or the file cannot be
                written.
        """
        clips = self._get_clips()
        folder = os.path.join(os.fspath(folder), AUDIO_FOLDER)
        original = os.path.join(folder, "original.wav")
        if not tf.io.gfile.exists(original):
            self._write_wav(original, clips["audio"])
        path = os.path.join(folder, f"step_{step}.wav")
        self._write_wav(path, self._play(clips)["audio_gen"])
        return path

    def summaries(
        self, step: int, losses: Mapping[str, float] | None = None, pitch: bool = True
    ) -> dict[str, float]:
        """Writes for TensorBoard what there is to hear, to see and to measure.

        To the default summary writer: losses, the clips before and after, their
        waveforms and spectrograms, and loudness and pitch of what the model generates,
        measured from its sound.

        Args:
            step: Steps that are done.
            losses: What `measure` returned, as 'losses/<name>'; None for none.
            pitch: Whether to measure pitch, which takes a network.

        Returns:
            Numbers that were measured of the clips, by tag.
        """
        for name, loss in (losses or {}).items():
            event_files.write_scalar(f"losses/{name}", loss, step)
        clips = self._get_clips()
        outputs = self._play(clips)
        rates = (self._sample_rate, self._provider.frame_rate)
        evaluators.BasicEvaluator(*rates).sample(clips, outputs, step)
        judge = evaluators.F0LdEvaluator(*rates, run_f0_crepe=pitch)
        judge.evaluate(clips, outputs, {})
        judge.sample(clips, outputs, step)
        numbers = judge.flush(step)
        # Figures hold each other: megabytes that would wait for the collector's turn.
        gc.collect()
        return numbers

    def sounds(self) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None]:
        """Gives what was played last, or plays it, for `collapse.judge_sound`.

        Returns:
            The clips as the model plays them and as they were recorded, [n_clips,
            n_samples], samples per second, and what the model's harmonic synthesizer
            gave, [n_clips, n_samples], or None if there is no node 'harmonic'.

        Raises:
            InputError: If there are no held-out examples.
        """
        clips = self._get_clips()
        played = self._played or self._play(clips)
        harmonic = played.get("harmonic", {}).get("signal")
        return (
            played["audio_gen"].numpy(),
            clips["audio"].numpy(),
            self._sample_rate,
            None if harmonic is None else harmonic.numpy(),
        )

    def _run_model(self, batch: Batch, seed: tf.Tensor) -> Any:
        """Outputs and losses, with noise that is a function of the seed."""
        with core.seeded_noise(seed):
            return self._model(batch, return_losses=True, training=False)

    def _seed(self, number: int) -> tf.Tensor:
        """The seed of the noise of one batch."""
        return tf.constant([NOISE_SEED, number], tf.int32)

    def _play(self, clips: Batch) -> Batch:
        """What the model makes of the clips, with the sound as 'audio_gen'."""
        outputs, _ = self._run(clips, self._seed(0))
        audio = self._model.get_audio_from_outputs(outputs)
        self._played = {**outputs, "audio_gen": audio}
        return self._played

    def _examples(self) -> tf.data.Dataset:
        """The examples to measure, one by one, always the same."""
        dataset = self._provider.get_dataset(shuffle=False)
        n_all, n_wanted = int(dataset.cardinality()), self._n_examples
        if n_all > n_wanted:
            numbered = dataset.enumerate()
            spread = numbered.filter(lambda i, _: i * n_wanted % n_all < n_wanted)
            dataset = spread.map(lambda _, example: example)
        return dataset.take(n_wanted)

    def _get_clips(self) -> Batch:
        """The examples to listen to: the loudest in each part of the held-out ones."""
        if not self._clips:
            powers = [_power(example) for example in self._examples()]
            if not powers:
                raise _no_examples()
            n_clips = min(MAX_CLIPS, math.ceil(len(powers) / EXAMPLES_PER_CLIP))
            parts = np.array_split(np.arange(len(powers)), n_clips)
            loudest = {int(part[np.argmax(np.take(powers, part))]) for part in parts}
            clips = [e for i, e in enumerate(self._examples()) if i in loudest]
            self._clips = {n: tf.stack([clip[n] for clip in clips]) for n in clips[0]}
        return self._clips

    def _write_wav(self, path: str, clips: tf.Tensor) -> None:
        """Writes clips, [n_clips, n_samples], one after the other."""
        sounds = np.asarray(clips, np.float32).reshape(len(clips), -1)
        # A model that has gone wrong is silent there; the losses say what happened.
        sounds = np.nan_to_num(sounds, nan=0.0, posinf=0.0, neginf=0.0)
        sounds = np.pad(sounds, [[0, 0], [0, round(PAUSE_SECS * self._sample_rate)]])
        audio = sounds.reshape(-1, 1)
        audio *= min(1.0, HIGHEST_PEAK / max(np.max(np.abs(audio)), HIGHEST_PEAK))
        wav = tf.audio.encode_wav(audio, self._sample_rate).numpy()
        with writing("Audio", path):
            tf.io.gfile.makedirs(os.path.dirname(path))
            write_whole(path, wav)


def _power(example: Batch) -> float:
    """Mean square of the audio of an example."""
    return float(tf.reduce_mean(example["audio"] ** 2))


def _no_examples() -> InputError:
    """The error for a provider that gives nothing."""
    return InputError(
        "A validation must have examples. Got none; hold out more of the dataset, or "
        "train without validation."
    )
