@dataclass
class HardwareSettings:
    """What to compute on (device.py); `doctor` says what is there."""

    accelerator: Literal["cpu", "tpu"]  # where there is no TPU, training says so and uses the CPU
    precision: Literal["float32", "bfloat16"]  # bfloat16: mixed precision, which a TPU is made for
    devices: NonNegativeInt  # how many cores share each batch; 0: all of the machine
