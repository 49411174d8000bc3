accelerator: Literal["cpu", "tpu"]  # without a TPU, training warns and uses the CPU
precision: Literal["float32", "bfloat16"]  # bfloat16: mixed precision, which a TPU is made for
devices: NonNegativeInt  # how many cores share each batch; 0: all of the machine
