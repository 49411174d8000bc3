loss: Literal["cross_entropy", "focal"]
class_weight: Literal["none", "balanced"]  # balanced: a rare class counts as much as a frequent one
label_smoothing: Fraction  # 0.1: targets are 0.9 and the rest, not 1 and 0; arXiv:1512.00567, section 7
focal_gamma: NonNegativeFloat  # how little easy samples count; 0: as much as hard ones; arXiv:1708.02002
primary_metric: Literal["accuracy", "macro_f1", "macro_recall"]  # compares models and baselines
