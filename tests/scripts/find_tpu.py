"""Find a TPU that only pretends to be there, for both precisions; print what its library is told.

cd PROJECT; python find_tpu.py PACKAGE
"""

import importlib
import importlib.util
import sys
from types import SimpleNamespace
from unittest import mock


def main(package: str) -> None:
    config = importlib.import_module(f"{package}.config")
    with_torch = importlib.util.find_spec("jax") is None
    if with_torch:
        library = mock.MagicMock()
        library.runtime.device_type = lambda: "TPU"
        sys.modules |= {
            "torch_xla": library,
            "torch_xla.runtime": library.runtime,
            "torch_xla.backends": library.backends,
        }
    device = importlib.import_module(f"{package}.device")
    for precision in ("bfloat16", "float32"):
        settings = config.load_config(hardware__accelerator="tpu", hardware__precision=precision)
        if with_torch:
            device.find_device(settings)
            print(precision, *library.backends.set_mat_mul_precision.call_args.args)
        else:
            import jax

            device._list_devices = lambda platform: [SimpleNamespace(platform=platform, id=0)]
            device.find_device(settings)
            print(precision, jax.config.jax_default_matmul_precision)
    if with_torch:
        device.seed_dropout(SimpleNamespace(global_rank=0, device=SimpleNamespace(type="xla")), 1, 2, 3)
        print("seeded", library.manual_seed.call_count)


if __name__ == "__main__":
    main(*sys.argv[1:])
