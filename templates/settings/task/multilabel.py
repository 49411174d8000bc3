# Made for this one: another task has another loss, other metrics and baselines.
Task = Literal["multilabel"]


@dataclass
class LossSettings:
    """What training makes small (losses.py), and what counts in the end (metrics.py)."""

    loss: Literal["binary_cross_entropy", "focal"]
    class_weight: Literal["none", "balanced"]  # balanced: having a label counts as much as lacking it
    focal_gamma: NonNegativeFloat  # how much the focal loss turns from easy items to hard ones; arXiv:1708.02002
    metric: Literal["micro_f1", "macro_f1", "exact_match"]  # by which models and baselines are compared
