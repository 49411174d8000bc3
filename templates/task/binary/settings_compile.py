loss: Literal["binary_cross_entropy", "focal"]
class_weight: Literal["none", "balanced"]  # balanced: a rare class counts as much as a frequent one
focal_gamma: NonNegativeFloat  # how little easy samples count; 0: as much as hard ones; arXiv:1708.02002
primary_metric: Literal["accuracy", "f1", "macro_recall", "roc_auc", "average_precision"]  # compares models
