"""Inference: predictions for new data."""
