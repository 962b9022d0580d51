"""Configurations: where gin files are, and reading them, trusted or not."""

from ddsp.training.config.files import gin_search_path, resolve_gin_file
from ddsp.training.config.model_config import load_model_config
from ddsp.training.config.origins import is_shipped
from ddsp.training.config.parsing import parse_gin
from ddsp.training.config.state import (
    bound_value,
    isolated_gin,
    operative_config_str,
)

__all__ = [
    "bound_value",
    "gin_search_path",
    "is_shipped",
    "isolated_gin",
    "load_model_config",
    "operative_config_str",
    "parse_gin",
    "resolve_gin_file",
]
