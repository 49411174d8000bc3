"""The shape of a project, for every combination of answers: which way imports point, and that nothing is left over."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import each

# From the bottom to the top: a module imports from lower floors, and from its own folder.
FLOORS = [
    "storage signals spectrogram",
    "config data_info",
    "config_schema probabilities backbone",
    "task metrics device model losses",
    "compile",
    "data environment",
    "runs",
    "baseline",
    "training",
    "evaluation inference doctor",
    "__main__",
]
RANKS = {name: rank for rank, floor in enumerate(FLOORS) for name in floor.split()}
FRAMEWORKS = {"torch", "torch_xla", "torchvision", "lightning_fabric", "keras", "tensorflow", "jax"}
NEED_A_FRAMEWORK = """
    __init__ backbone compile device losses model training.start training.train training.batches training.checkpoint
    training.steps inference.formats inference.runtimes
""".split()
LOOP = """
    compile device training.start training.train training.batches training.checkpoint training.monitor training.events
""".split()
ENTRIES = {"main", "add_arguments"}  # called by name, from the table of commands


class Module:
    """A Python file of a project, or the code of its notebook: what it imports, defines and uses."""

    def __init__(self, name: str, code: str, *, is_package: bool = False):
        self.name, self.is_package = name, is_package
        self.tree = ast.parse(code)
        self.imports = list(self._imports())
        self.definitions = list(self._definitions())
        self.uses = set(self._uses())

    def _imports(self) -> Iterator[tuple[str, str | None, str]]:
        """Each import anywhere in the file: the module, the name in it (None: the whole), and the name it gets here."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((part.name, None, part.asname or part.name.split(".")[0]) for part in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((self._absolute(node), part.name, part.asname or part.name) for part in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        """The full name of the module from which names are imported."""
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*parts, *filter(None, [node.module])])

    def _definitions(self) -> Iterator[tuple[str, ast.stmt]]:
        """Each function, class and constant at the top level, with its statement."""
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield node.name, node
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
                yield from ((part.id, node) for part in names if isinstance(part.ctx, ast.Store))

    def _uses(self) -> Iterator[tuple[str, str]]:
        """What it uses of itself and of others: module and name."""
        aliases = {}
        for source, name, alias in self.imports:
            aliases[alias] = source if name is None else f"{source}.{name}"
            if name and not self.is_package:  # a folder's __init__.py passes on
                yield source, name
        for statement in self.tree.body:
            own = {name for name, defining in self.definitions if defining is statement}  # a function that calls itself
            for node in ast.walk(statement):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
                    yield aliases[node.value.id], node.attr
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own:
                    yield self.name, node.id
                elif isinstance(node, ast.arg) and not self.name.startswith("fashion_mnist"):  # a fixture
                    yield from ((other, node.arg) for other in ("conftest", self.name))


parse = cache(Module)  # most files are the same in many projects


def modules_of(project: Path) -> dict[str, Module]:
    """Every module of a project by its full name: the package, its tests and the notebook."""
    found = {}
    for path in [*project.glob("fashion_mnist/**/*.py"), *project.glob("tests/*.py")]:
        is_package = path.stem == "__init__"
        parts = path.relative_to(project).with_suffix("").parts
        name = ".".join(parts[:-1] if is_package else parts).removeprefix("tests.")
        found[name] = parse(name, path.read_text(encoding="utf-8"), is_package=is_package)
    cells = json.loads((project / "notebooks" / "explore.ipynb").read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in [*cell["source"], "\n"]]
    code = "".join("\n" if line.startswith(("%", "!")) else line for line in lines)
    return found | {"notebook": parse("notebook", code)}


def used_in(modules: dict[str, Module]) -> set[tuple[str, str]]:
    """What is used in a project, each as its module and name."""
    used = {use for module in modules.values() for use in module.uses}
    for package in (module for module in modules.values() if module.is_package):
        used |= {(source, name) for source, name, alias in package.imports if name and (package.name, alias) in used}
    return used


def inside(project: Path) -> dict[str, Module]:
    """The modules of the package by their names in it: `data.splits`, `__init__`."""
    named = {name.partition(".")[::2]: module for name, module in modules_of(project).items()}
    return {name or "__init__": module for (package, name), module in named.items() if package == "fashion_mnist"}


def own_imports(project: Path) -> dict[str, set[str]]:
    """Which modules of the package each of them imports, at its top or in a function."""
    package = inside(project)
    found: dict[str, set[str]] = {name: set() for name in package}
    for name, module in package.items():
        for source, part, _ in module.imports:
            if source.split(".")[0] == "fashion_mnist":
                source = source.partition(".")[2] or "__init__"
                whole = f"{source}.{part}".removeprefix("__init__.")
                found[name].add(whole if whole in package else source)
    return found


@each()
def test_imports_point_down(bake, answers):
    for name, imported in own_imports(bake(**answers)).items():
        wing = name.split(".")[0]
        for other in imported:
            assert other.split(".")[0] == wing or RANKS[other.split(".")[0]] < RANKS[wing], f"{name} imports {other}"


@each()
def test_imports_run_in_no_circle(bake, answers):
    left = own_imports(bake(**answers))
    assert sum(map(len, left.values())) > 60
    while free := [name for name, imported in left.items() if not imported & left.keys()]:
        for name in free:
            del left[name]
    assert not left


@each()
def test_only_the_files_of_the_framework_import_it(bake, answers):
    found = set()
    for name, module in inside(bake(**answers)).items():
        found |= {name for source, _, _ in module.imports if source.split(".")[0] in FRAMEWORKS}
    assert found <= set(NEED_A_FRAMEWORK)
    assert {"compile", "device", "losses", "model", "training.train"} <= found


@each()
def test_the_loop_has_short_lists_of_parameters(bake, answers):
    package = inside(bake(**answers))
    for name in LOOP:
        for function in (node for node in ast.walk(package[name].tree) if isinstance(node, ast.FunctionDef)):
            arguments = function.args
            parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg]
            names = [part.arg for part in parameters if part and part.arg not in ("self", "cls")]
            assert len(names) <= 5, f"{name}.{function.name} takes {', '.join(names)}"


@each()
def test_every_definition_is_used(bake, answers):
    """What one answer needs alone must not lie in the projects of the others."""
    modules = modules_of(bake(**answers))
    used = used_in(modules)
    left_over = [
        f"{module.name}.{name}"
        for module in modules.values()
        if module.name != "notebook"
        for name, statement in module.definitions
        if (module.name, name) not in used and not is_entry(module, name, statement)
    ]
    assert not left_over


def is_entry(module: Module, name: str, statement: ast.stmt) -> bool:
    """Whether something calls it by its name: the commands, or pytest."""
    if module.name.startswith("fashion_mnist"):
        return name in ENTRIES or name == "__all__"
    decorators = [ast.unparse(part) for part in getattr(statement, "decorator_list", [])]
    return name == "pytestmark" or name.startswith("test_") or any("autouse=True" in part for part in decorators)


def test_a_definition_that_nothing_uses_is_found():
    """The check of the check."""
    code = "A = 1\nB = A\ndef f():\n    return f()\ndef g():\n    return B\n"
    module = Module("fashion_mnist.x", code)
    other = Module("fashion_mnist.y", "from . import x\nfrom .x import A\nx.g()\n")
    used = used_in({"x": module, "y": other})
    assert {name for name, _ in module.definitions if (module.name, name) not in used} == {"f"}


@pytest.mark.parametrize(
    ("name", "line", "source"),
    [
        ("fashion_mnist.data.splits", "from ..config import Config", "fashion_mnist.config"),
        ("fashion_mnist.data.splits", "from . import inputs", "fashion_mnist.data"),
        ("fashion_mnist.runs", "from .data import Splits", "fashion_mnist.data"),
    ],
)
def test_relative_imports_are_resolved(name, line, source):
    assert [found for found, _, _ in Module(name, line).imports] == [source]
    package = Module("fashion_mnist.data", "from .splits import Splits", is_package=True)
    assert [found for found, _, _ in package.imports] == ["fashion_mnist.data.splits"]
