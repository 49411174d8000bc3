accelerator: Literal["cpu", "gpu"]  # without a GPU, training warns and uses the CPU
precision: Literal["float32", "bfloat16"]  # bfloat16: mixed precision, faster on recent GPUs, not on CPUs
devices: NonNegativeInt  # how many share each batch; 0: all GPUs of the machine, or one CPU
jit: bool  # compile the model: a slow start, then faster steps if operations are many and small
strategy: Literal["ddp", "fsdp"]  # each process holds the whole model (ddp), or a part of it (fsdp)
