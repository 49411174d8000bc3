@dataclass
class HardwareSettings:
    """What to compute on (device.py); `doctor` says what is there."""

    accelerator: Literal["cpu", "gpu"]  # where there is no GPU, training says so and uses the CPU
    precision: Literal["float32", "bfloat16"]  # bfloat16: mixed precision, faster on recent GPUs, not on CPUs
    devices: NonNegativeInt  # how many share each batch; 0: all GPUs that are here, or one CPU
