"""The autoencoder: from the features of a sound to controls that make it again."""

from typing import Any

import tensorflow as tf

from ddsp import core
from ddsp.configurable import configurable
from ddsp.training.models.model import Model, TensorDict


@configurable(module="ddsp.training.models")
class Autoencoder(Model):
    """Preprocessor, encoder, decoder and processor group in a row.

    Source: Engel et al., "DDSP", ICLR 2020, figure 2.

    Example:
        >>> from ddsp import processors, synths
        >>> from ddsp.training import decoders, preprocessing
        >>> model = Autoencoder(
        ...     preprocessor=preprocessing.F0LoudnessPreprocessor(
        ...         time_steps=25, compute_loudness=False),
        ...     decoder=decoders.RnnFcDecoder(
        ...         rnn_channels=8, ch=8, input_keys=('ld_scaled', 'f0_scaled')),
        ...     processor_group=processors.ProcessorGroup([
        ...         (synths.Harmonic(n_samples=1600),
        ...          ['amps', 'harmonic_distribution', 'f0_hz'])]))
        >>> features = {
        ...     'f0_hz': tf.fill([1, 25], 220.0), 'loudness_db': tf.zeros([1, 25])}
        >>> model(features, training=False)['audio_synth'].shape
        TensorShape([1, 1600])
    """

    def __init__(
        self,
        preprocessor: Any = None,
        encoder: Any = None,
        decoder: Any = None,
        processor_group: Any = None,
        losses: Any = None,
        **kwargs: Any,
    ) -> None:
        """Collects the parts.

        Args:
            preprocessor: From features to scaled features; None for none.
            encoder: From features to latent variables; None for none.
            decoder: From features and latent variables to inputs of the processors.
            processor_group: From those to audio.
            losses: A loss of target audio and audio, several of them, or None.
            **kwargs: Arguments of a Keras model.
        """
        super().__init__(**kwargs)
        self.preprocessor = preprocessor
        self.encoder = encoder
        self.decoder = decoder
        self.processor_group = processor_group
        self.loss_objs = [] if losses is None else list(core.make_iterable(losses))

    def encode(self, features: TensorDict, training: bool = True) -> TensorDict:
        """Preprocesses and encodes.

        Args:
            features: Features by name; not changed.
            training: Whether the model is being trained.

        Returns:
            The features, with the outputs of preprocessor and encoder added to them.

        Raises:
            RuntimeError: If a checkpoint waits for the model's first call.
        """
        self._require_restored()
        features = dict(features)
        for layer in (self.preprocessor, self.encoder):
            if layer is not None:
                features.update(layer(features, training=training))
        return features

    def decode(self, features: TensorDict, training: bool = True) -> tf.Tensor:
        """Decodes and synthesizes.

        Args:
            features: What `encode` returned; not changed.
            training: Whether the model is being trained.

        Returns:
            Audio, [batch, n_samples].

        Raises:
            RuntimeError: If a checkpoint waits for the model's first call.
        """
        self._require_restored()
        decoded = self.decoder(features, training=training)
        return self.processor_group({**features, **decoded})

    def call(self, features: TensorDict, training: bool = True) -> dict[str, Any]:
        """Encodes, decodes and synthesizes.

        Args:
            features: Features by name. Losses need 'audio', [batch, n_samples].
            training: Whether the model is being trained.

        Returns:
            All features, all outputs of the processor group in nested dictionaries, and
            the sound as 'audio_synth', [batch, n_samples].
        """
        features = self.encode(features, training=training)
        features.update(self.decoder(features, training=training))
        group = self.processor_group(features, return_outputs_dict=True)
        outputs = {**group["controls"], "audio_synth": group["signal"]}
        if self._losses_wanted:
            self._update_losses_dict(
                self.loss_objs, features["audio"], outputs["audio_synth"]
            )
        return outputs

    def get_audio_from_outputs(self, outputs: dict[str, Any]) -> tf.Tensor:
        """Picks the sound out of the outputs.

        Args:
            outputs: What `call` returned.

        Returns:
            Audio, [batch, n_samples].
        """
        return outputs["audio_synth"]
