accelerator: Literal["cpu", "apple"]  # without Metal, training warns and uses the CPU
