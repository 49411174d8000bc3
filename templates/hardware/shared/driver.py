def _ask_driver() -> str:
    """List the GPUs that NVIDIA's driver finds, a line each: name, memory, version of the driver."""
    import subprocess  # here, because only the doctor command asks

    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "none: nvidia-smi does not run here"
