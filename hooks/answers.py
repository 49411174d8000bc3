"""Check each answer as soon as it is given, and make what is derived from it.

cookiecutter.json uses these as Jinja filters. A hook could not do it: it runs when the project's folder exists
already, and for a slug such as `a/b` cookiecutter would remove `b` and leave `a` behind.
"""

import re
import sys
import unicodedata
from keyword import iskeyword

from cookiecutter.exceptions import FailedHookException  # the one that cookiecutter prints without a traceback
from cookiecutter.utils import simple_filter

# A project runs from its own folder, so a package of the same name would hide the one that it needs.
NEEDED = """
    PIL absl aiohttp astunparse attr attrs certifi charset_normalizer clang cleanlab cloudpickle contourpy cycler
    dateutil filelock flatbuffers fonttools fsspec functorch gast google google_pasta grpc grpcio h5py idna
    iniconfig jax jaxlib jinja2 joblib jsonargparse keras kiwisolver libclang libtpu lightning lightning_fabric
    lightning_utilities markdown markdown_it markupsafe matplotlib mdurl ml_dtypes mpl_toolkits mpmath multidict
    namex narwhals networkx numpy nvidia opt_einsum optree packaging pandas pasta pillow pip pkg_resources
    platformdirs pluggy pre_commit propcache protobuf psutil py pyarrow pygments pylab pyparsing pytest pyyaml
    requests rich ruff scikit_learn scipy setuptools six sklearn soundfile sympy tensorboard tensorflow tensorflow_cpu
    termcolor threadpoolctl torch torch_xla torchgen tqdm triton typing_extensions tzdata urllib3 werkzeug wheel
    wrapt yaml yarl
    ast_serialize librt mypy mypy_extensions mypyc pathspec
    ipykernel ipython jupyter jupyter_client jupyter_core jupyter_server jupyterlab nbclient nbconvert nbformat notebook
    pyzmq tornado traitlets zmq
    ai_edge_litert backports onnx onnx_ir onnxruntime onnxscript tf2onnx
    annotated_doc annotated_types anyio click fastapi h11 multipart pydantic pydantic_core python_multipart starlette
    typing_inspection uvicorn
    alembic colorlog greenlet mako optuna sqlalchemy
    databricks git gitdb gradio_client huggingface_hub mlflow opentelemetry smmap trackio wandb
""".lower().split()

# Windows has devices of these names, so that no folder can have them.
DEVICES = ["aux", "con", "nul", "prn", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))]

# A project is a command too, in the same folder of the environment as these, or beside them on PATH.
COMMANDS = "activate conda deactivate git make mamba micromamba pip3 python python3 torchrun uv".split()

FOLDERS = ["build", "data", "dist", "docs", "notebooks", "reports", "runs", "tests"]


@simple_filter
def package_name(slug: str) -> str:
    """The name to import: the slug with underscores."""
    package = slug.replace("-", "_")
    if len(slug) > 60 or not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", slug):
        refuse(f"The slug {slug!r} is not a word of up to 60 lower-case letters and digits, joined by single - or _.")
    if iskeyword(package):
        refuse(f"The slug {slug!r} is a Python keyword: choose another one.")
    if package in sys.stdlib_module_names or package == "test":  # the one that Python leaves out of its list
        refuse(f"The slug {slug!r} is a module of Python's standard library: choose another one.")
    if package in NEEDED:
        refuse(f"The slug {slug!r} is a package that the project needs: choose another one.")
    if package in DEVICES:
        refuse(f"The slug {slug!r} is a device on Windows, where no folder can have its name: choose another one.")
    if package in COMMANDS:
        refuse(f"The slug {slug!r} is a command that the project needs: choose another one.")
    if package in FOLDERS:
        refuse(f"The slug {slug!r} is a folder inside every project: choose another one.")
    return package


@simple_filter
def quotable(text: str, label: str) -> str:
    """The text as it stands between double quotes in TOML, YAML and Python."""
    if not text.strip():
        refuse(f"The {label} is empty.")
    for character in text:
        # Controls, halves of surrogate pairs, line and paragraph separators; the last two YAML does not allow.
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in "\ufffe\uffff":
            refuse(f"The {label} holds U+{ord(character):04X}, a character that does not belong in one line of text.")
    return text.replace("\\", "\\\\").replace('"', '\\"')


@simple_filter
def email_address(text: str) -> str:
    """The address, or nothing; it needs no quoting, because no quote or backslash passes."""
    word = r"[\w!#$%&'*+/=?^`{|}~-]+"
    host = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    valid = re.fullmatch(rf"{word}(\.{word})*@{host}(\.{host})+", text, flags=re.ASCII | re.IGNORECASE)
    if text and (not valid or len(text) > 254):
        refuse(f"The email {text!r} is not an address such as name@example.com: correct it, or leave it empty.")
    return text


@simple_filter
def github_account(name: str) -> str:
    """The username as GitHub allows it, or nothing."""
    if name and (len(name) > 39 or not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", name)):
        rule = "use up to 39 letters and digits, joined by single -, or leave it empty"
        refuse(f"The GitHub username {name!r} is not valid: {rule}.")
    return name


def refuse(sentence: str) -> None:
    raise FailedHookException(sentence)
