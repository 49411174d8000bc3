"""Data: files -> samples -> arrays -> train, validation and test."""

from .splits import Split, Splits, load_splits

__all__ = ["Split", "Splits", "load_splits"]
