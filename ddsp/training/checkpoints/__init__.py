"""Checkpoints in the original's format: finding, writing and reading them."""

from ddsp.training.checkpoints.paths import (
    MissingFileError,
    expand_path,
    get_latest_checkpoint,
    get_latest_file,
    get_latest_operative_config,
)
from ddsp.training.checkpoints.restoring import PendingRestore, restore_checkpoint
from ddsp.training.checkpoints.saving import save_checkpoint
from ddsp.training.checkpoints.sidecar import load_sidecar
from ddsp.training.checkpoints.view import legacy_view, named_variables
from ddsp.training.checkpoints.watching import watch_checkpoints
from ddsp.training.checkpoints.whole import latest_whole_checkpoint

__all__ = [
    "MissingFileError",
    "PendingRestore",
    "expand_path",
    "get_latest_checkpoint",
    "get_latest_file",
    "get_latest_operative_config",
    "latest_whole_checkpoint",
    "legacy_view",
    "load_sidecar",
    "named_variables",
    "restore_checkpoint",
    "save_checkpoint",
    "watch_checkpoints",
]
