"""The settings as a JSON schema, by which an editor completes, explains and checks config.yaml.

After a change of config.py, write it anew: `python -m PACKAGE.config_schema`.
"""

import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from .config import Config, Range
from .storage import write_json

SCHEMA = Path("config.schema.json")
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean"}
LIMITS = {"min": "minimum", "max": "maximum", "above": "exclusiveMinimum", "below": "exclusiveMaximum"}


def make_schema() -> dict[str, Any]:
    """Describe all settings; JSON Schema, draft 2020-12."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "config.yaml", **_describe(Config)}


def _describe(hint: Any) -> dict[str, Any]:
    """The values that a type of config.py takes."""
    if is_dataclass(hint):
        return _describe_section(hint)
    if get_origin(hint) is Annotated:
        kind, *limits = get_args(hint)
        return _describe(kind) | {
            key: number
            for limit in limits
            if isinstance(limit, Range)
            for key, number in _describe_range(limit).items()
        }
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is UnionType:
        return {"anyOf": [_describe(kind) for kind in get_args(hint)]}
    if get_origin(hint) is list:
        return {"type": "array", "items": _describe(*get_args(hint))}
    if get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": _describe(get_args(hint)[1])}
    return {"type": KINDS[hint]} if hint is not Any else {}


def _describe_section(section: Any) -> dict[str, Any]:
    """A dataclass: every setting is required, with its comment as the description, and no other is allowed."""
    reasons = dict(re.findall(r"^ +(\w+): .*?  # (.+)$", inspect.getsource(section), flags=re.MULTILINE))
    hints = get_type_hints(section, include_extras=True)
    names = [field.name for field in fields(section)]
    settings = {name: _describe(hints[name]) for name in names}
    settings |= {name: {"description": reason, **settings[name]} for name, reason in reasons.items()}
    return {
        "description": inspect.getdoc(section),
        "type": "object",
        "properties": settings,
        "required": names,
        "additionalProperties": False,
    }


def _describe_range(limits: Range) -> dict[str, float]:
    """A range by the words of JSON Schema."""
    return {word: getattr(limits, name) for name, word in LIMITS.items() if getattr(limits, name) is not None}


if __name__ == "__main__":
    write_json(SCHEMA, make_schema())
