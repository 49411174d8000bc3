"""A network that tests train in seconds: a narrow one, by settings of `model`."""

from typing import Any

NETWORK: dict[str, Any] = {"channels": [8, 16], "test_time_augmentation": False}
