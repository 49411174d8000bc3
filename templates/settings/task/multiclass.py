# Made for this one: another task has another loss, other metrics and baselines.
Task = Literal["multiclass"]


@dataclass
class LossSettings:
    """What training makes small (losses.py), and what counts in the end (metrics.py)."""

    loss: Literal["cross_entropy", "focal"]
    class_weight: Literal["none", "balanced"]  # balanced: a rare class counts as much as a frequent one
    label_smoothing: ClosedUnitInterval  # 0.1 asks for 0.9 certainty, not 1; arXiv:1512.00567 section 7
    focal_gamma: NonNegativeFloat  # how much the focal loss turns from easy items to hard ones; arXiv:1708.02002
    metric: Literal["accuracy", "macro_f1", "macro_recall"]  # by which models and baselines are compared
