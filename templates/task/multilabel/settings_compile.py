loss: Literal["binary_cross_entropy", "focal"]
class_weight: Literal["none", "balanced"]  # balanced: having a label counts as much as lacking it
focal_gamma: NonNegativeFloat  # how little easy samples count; 0: as much as hard ones; arXiv:1708.02002
primary_metric: Literal["micro_f1", "macro_f1", "exact_match"]  # compares models and baselines
