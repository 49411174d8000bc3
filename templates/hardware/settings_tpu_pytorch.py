accelerator: Literal["cpu", "tpu"]  # without a TPU, training warns and uses the CPU
precision: Literal["float32", "bfloat16"]  # bfloat16: mixed precision, which a TPU is made for
