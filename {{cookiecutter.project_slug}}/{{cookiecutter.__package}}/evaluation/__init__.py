"""Evaluation: metrics and figures of a run."""
