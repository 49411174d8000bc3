"""pyproject.toml, environment.yml, Makefile, Dockerfile and the hooks of pre-commit agree on what to install.

uv is asked what it picks on other systems (the table of docs/environments.md), and what it locks; it also makes a real
environment. PyTorch's own indexes are out of reach of some machines: in a lock, a folder stands for them.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import KEPT, ROOT, TORCH_INDEX, each, package_name, run
from packaging.markers import Marker
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

    read.project = bake(**answers)
    return read


def dependencies(project: dict, extra: str = "") -> list[Requirement]:
    """What the project needs, or what an extra or a group adds."""
    about = project["project"]
    lists = {"": about["dependencies"], **about["optional-dependencies"], **project["dependency-groups"]}
    return [Requirement(line) for line in lists[extra]]


OPTIONAL = ["serve", "tune", "mlflow", "wandb", "trackio"]  # extras


@each()
def test_dependencies_are_those_of_the_answers(read, answers):
    wanted = {"numpy", "scikit-learn", "matplotlib", "jsonargparse", "pyyaml", "certifi", "rich", "tensorboard"}
    wanted |= {"filelock", "jinja2", "pandas", "pyarrow", "scipy", "threadpoolctl"}
    wanted |= {"pillow"} if answers["data_type"] == "image" else set()
    wanted |= {"soundfile"} if answers["data_type"] == "audio" else set()
    wanted |= {"cleanlab"} if answers["task"] != "regression" else set()
    wanted |= {"lightning-fabric"} if answers["framework"] == "pytorch" else set()
    project = read("pyproject.toml")
    optional = [*OPTIONAL, *(["backbone"] if has_torchvision(answers) else [])]
    assert set(project["project"]["optional-dependencies"]) == {answers["hardware"], "notebook", "export", *optional}
    assert set(project["dependency-groups"]) == {"dev", "framework"}
    assert {requirement.name for requirement in dependencies(project)} == wanted
    tools = {requirement.name for requirement in dependencies(project, "dev")}
    assert tools == {"pytest", "ruff", "mypy", "pre-commit"}
    assert {requirement.name for requirement in dependencies(project, "notebook")} == {"jupyterlab"}
    extras = [
        dependencies(project, extra) for extra in ("", "dev", "notebook", "export", *optional, answers["hardware"])
    ]
    served = {requirement.name for requirement in dependencies(project, "serve")}
    assert served == {"fastapi", "uvicorn", "python-multipart", "onnxruntime"}
    for requirement in (requirement for extra in extras for requirement in extra):
        operators = {part.operator for part in requirement.specifier}
        bounded = operators == {"=="} or operators == {">=", "<"}  # a new major version may break things
        assert bounded or requirement.name == "certifi", requirement  # its versions are dates


def has_torchvision(answers: dict) -> bool:
    """Whether pretrained networks are an extra: Keras has them itself."""
    return answers["framework"] == "pytorch" and answers["data_type"] == "image"


@each(framework=["pytorch"], data_type=["image"], task=["multiclass"])
def test_torchvision_is_the_one_for_this_pytorch(read, answers):
    """Of PyTorch 2.x it is 0.(x + 15), which needs exactly that one."""
    project = read("pyproject.toml")
    (torch,) = (part for part in dependencies(project, answers["hardware"]) if part.name == "torch")
    (torchvision,) = dependencies(project, "backbone")
    expected = re.sub(r"\b2\.(\d+)", lambda found: f"0.{int(found[1]) + 15}", str(torch.specifier))
    assert torchvision.specifier == SpecifierSet(expected)


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
    assert f'install "pip{specs[1].version}"' in read("Makefile")  # which knows --group

    ours, theirs = SpecifierSet(str(specs[0].version)), SpecifierSet(project["project"]["requires-python"])
    versions = [f"3.{minor}" for minor in range(8, 20)]
    assert list(ours.filter(versions)) == list(theirs.filter(versions)) != []
    oldest, *_, newest = theirs.filter(versions)
    assert read(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == [oldest, newest]

    at = pip["pip"].index(f"--editable .[{answers['hardware']}]")
    torch, tools = pip["pip"][:at], pip["pip"][at + 1 :]
    assert tools == project["dependency-groups"]["dev"]
    assert f'install --editable ".[{answers["hardware"]}]" --group dev\n' in read("Makefile")
    if torch_index(project, answers) == "cpu":
        option, requirement = torch
        assert option == f"--extra-index-url {TORCH_INDEX}"
        assert Requirement(requirement) in dependencies(project, answers["hardware"])
        assert f'--no-deps --extra-index-url {TORCH_INDEX} "{requirement}"' in read("Makefile")
    else:
        assert torch == []
        assert "index-url" not in read("Makefile")


def torch_index(project: dict, answers: dict) -> str:
    """Which of PyTorch's own indexes a project needs: the CPU's on Linux, CUDA's on Windows, or none."""
    if not any(requirement.name == "torch" for requirement in dependencies(project, answers["hardware"])):
        return ""
    return "cu130" if answers["hardware"] in ("gpu", "cluster") else "cpu"


@each()
def test_uv_installs_what_make_does(read, answers):
    project = read("pyproject.toml")
    uv = project["tool"]["uv"]
    (framework,) = dependencies(project, "framework")
    assert (framework.name, framework.extras) == (project["project"]["name"], {answers["hardware"]})
    assert set(uv["default-groups"]) == {"dev", "framework"}
    if not (name := torch_index(project, answers)):
        assert set(uv) == {"default-groups"}
        return
    (index,) = uv["index"]
    assert index == {"name": f"pytorch-{name}", "url": f"https://download.pytorch.org/whl/{name}", "explicit": True}
    assert index["url"] in (read.project / "environment.yml").read_text(encoding="utf-8")  # on Windows by a comment
    assert set(uv["sources"]) == ({"torch", "torchvision"} if has_torchvision(answers) else {"torch"})
    assert all(source == uv["sources"]["torch"] for source in uv["sources"].values())
    assert uv["sources"]["torch"]["index"] == index["name"]
    marker = Marker(uv["sources"]["torch"]["marker"])
    systems = {machine for machine, variables in MACHINES.items() if marker.evaluate(variables)}
    assert systems == ({"Linux", "Linux on ARM"} if name == "cpu" else {"Windows"})


@each()
def test_the_command_of_the_project_is_there(read, answers):
    project = read("pyproject.toml")
    ((name, target),) = project["project"]["scripts"].items()
    assert name == project["project"]["name"]
    module, function = target.split(":")
    tree = ast.parse(read(f"{module.replace('.', '/')}.py"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


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
def test_ruff_and_zizmor_have_one_version(read, answers):
    (ruff,) = (requirement for requirement in dependencies(read("pyproject.toml"), "dev") if requirement.name == "ruff")
    here = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (zizmor,) = (line for line in here if line.startswith("zizmor=="))
    assert str(ruff) in here
    for hooks in (read(".pre-commit-config.yaml"), yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())):
        pins = {pin for hook in hooks["repos"][0]["hooks"] for pin in hook["additional_dependencies"]}
        assert pins == {str(ruff), zizmor, "pre-commit-hooks==6.0.0"}


UV_PLATFORMS = {  # the oldest that have all of the packages
    "Linux": "x86_64-manylinux_2_31",
    "Linux on ARM": "aarch64-manylinux_2_31",
    "macOS": "aarch64-apple-darwin",
    "Windows": "windows",
}
SHOWN = "torch torch-xla tensorflow tensorflow-cpu jax libtpu".split()


def table() -> dict[tuple[str, str], dict[str, str]]:
    """The second table of docs/environments.md: for framework and hardware, the cells by the names of their columns."""
    text = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    block = re.search(r"^\| framework (?:.*\|\n)+", text, re.MULTILINE)[0]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
    return {(row[0], row[1]): dict(zip(head[2:], row[2:], strict=True)) for row in rows}


UV = Path(sys.executable).parent / "uv"


@pytest.fixture(scope="session")
def uv_variables() -> dict[str, str]:
    """What gives uv the index and the certificates that pip is set up with, which uv does not read.

    Extra indexes and folders of wheels are left out: they could hold builds for this machine alone.
    """
    settings = run([sys.executable, "-m", "pip", "config", "list"])
    settings = dict(reversed(re.findall(r"^(?::env:|\w+)\.([\w-]+)='(.*)'$", settings, re.MULTILINE)))
    variables = {"UV_DEFAULT_INDEX": settings.get("index-url"), "SSL_CERT_FILE": settings.get("cert")}
    variables |= {"UV_CACHE_DIR": str(KEPT / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
    variables |= {"MACOSX_DEPLOYMENT_TARGET": "14.0"}  # PyTorch's wheels need that
    return {name: value for name, value in variables.items() if value}


@pytest.fixture(scope="session")
def uv(uv_variables):
    """Run uv, or another command that calls it; where it can't reach the index, the test is left out."""

    def uv(folder: Path, *arguments: str | Path, program: str | Path = UV, **variables: str) -> str:
        environ = {**os.environ, **uv_variables, **variables}
        command = [program, *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, text=True, capture_output=True, check=False)
        if lost := re.search(r"error sending request for url.*", done.stderr):
            pytest.skip(f"uv could not reach the index: {lost[0]}")
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return uv


def pick(uv, folder: Path, *options: str) -> set[str]:
    """The names of what uv would install from the ordinary index."""
    command = ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-sources", "--only-binary", ":all:"]
    return {line.split("==")[0] for line in uv(folder, *command, *options).splitlines()}


@pytest.mark.slow
@each(data_type=["image"], task=["multiclass"])  # those with the most dependencies
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
        names |= pick(uv, project, "pyproject.toml", "--extra", answers["hardware"], "--group", "dev", *options)
        picked = [f"`{name}`" for name in SHOWN if name in names]
        cuda = {match[1] for name in names if (match := re.fullmatch(r"nvidia-cudnn-cu(\d+)", name))}
        assert ", ".join(picked + [f"CUDA {version}" for version in cuda]) == cells[machine], python
        assert cuda or not any(name.startswith(("nvidia", "cuda", "jax-cuda")) for name in names)


def write_torch_index(folder: Path, version: str, platforms: list[str]) -> None:
    """Write an index with nothing but an empty torch: uv reads the names of the wheels, and their dependencies."""
    (folder / "torch").mkdir(parents=True)
    links = ""
    for platform in platforms:
        name = f"torch-{version}-py3-none-{platform}.whl"
        with zipfile.ZipFile(folder / "torch" / name, "w") as wheel:
            about = f"torch-{version}.dist-info"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
            wheel.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: py3-none-{platform}\n")
            wheel.writestr(f"{about}/RECORD", "")
        links += f'<a href="{name}">{name}</a>\n'
    (folder / "torch" / "index.html").write_text(links, encoding="utf-8")


@pytest.mark.slow
@each(data_type=["vector"], task=["multiclass"])
def test_lock_has_cuda_for_its_hardware_alone(answers, read, uv, tmp_path):
    project = shutil.copytree(read.project, tmp_path / "project")
    about = read("pyproject.toml")
    own = {}
    if name := torch_index(about, answers):
        (torch,) = (
            requirement for requirement in dependencies(about, answers["hardware"]) if requirement.name == "torch"
        )
        (oldest,) = (part.version for part in torch.specifier if part.operator in ("==", ">="))
        own = {"torch": f"{oldest}+{name}"}
        linux = ["manylinux_2_28_x86_64", "manylinux_2_28_aarch64"]
        write_torch_index(tmp_path / "own-index", own["torch"], linux if name == "cpu" else ["win_amd64"])
        url = about["tool"]["uv"]["index"][0]["url"]
        text = (project / "pyproject.toml").read_text(encoding="utf-8")
        (project / "pyproject.toml").write_text(text.replace(url, (tmp_path / "own-index").as_uri()), encoding="utf-8")

    uv(project, "lock")
    packages = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))["package"]
    cuda = [package["name"] for package in packages if re.match("nvidia|cuda|jax-cuda|triton", package["name"])]
    assert bool(cuda) == (answers["hardware"] in ("gpu", "cluster")), cuda
    from_own = [package for package in packages if package["source"].get("registry", "").endswith("own-index")]
    assert {package["name"]: package["version"] for package in from_own} == own
    wheels = [wheel for package in packages if package not in from_own for wheel in package.get("wheels", [])]
    assert wheels
    assert all(wheel["hash"].startswith("sha256:") for wheel in wheels)


@pytest.mark.slow
def test_uv_makes_the_environment(bake, uv, tmp_path):
    """With the packages, the framework, the tools and the project's command; then it locks them, for pip too."""
    project = shutil.copytree(bake(framework="keras", data_type="vector"), tmp_path / "project")
    venv = tmp_path / "venv"
    make = [f"VENV={venv}", f"UV={UV}", "CONDA="]
    uv(project, "setup", *make, program="make")
    run([venv / "bin" / "python", "-c", "import fashion_mnist, keras, tensorflow, pytest, pre_commit"], cwd=tmp_path)
    command = venv / "bin" / "fashion-mnist"
    assert "  doctor     what this machine" in run([command, "--help"], cwd=project)

    # uv's own commands have nothing to add, once they know where make has put the environment.
    there = {"UV_PROJECT_ENVIRONMENT": str(venv), "UV_OFFLINE": "1"}
    assert "Would make no changes" in uv(project, "sync", "--dry-run", **there)
    assert "  doctor     what this machine" in uv(project, "run", command.name, "--help", **there)

    uv(project, "lock", *make, program="make")
    locked = (project / "requirements.lock").read_text(encoding="utf-8")
    installed = uv(project, "pip", "freeze", "--quiet", "--exclude-editable", "--python", venv).splitlines()
    assert any(line.startswith("tensorflow-cpu==") for line in installed)
    assert all(f"{line} " in locked for line in installed)
    assert locked.count("--hash=sha256:") > len(installed)


@pytest.mark.slow
@each(data_type=["vector"], task=["multiclass"], hardware=["cpu"])
def test_wheel_holds_the_package_alone(answers, read, uv, tmp_path):
    project = shutil.copytree(read.project, tmp_path / "project")
    uv(project, "build", "--wheel", "--no-sources", "--out-dir", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = project / package_name(read("pyproject.toml"))
    others = ["py.typed", "evaluation/report.html", "evaluation/model_card.md"]
    others += ["inference/cpp/predict.cpp", "inference/cpp/CMakeLists.txt"]
    page = (package / "inference" / "page").iterdir()
    files = [*package.rglob("*.py"), *(package / name for name in others), *page]
    assert names == {path.relative_to(project).as_posix() for path in files}
