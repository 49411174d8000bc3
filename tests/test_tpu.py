"""A TPU is told to compute in the precision of the settings; PyTorch seeds its generator. Here it only pretends."""

import pytest
from conftest import FRAMEWORKS, run_script

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_precision_and_seed_reach_a_tpu(bake, environment, framework):
    project = bake(framework=framework, data_type="vector", hardware="tpu", project_slug=f"{framework}-tpu")
    python = environment(framework, "tpu" if framework == "keras" else "cpu") / "bin" / "python"
    printed = run_script(python, "find_tpu.py", f"{framework}_tpu", cwd=project).splitlines()
    told = (
        ["bfloat16 default", "float32 highest", "seeded 1"]
        if framework == "pytorch"
        else ["bfloat16 None", "float32 highest"]
    )
    assert printed == told
