"""The scripts of the web page, in Node.js without a browser."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")

TABLES = {
    "Zeit;Temp (innen, aussen);Druck (abs, rel, mbar)\n1,5;2,5;3,5\n": [3, 3],
    "Tag;Temp (innen, aussen)\n01.02.2024;2,5\n": [2, 2],
    '"Preis, EUR";"Masse, kg"\n1,5;2,5\n': [2, 2],
    '"Temp\n(innen, aussen)"\tOrt\n1,5\tUlm\n': [2, 2],
    'a|b, c, d\n1|2\n3|"4\n\n5"\n': [2, 2, 2],
    "1,5;2,5;\n3,5;4,5;\n": [3, 3],
    "a,b,c;d\n": [3],
    "ids,y\n1;2;3,0\n4;5,1\n": [2, 2, 2],
    'a,"b\nc\nd\ne"\n1,2\n': [2, 2],
    '""\n': [],
}
READ = """
const tables = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const bytes = (text) => new TextEncoder().encode(text);
const read = (text) => readRows({ name: "own.csv", arrayBuffer: async () => bytes(text) });
Promise.all(tables.map(read)).then((found) => {
  console.log(JSON.stringify(found.map(({ rows }) => rows.map(({ fields }) => fields.length))));
});
"""


def test_the_separator_is_the_one_that_python_finds(bake):
    project = bake(framework="pytorch", data_type="vector", project_slug="page-vector")
    script = read_script(project, "text.js") + READ
    assert json.loads(run_node(script, json.dumps(list(TABLES)))) == list(TABLES.values())


def read_script(project: Path, name: str) -> str:
    """Read a script of the page of a project."""
    return (project / project.name.replace("-", "_") / "inference" / "page" / name).read_text(encoding="utf-8")


def run_node(script: str, given: str) -> str:
    """Run a script on what it reads from standard input; what it prints."""
    done = subprocess.run(["node", "--eval", script], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
