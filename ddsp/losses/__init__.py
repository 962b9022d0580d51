"""Losses: tensors in, a scalar or scalars by name out."""

from ddsp import core, dags, spectral_ops
from ddsp.core import hz_to_midi, safe_divide, tf_float32
from ddsp.losses.base import Loss, LossGroup, TensorDict, mean_difference, tfkl
from ddsp.losses.consistency import (
    FilteredNoiseConsistencyLoss,
    HarmonicConsistencyLoss,
    ParamLoss,
    amp_loss,
    freq_loss,
)
from ddsp.losses.hmm import HmmTranscriber
from ddsp.losses.kde import KDEConsistencyLoss
from ddsp.losses.noise_ratio import NoiseToHarmonicsLoss
from ddsp.losses.perceptual import (
    EmbeddingLoss,
    PretrainedCREPE,
    PretrainedCREPEEmbeddingLoss,
)
from ddsp.losses.spectral import SpectralLoss
from ddsp.losses.transport import WassersteinConsistencyLoss, wasserstein_distance
from ddsp.losses.twm import TWMLoss

__all__ = [
    "EmbeddingLoss",
    "FilteredNoiseConsistencyLoss",
    "HarmonicConsistencyLoss",
    "HmmTranscriber",
    "KDEConsistencyLoss",
    "Loss",
    "LossGroup",
    "NoiseToHarmonicsLoss",
    "ParamLoss",
    "PretrainedCREPE",
    "PretrainedCREPEEmbeddingLoss",
    "SpectralLoss",
    "TWMLoss",
    "TensorDict",
    "WassersteinConsistencyLoss",
    "amp_loss",
    "core",
    "dags",
    "freq_loss",
    "hz_to_midi",
    "mean_difference",
    "safe_divide",
    "spectral_ops",
    "tf_float32",
    "tfkl",
    "wasserstein_distance",
]
