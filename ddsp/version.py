"""The version number, importable without any dependency."""

__version__ = "4.0.0.dev0"
