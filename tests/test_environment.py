"""pyproject.toml, environment.yml, Makefile, Dockerfile and the hooks of pre-commit agree on what to install.

What an installer picks from that on other systems, the table of docs/environments.md, is asked of uv.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import KEPT, ROOT, TORCH_INDEX, each, run
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec


@pytest.fixture
def read(bake, answers):
    """A file of the project, parsed where the tests know its format."""

    def read(name: str):
        text = (bake(**answers) / name).read_text(encoding="utf-8")
        if name.endswith(".toml"):
            return tomllib.loads(text)
        return yaml.safe_load(text) if name.endswith((".yml", ".yaml")) else text

    return read


def dependencies(project: dict, extra: str = "") -> list[Requirement]:
    about = project["project"]
    return [Requirement(line) for line in (about["optional-dependencies"][extra] if extra else about["dependencies"])]


@each()
def test_dependencies_are_those_of_the_answers(read, answers):
    wanted = {"numpy", "scikit-learn", "matplotlib", "jsonargparse", "pyyaml", "pooch", "rich", "tensorboard"}
    wanted |= {"pandas", "pyarrow"}
    wanted |= {"pillow"} if answers["data_type"] == "image" else set()
    wanted |= {"scipy"} if answers["task"] == "regression" else set()
    wanted |= {"lightning-fabric"} if answers["framework"] == "pytorch" else set()
    project = read("pyproject.toml")
    assert set(project["project"]["optional-dependencies"]) == {answers["hardware"], "dev", "notebook"}
    assert {requirement.name for requirement in dependencies(project)} == wanted
    assert {requirement.name for requirement in dependencies(project, "dev")} == {"pytest", "ruff", "pre-commit"}
    assert {requirement.name for requirement in dependencies(project, "notebook")} == {"jupyterlab"}
    extras = [dependencies(project, extra) for extra in ("", "dev", "notebook", answers["hardware"])]
    assert all(requirement.specifier for extra in extras for requirement in extra)


MACHINES = {
    "Linux": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "Linux on ARM": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "macOS": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64"},
}
FRAMEWORKS_OF = {  # framework, hardware: on Linux, on Linux on ARM, elsewhere
    ("pytorch", "cpu"): ["torch", "torch", "torch"],
    ("pytorch", "gpu"): ["torch", "torch", "torch"],
    ("pytorch", "apple"): ["torch", "torch", "torch"],
    ("pytorch", "tpu"): ["torch torch_xla[tpu]", "torch", "torch"],
    ("pytorch", "cluster"): ["torch", "torch", "torch"],
    ("keras", "cpu"): ["keras tensorflow-cpu", "keras tensorflow", "keras tensorflow"],
    ("keras", "gpu"): ["keras tensorflow[and-cuda]", "keras tensorflow[and-cuda]", "keras tensorflow"],
    ("keras", "apple"): ["keras torch", "keras torch", "keras torch"],
    ("keras", "tpu"): ["keras jax[tpu]", "keras jax", "keras jax"],
    ("keras", "cluster"): ["keras jax[cuda13]", "keras jax[cuda13]", "keras jax"],
}


@each(data_type=["vector"], task=["multiclass"])
@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_has_one_framework(read, answers, machine):
    extra = dependencies(read("pyproject.toml"), answers["hardware"])
    matching = [part for part in extra if part.marker is None or part.marker.evaluate(MACHINES[machine])]
    names = [part.name + (f"[{','.join(part.extras)}]" if part.extras else "") for part in matching]
    linux, arm, elsewhere = FRAMEWORKS_OF[answers["framework"], answers["hardware"]]
    assert names == {"Linux": linux, "Linux on ARM": arm}.get(machine, elsewhere).split()


@each()
def test_conda_environment(read, answers):
    environment, project = read("environment.yml"), read("pyproject.toml")
    assert environment["name"] == project["project"]["name"]
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    *specs, pip = environment["dependencies"]
    specs = [MatchSpec(spec, strict=True) for spec in specs]
    assert [spec.name.normalized for spec in specs] == ["python", "pip"]

    ours, theirs = SpecifierSet(str(specs[0].version)), SpecifierSet(project["project"]["requires-python"])
    versions = [f"3.{minor}" for minor in range(8, 20)]
    assert list(ours.filter(versions)) == list(theirs.filter(versions)) != []
    oldest, *_, newest = theirs.filter(versions)
    assert read(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == [oldest, newest]

    *torch, editable = pip["pip"]
    assert editable == f"--editable .[{answers['hardware']},dev]"
    assert f'install --editable ".[{answers["hardware"]},dev]"' in read("Makefile")
    if answers["framework"] == "pytorch" and answers["hardware"] in ("cpu", "tpu"):
        option, requirement = torch
        assert option == f"--extra-index-url {TORCH_INDEX}"
        assert Requirement(requirement) in dependencies(project, answers["hardware"])
        assert f'--no-deps --extra-index-url {TORCH_INDEX} "{requirement}"' in read("Makefile")
    else:
        assert torch == []
        assert "index-url" not in read("Makefile")


@each(framework=["pytorch"], data_type=["vector"], task=["multiclass"], hardware=["gpu", "cluster"])
def test_lines_for_windows_are_those_of_pip(bake, answers, read):
    """They are a comment: put where it says, they make the same environment with another build of PyTorch."""
    text = (bake(**answers) / "environment.yml").read_text(encoding="utf-8")
    lines = re.findall(r"^#     (- .+)\n", text, re.MULTILINE)
    (index, requirement) = yaml.safe_load("\n".join(lines))
    assert re.fullmatch(r"--extra-index-url https://download\.pytorch\.org/whl/cu\d+", index)
    assert Requirement(requirement) in dependencies(read("pyproject.toml"), answers["hardware"])


@each()
def test_the_makefile_accepts_the_same_python(read, answers):
    condition = re.search(r"\(3, (\d+)\) <= sys.version_info < \(3, (\d+)\)", read("Makefile"))
    requires = SpecifierSet(read("pyproject.toml")["project"]["requires-python"])
    assert requires == SpecifierSet(f">=3.{condition[1]},<3.{condition[2]}")


@each()
def test_ruff_has_one_version(read, answers):
    (ruff,) = (requirement for requirement in dependencies(read("pyproject.toml"), "dev") if requirement.name == "ruff")
    here = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert str(ruff) in here
    for hooks in (read(".pre-commit-config.yaml"), yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())):
        pins = {pin for hook in hooks["repos"][0]["hooks"] for pin in hook["additional_dependencies"]}
        assert pins == {str(ruff), "pre-commit-hooks==6.0.0"}


UV_PLATFORMS = {  # the oldest that have all of the packages
    "Linux": "x86_64-manylinux_2_31",
    "Linux on ARM": "aarch64-manylinux_2_31",
    "macOS": "aarch64-apple-darwin",
    "Windows": "windows",
}
SHOWN = "torch torch-xla tensorflow tensorflow-cpu jax libtpu".split()


def table() -> dict[tuple[str, str], dict[str, str]]:
    """The first table of docs/environments.md: for framework and hardware, the cells by the names of their columns."""
    text = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    block = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)[0]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
    return {(row[0], row[1]): dict(zip(head[2:], row[2:], strict=True)) for row in rows}


@pytest.fixture(scope="session")
def uv() -> list:
    """uv pip compile with the index and the certificates that pip is set up with, which uv does not read.

    Extra indexes and folders of wheels are left out: they could hold builds for this machine alone.
    """
    settings = run([sys.executable, "-m", "pip", "config", "list"])
    settings = dict(reversed(re.findall(r"^(?::env:|\w+)\.([\w-]+)='(.*)'$", settings, re.MULTILINE)))
    options = {"--default-index": settings.get("index-url"), "--cert": settings.get("cert")}
    command = [Path(sys.executable).parent / "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--only-binary", ":all:", "--cache-dir", KEPT / "uv", "--no-python-downloads"]
    return command + [word for option, value in options.items() if value for word in (option, value)]


def pick(uv: list, folder: Path, *options: str) -> set[str]:
    """The names of what uv would install; where it can't reach the index, the test is left out."""
    environment = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0"}  # PyTorch's wheels need that
    done = subprocess.run([*uv, *options], cwd=folder, env=environment, text=True, capture_output=True, check=False)
    if lost := re.search(r"error sending request for url.*", done.stderr):
        pytest.skip(f"uv could not reach the index: {lost[0]}")
    assert done.returncode == 0, done.stderr
    return {line.split("==")[0] for line in done.stdout.splitlines()}


@pytest.mark.slow
@each(data_type=["image"], task=["regression"])  # those with the most dependencies
@pytest.mark.parametrize("machine", UV_PLATFORMS)
def test_an_installer_picks_what_the_documentation_says(bake, answers, read, uv, tmp_path, machine):
    project = bake(**answers)
    cells = table()[answers["framework"], answers["hardware"]]
    requires = SpecifierSet(read("pyproject.toml")["project"]["requires-python"])
    oldest, *_, newest = requires.filter(f"3.{minor}" for minor in range(8, 20))
    assert cells["Python"] == f"{oldest} to {newest}"
    for python in (oldest, newest) if machine == "Linux" else (newest,):  # of a second or two each
        options = ["--python-platform", UV_PLATFORMS[machine], "--python-version", python]
        names = set()
        if f"--extra-index-url {TORCH_INDEX}" in read("Makefile"):
            # As the Makefile does: PyTorch alone, from an index that is asked for nothing else; then all but PyTorch.
            (torch,) = (
                part for part in dependencies(read("pyproject.toml"), answers["hardware"]) if part.name == "torch"
            )
            (tmp_path / "torch").write_text(str(torch), encoding="utf-8")
            names |= pick(uv, project, tmp_path / "torch", "--no-deps", *options)
            options += ["--excludes", tmp_path / "torch"]
        names |= pick(uv, project, "pyproject.toml", "--extra", answers["hardware"], "--extra", "dev", *options)
        picked = [f"`{name}`" for name in SHOWN if name in names]
        cuda = {match[1] for name in names if (match := re.fullmatch(r"nvidia-cudnn-cu(\d+)", name))}
        assert ", ".join(picked + [f"CUDA {version}" for version in cuda]) == cells[machine], python
        assert cuda or not any(name.startswith(("nvidia", "cuda", "jax-cuda")) for name in names)
