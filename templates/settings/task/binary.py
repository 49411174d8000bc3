# Made for this one: another task has another loss, other metrics and baselines.
Task = Literal["binary"]


@dataclass
class LossSettings:
    """What training makes small (losses.py), and what counts in the end (metrics.py)."""

    loss: Literal["binary_cross_entropy", "focal"]
    class_weight: Literal["none", "balanced"]  # balanced: a rare class counts as much as a frequent one
    focal_gamma: NonNegativeFloat  # how much the focal loss turns from easy items to hard ones; arXiv:1708.02002
    metric: Literal["accuracy", "f1", "macro_recall", "roc_auc"]  # by which models and baselines are compared
