"""A program in C++ beside an exported ONNX file: predict.cpp and CMakeLists.txt, for the type of its input."""

from pathlib import Path

import numpy as np

SOURCES = Path(__file__).with_name("cpp")
INPUT = "using Input = float;"  # the line of predict.cpp that depends on the model
# In C++, where a vector of bool has no bytes of its own. Whole numbers are such as uint8_t.
TYPES = {"bool": "uint8_t", "float32": "float", "float64": "double"}


def write_cpp(folder: Path, dtype: np.dtype) -> None:
    """Write predict.cpp and CMakeLists.txt for a model that takes `dtype`."""
    name = TYPES.get(str(dtype), f"{dtype}_t")
    source = (SOURCES / "predict.cpp").read_text(encoding="utf-8").replace(INPUT, f"using Input = {name};")
    (folder / "predict.cpp").write_text(source, encoding="utf-8")
    (folder / "CMakeLists.txt").write_bytes((SOURCES / "CMakeLists.txt").read_bytes())
