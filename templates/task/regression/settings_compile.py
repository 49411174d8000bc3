loss: Literal["mse", "mae", "huber"]  # of standardized targets: the mean squared error of a constant guess is 1
huber_delta: PositiveFloat  # huber: square below this error, linear above; in standard deviations of the target
primary_metric: Literal["mae", "rmse", "r2"]  # compares models and baselines
