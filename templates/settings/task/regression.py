# Made for this one: another task has another loss, other metrics and baselines.
Task = Literal["regression"]


@dataclass
class LossSettings:
    """What training makes small (losses.py), and what counts in the end (metrics.py)."""

    loss: Literal["mse", "mae", "huber"]  # of standardised targets: the mean square error of a constant guess is 1
    huber_delta: PositiveFloat  # huber: square below this error, linear above; in deviations of the target
    metric: Literal["mae", "rmse", "r2"]  # by which models and baselines are compared
