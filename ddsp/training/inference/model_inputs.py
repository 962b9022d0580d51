"""What a model is played by, and computing that from a recording."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp.training import models, preprocessing
from ddsp.training.data import FEATURE_SAMPLE_RATE
from ddsp.training.errors import InputError
from ddsp.training.inference.timbre import WindowedLatents

# What is measured, or made from a recording, by the names that models use.
CURVES = ("f0_hz", "f0_confidence", "loudness_db", "power_db")
SOUNDS = ("audio", "audio_16k")
POWER_FRAME_SIZE = 1024


def takes_power(model: models.Autoencoder) -> bool:
    """Tells whether a model is played by power instead of loudness.

    Args:
        model: The model.

    Returns:
        Whether it is.
    """
    return "pw_scaled" in getattr(model.preprocessor, "output_keys", ())


def power_frame_size(model: models.Autoencoder) -> int:
    """Finds over how many samples a model's power is to be measured.

    Args:
        model: The model.

    Returns:
        Samples.
    """
    return int(getattr(model.preprocessor, "frame_size", POWER_FRAME_SIZE))


def hears_sound(model: models.Autoencoder) -> bool:
    """Tells whether a model listens to the sound itself.

    Args:
        model: The model.

    Returns:
        Whether its encoder asks for audio.
    """
    return bool(set(_inputs_of(model.encoder)) & set(SOUNDS))


def _inputs_of(layer: Any) -> Sequence[str]:
    """Keys of what a part needs; none for no part."""
    return list(getattr(layer, "input_keys", ()))


def bind_nothing_to_measure() -> None:
    """Tells gin that pitch is measured before a model is called.

    A network for it would only be loaded in vain.
    """
    gin.bind_parameter("OnlineF0PowerPreprocessor.compute_f0", False)


def check_inputs(model: models.Autoencoder, folder: Path) -> None:
    """Makes sure that all inputs of a model can be computed from a recording.

    Args:
        model: The model.
        folder: Its folder, for messages.

    Raises:
        InputError: If an input cannot be computed. It names the part that needs it.
    """
    preprocessor = model.preprocessor
    known = (
        preprocessing.F0LoudnessPreprocessor,
        preprocessing.OnlineF0PowerPreprocessor,
    )
    if not isinstance(preprocessor, known):
        raise InputError(
            "Timbre transfer needs a model that is played by pitch and loudness or "
            f"power. Got model={folder} with {type(preprocessor).__name__}; train "
            "models/solo_instrument.gin."
        )
    made = {*CURVES, *SOUNDS, *preprocessor.output_keys}
    for part, layer in (("encoder", model.encoder), ("decoder", model.decoder)):
        missing = [key for key in _inputs_of(layer) if key.split("/")[0] not in made]
        if missing:
            raise InputError(_missing_text(part, layer, missing, folder))
        made |= set(getattr(layer, "output_keys", ()))


def _missing_text(part: str, layer: Any, missing: list[str], folder: Path) -> str:
    """The line for inputs that no recording gives."""
    cure = (
        "no recording tells it; train a model without it (models/solo_instrument.gin)"
    )
    if part == "decoder":
        cure = (
            "an encoder computes it from the sound; train with one, such as "
            "Autoencoder.encoder = @encoders.MfccTimeDistributedRnnEncoder() of "
            "models/ae.gin, or take it out of the decoder's input_keys"
        )
    return (
        "All inputs of a model must be computable from a recording. Got "
        f"model={folder}, whose {part} {type(layer).__name__} needs "
        f"{', '.join(missing)}: {cure}."
    )


def blank_features(
    model: models.Autoencoder, n_frames: int, hop_size: int
) -> dict[str, tf.Tensor]:
    """Makes features of silence, for a first call of the whole model.

    Args:
        model: The model, whose preprocessor is set to as many frames.
        n_frames: Number of frames.
        hop_size: Samples per frame.

    Returns:
        All that a model may ask for, by name, with a batch of one.
    """
    values = {"f0_hz": 440.0, "f0_confidence": 0.0}
    names = (*CURVES, "pw_db")
    features = {
        name: tf.fill([1, n_frames, 1], values.get(name, -80.0)) for name in names
    }
    n_samples = n_frames * hop_size
    if isinstance(model.preprocessor, preprocessing.OnlineF0PowerPreprocessor):
        n_samples = audio_size(model.preprocessor, n_frames)
    else:
        model.preprocessor.time_steps = n_frames
    return {**features, **{name: tf.zeros([1, n_samples]) for name in SOUNDS}}


class ModelInputs:
    """The inputs of a model's decoder and processors, for any part of a recording.

    Attributes:
        n_frames: Frames of the curves.

    Example:
        >>> model = models.Autoencoder(
        ...     preprocessing.F0LoudnessPreprocessor(compute_loudness=False))
        >>> curves = {'f0_hz': np.full(50, 440.0), 'loudness_db': np.full(50, -20.0)}
        >>> inputs = ModelInputs(model, curves, hop_size=64, frame_rate=250)
        >>> inputs.frames(10, 30)['ld_scaled'].shape
        TensorShape([1, 20, 1])
    """

    def __init__(
        self,
        model: models.Autoencoder,
        features: dict[str, np.ndarray],
        hop_size: int,
        frame_rate: float,
        n_surplus: int = 0,
    ) -> None:
        """Preprocesses all of a recording, and encodes it.

        Args:
            model: The model.
            features: Curves by name, [n_frames] each, and 'audio' and 'audio_16k',
                [n_samples] each, if the encoder asks for them.
            hop_size: Samples of 'audio' per frame.
            frame_rate: Frames per second.
            n_surplus: Frames beyond the end of the recording, which no encoder hears.
        """
        self.n_frames = features["f0_hz"].size
        self._n_heard = self.n_frames - n_surplus
        self._curves = _preprocess(model.preprocessor, features, self.n_frames)
        self._latents = None
        if model.encoder is not None:
            sounds = _sounds(features, self._n_heard, hop_size, frame_rate)

            def encode(first: int, last: int) -> dict[str, np.ndarray]:
                heard = {
                    name: audio[np.newaxis, round(first * hop) : round(last * hop)]
                    for name, (audio, hop) in sounds.items()
                }
                inputs = {**self._of_curves(first, last), **heard}
                outputs = model.encoder(inputs, training=False)
                return {name: _by_frame(z, last - first) for name, z in outputs.items()}

            self._latents = WindowedLatents(encode, self._n_heard, frame_rate)

    def frames(self, first: int, last: int) -> dict[str, tf.Tensor]:
        """Takes out some frames.

        Args:
            first: Number of the first frame.
            last: Number of the frame after the last.

        Returns:
            Inputs by name, [1, last - first, n_channels].
        """
        found = self._of_curves(first, last)
        if self._latents is not None:
            latents = self._latents.frames(first, min(last, self._n_heard))
            ends = [(0, max(last - self._n_heard, 0)), (0, 0)]
            found |= {
                name: tf.constant(np.pad(z, ends, mode="edge")[np.newaxis])
                for name, z in latents.items()
            }
        return found

    def _of_curves(self, first: int, last: int) -> dict[str, tf.Tensor]:
        return {
            name: tf.constant(curve[:, first:last])
            for name, curve in self._curves.items()
        }


def _preprocess(
    preprocessor: Any, features: dict[str, np.ndarray], n_frames: int
) -> dict[str, np.ndarray]:
    """Curves and scaled curves, [1, n_frames, 1] each."""
    curves = {
        name: np.asarray(features[name], np.float32)[np.newaxis, :, np.newaxis]
        for name in CURVES
        if name in features
    }
    inputs: dict[str, Any] = dict(curves)
    if isinstance(preprocessor, preprocessing.OnlineF0PowerPreprocessor):
        # It looks at the audio for the number of frames alone.
        inputs["audio"] = np.zeros([1, audio_size(preprocessor, n_frames)], np.float32)
        inputs["pw_db"] = curves["power_db"]
        inputs.setdefault("f0_confidence", np.ones_like(curves["f0_hz"]))
    else:
        preprocessor.time_steps = n_frames
    outputs = preprocessor(inputs, training=False)
    return {**curves, **{name: np.asarray(x) for name, x in outputs.items()}}


def audio_size(preprocessor: Any, n_frames: int) -> int:
    """Says how long audio is that has a number of frames.

    Args:
        preprocessor: An `OnlineF0PowerPreprocessor`.
        n_frames: Number of frames.

    Returns:
        Samples at its rate.
    """
    n_hops, extra = n_frames - 1, 0
    if preprocessor.padding == "same":
        n_hops = n_frames
    elif preprocessor.padding == "valid":
        extra = preprocessor.frame_size
    return n_hops * preprocessor.hop_size + extra


def _sounds(
    features: dict[str, np.ndarray], n_frames: int, hop_size: int, frame_rate: float
) -> dict[str, tuple[np.ndarray, float]]:
    """Audio by name, as long as all frames, and its samples per frame."""
    hops = {"audio": float(hop_size), "audio_16k": FEATURE_SAMPLE_RATE / frame_rate}
    found = {}
    for name in SOUNDS:
        if name in features:
            n_samples = round(n_frames * hops[name])
            audio = np.asarray(features[name], np.float32)[:n_samples]
            audio = np.pad(audio, (0, n_samples - audio.size))
            found[name] = (audio, hops[name])
    return found


def _by_frame(latent: tf.Tensor, n_frames: int) -> np.ndarray:
    """A latent variable [n_frames, n_channels], also of what does not change."""
    latent = np.asarray(latent)
    if latent.ndim == 2:
        latent = latent[:, np.newaxis]
    return np.broadcast_to(latent[0], [n_frames, latent.shape[-1]])
