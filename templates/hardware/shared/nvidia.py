def describe_device(config: Config) -> dict[str, str]:
    """Describe what PyTorch finds and what training will use, for the doctor command: name -> value."""
    device = find_device(config)
    count = _count_devices(config, device)
    rows = {
        "PyTorch": torch.__version__,
        "CUDA of this build": torch.version.cuda or "none: a build for CPUs",
        "NVIDIA's driver": _ask_driver(),
        "GPUs": "\n".join(_describe_gpu(number) for number in range(torch.cuda.device_count())) or "none",
        "threads": str(torch.get_num_threads()),
        "training will use": f"{count} x {device.type}, {_find_precision(config, device)}",
    }
    if config.hardware.accelerator == "gpu" and device.type == "cpu":
        rows["why no GPU"] = _explain_missing_gpu()
    elif _find_precision(config, device) != config.hardware.precision:
        rows["why not bfloat16"] = "this device has no fast bfloat16: GPUs have it from compute capability 8.0 on"
    return rows


def _describe_gpu(number: int) -> str:
    """Describe a GPU: name, memory, compute capability."""
    about = torch.cuda.get_device_properties(number)
    return f"{about.name}, {about.total_memory / 1e9:.0f} GB, compute capability {about.major}.{about.minor}"


def _explain_missing_gpu() -> str:
    """Explain why PyTorch can't use a GPU, with the cure."""
    if not torch.version.cuda:
        return "this PyTorch was built for CPUs: install a build with CUDA, see https://pytorch.org/get-started/locally"
    return (
        f"no NVIDIA driver for CUDA {torch.version.cuda} was found: install or update it until nvidia-smi shows the GPU"
    )
