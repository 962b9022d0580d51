"""A trained autoencoder of fixed length, for export and for callers of the original."""

import math
from pathlib import Path
from typing import Any

import tensorflow as tf
from absl import logging

from ddsp import core, effects, processors
from ddsp.configurable import configurable
from ddsp.training import config, models, preprocessing
from ddsp.training.checkpoints import expand_path
from ddsp.training.errors import InputError
from ddsp.training.inference import model_inputs
from ddsp.training.inference.borrowing import ONE_AT_A_TIME
from ddsp.training.inference.restored_model import find_hop_size, find_pitched

Tensors = dict[str, Any]


def parse_operative_config(ckpt_dir: str | Path) -> None:
    """Reads the newest operative config of a model folder into gin.

    Args:
        ckpt_dir: Model folder, or path of a checkpoint in it.

    Raises:
        InputError: If there is none, or a statement of it is refused: it may come from
            anywhere, see `config.load_model_config`.
    """
    config.load_model_config(expand_path(ckpt_dir))


@configurable(module="ddsp.training.inference")
class AutoencoderInference(models.Autoencoder):
    """A trained autoencoder that turns pitch and loudness of fixed length into sound.

    The model is built as its operative config says, whatever gin is told besides, and
    gin is left as it was. For recordings there is `TimbreTransfer`.

    Example:
        >>> from ddsp import pretrained
        >>> folder = str(pretrained.model_folder('violin'))
        >>> model = AutoencoderInference(folder, length_seconds=0.2, verbose=False)
        >>> outputs = model({'f0_hz': tf.fill([50], 440.), 'loudness_db': tf.zeros(50)})
        >>> outputs['audio_synth'].shape
        TensorShape([1, 3200])
    """

    def __init__(
        self,
        ckpt: str | Path,
        length_seconds: float = 4,
        remove_reverb: bool = True,
        verbose: bool = True,
        **kwargs: Any,
    ) -> None:
        """Restores a model.

        Args:
            ckpt: Model folder, or path of a checkpoint in it, with an operative config.
            length_seconds: How much the model plays at a time, rounded down to whole
                frames, of which there must be one.
            remove_reverb: Whether the model plays without its reverberation.
            verbose: Whether to log inputs, outputs and what the checkpoint has besides.
            **kwargs: Arguments of a Keras model.

        Raises:
            InputError: If config or checkpoint cannot be used, the model has inputs
                besides pitch and loudness or power, or there is not one whole frame.
        """
        ckpt = expand_path(ckpt)
        with ONE_AT_A_TIME, config.isolated_gin():
            self.configure_gin(ckpt)
            parts = models.Autoencoder()
            group = parts.processor_group
            pitched = find_pitched(parts, Path(ckpt))
            if model_inputs.hears_sound(parts):
                raise InputError(
                    "AutoencoderInference plays models of pitch and loudness or power "
                    f"alone. Got model={ckpt}, whose encoder listens to the sound; use "
                    "TimbreTransfer."
                )
            hop_size = find_hop_size(parts, pitched)
            n_frames = _count_frames(length_seconds, pitched.sample_rate, hop_size)
            if remove_reverb:
                group = without_reverb(group)
            super().__init__(
                preprocessor=parts.preprocessor,
                encoder=parts.encoder,
                decoder=parts.decoder,
                processor_group=group,
                losses=[],
                **kwargs,
            )
        self.ckpt, self.verbose = ckpt, verbose
        self.length_seconds, self.remove_reverb = length_seconds, remove_reverb
        self.sample_rate: int = pitched.sample_rate
        self.hop_size = hop_size
        self.n_frames = n_frames
        self.n_samples = self.n_frames * hop_size
        for module in group.modules:
            if hasattr(module, "n_samples"):
                module.n_samples = self.n_samples
        for name in ("compute_loudness", "compute_power", "compute_f0"):
            if hasattr(self.preprocessor, name):
                setattr(self.preprocessor, name, False)
        if hasattr(self.preprocessor, "time_steps"):
            self.preprocessor.time_steps = self.n_frames
        self.restore(ckpt, verbose=verbose)
        self.build_network()

    @property
    def input_names(self) -> tuple[str, str]:
        """Names of the two inputs: `f0_hz`, and `loudness_db` or `power_db`."""
        return "f0_hz", "power_db" if model_inputs.takes_power(self) else "loudness_db"

    def configure_gin(self, ckpt: str | Path) -> None:
        """Reads the configuration of a model into gin, as it is now.

        Args:
            ckpt: Model folder, or path of a checkpoint in it.

        Raises:
            InputError: If there is none, or it is refused.
        """
        parse_operative_config(ckpt)
        model_inputs.bind_nothing_to_measure()

    def build_network(self) -> None:
        """Plays a note, by which the weights of the checkpoint come in."""
        values = {"f0_hz": 440.0, "loudness_db": -30.0, "power_db": -30.0}
        inputs = {name: tf.fill([self.n_frames], values[name]) for name in values}
        outputs = self({name: inputs[name] for name in self.input_names})
        if self.verbose:
            logging.info("inputs: %s of %d frames", self.input_names, self.n_frames)
            logging.info("outputs: %s", core.nested_keys(outputs))

    def call(  # type: ignore[override]
        self, inputs: Tensors, **unused_kwargs: Any
    ) -> Tensors:
        """Plays.

        Args:
            inputs: `f0_hz` in Hz and `loudness_db` (or, of a model that is played by
                power, `power_db`) in dB, [n_frames] each.
            **unused_kwargs: Ignored, such as `training`.

        Returns:
            All outputs of the autoencoder in nested dictionaries, the sound as
            'audio_synth', [1, n_samples].
        """
        del unused_kwargs
        features = dict(inputs)
        if isinstance(self.preprocessor, preprocessing.OnlineF0PowerPreprocessor):
            features["pw_db"] = inputs["power_db"]
            features["f0_confidence"] = tf.ones_like(inputs["f0_hz"])
            n_samples = model_inputs.audio_size(self.preprocessor, self.n_frames)
            features["audio"] = tf.zeros([1, n_samples])
        # Bindings act when functions are called, not only when objects are made.
        with ONE_AT_A_TIME, config.isolated_gin():
            self.configure_gin(self.ckpt)
            return super().call(features, training=False)

    def save_model(self, save_dir: str | Path) -> None:
        """Writes a SavedModel.

        It has one signature, 'serving_default', from the two inputs, [n_frames] each,
        to all outputs, whose nested names are joined by '_', such as 'audio_synth' and
        'harmonic_controls_amplitudes'.

        Args:
            save_dir: Folder to write into.
        """
        spec = tf.TensorSpec([self.n_frames], tf.float32)

        @tf.function(input_signature=[spec, spec])
        def serve_loudness(f0_hz: tf.Tensor, loudness_db: tf.Tensor) -> Tensors:
            return _flat(self({"f0_hz": f0_hz, "loudness_db": loudness_db}))

        @tf.function(input_signature=[spec, spec])
        def serve_power(f0_hz: tf.Tensor, power_db: tf.Tensor) -> Tensors:
            return _flat(self({"f0_hz": f0_hz, "power_db": power_db}))

        serve = serve_power if model_inputs.takes_power(self) else serve_loudness
        module = tf.Module()
        module.weights = [variable.value for variable in self.variables]
        module.serve = serve
        tf.saved_model.save(
            module,
            str(save_dir),
            signatures={"serving_default": serve.get_concrete_function()},
        )


def _count_frames(length_seconds: float, sample_rate: int, hop_size: int) -> int:
    """Whole frames of a length, of which there must be one."""
    n_frames = length_seconds * sample_rate / hop_size
    if not 1 <= n_frames < math.inf:
        raise InputError(
            "AutoencoderInference must play one frame at least. Got "
            f"length_seconds={length_seconds}; give {hop_size / sample_rate:g} or more."
        )
    return int(n_frames)


def _flat(outputs: Tensors) -> Tensors:
    """Nested outputs under names without levels."""
    return {
        path.replace("/", "_"): tf.identity(core.nested_lookup(path, outputs))
        for path in core.nested_keys(outputs)
    }


def without_reverb(group: processors.ProcessorGroup) -> processors.ProcessorGroup:
    """Takes the reverberation out of a graph of processors.

    Args:
        group: The graph; not changed.

    Returns:
        A graph of the same processors, in which whatever a reverb went into is fed by
        what went into the reverb. The graph itself if there is no reverb.
    """
    replaced: dict[str, str] = {}
    nodes = []
    for name, paths, *rest in group.dag:
        paths = [replaced.get(path, path) for path in paths]
        module = getattr(group, name)
        if isinstance(module, effects.Reverb):
            replaced[f"{name}/signal"] = paths[0]
        else:
            nodes.append((module, paths, *rest))
    return processors.ProcessorGroup(nodes) if replaced else group
