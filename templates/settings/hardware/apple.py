@dataclass
class HardwareSettings:
    """What to compute on (device.py); `doctor` says what is there."""

    accelerator: Literal["cpu", "apple"]  # where there is no Metal, training says so and uses the CPU
