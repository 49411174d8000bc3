"""pyproject.toml, environment.yml, the Makefile and the hooks of pre-commit agree on what to install."""

import re
import tomllib

import pytest
import yaml
from conftest import ROOT, each
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


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
    wanted |= {
        ("pytorch", "cpu"): {"torch", "lightning-fabric"},
        ("pytorch", "gpu"): {"torch", "lightning-fabric"},
        ("keras", "cpu"): {"keras", "tensorflow", "tensorflow-cpu"},
        ("keras", "gpu"): {"keras", "tensorflow"},
    }[answers["framework"], answers["hardware"]]
    project = read("pyproject.toml")
    assert {requirement.name for requirement in dependencies(project)} == wanted
    assert {requirement.name for requirement in dependencies(project, "dev")} == {"pytest", "ruff", "pre-commit"}
    assert all(requirement.specifier for requirement in dependencies(project) + dependencies(project, "dev"))


PLATFORMS = {
    "linux": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "linux-arm": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "macos": {"sys_platform": "darwin", "platform_machine": "arm64"},
}


@each(framework=["keras"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_has_one_tensorflow(read, answers, platform):
    matching = [
        requirement
        for requirement in dependencies(read("pyproject.toml"))
        if requirement.name.startswith("tensorflow")
        and (requirement.marker is None or requirement.marker.evaluate(PLATFORMS[platform]))
    ]
    assert len(matching) == 1
    assert (matching[0].name == "tensorflow-cpu") == (answers["hardware"] == "cpu" and platform == "linux")
    assert bool(matching[0].extras) == (answers["hardware"] == "gpu" and platform != "macos")


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
    assert set(read(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]) <= set(
        theirs.filter(versions)
    )

    *torch, editable = pip["pip"]
    assert editable == "--editable .[dev]"
    if (answers["framework"], answers["hardware"]) == ("pytorch", "cpu"):
        option, requirement = torch
        assert option == f"--extra-index-url {TORCH_INDEX}"
        assert Requirement(requirement) in dependencies(project)
        assert f'--extra-index-url {TORCH_INDEX} "{requirement}"' in read("Makefile")
    else:
        assert torch == []
        assert "index-url" not in read("Makefile")


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
