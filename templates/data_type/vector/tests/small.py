"""A network that tests train in seconds: a narrow one, by settings of `model`."""

from typing import Any

NETWORK: dict[str, Any] = {"units": [32, 16], "members": 2}
