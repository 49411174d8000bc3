"""Numbers as people write them: 1.493,87 €, $4.44, 27.0%, 1,234. One rule holds for a column, and a run keeps it."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

# Numbers as 1.234,5 and as 1,234.5; what fits both, such as 1.234 and 1,234.
COMMA_NUMBER = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+|(?=,\d))(,\d*)?(e[-+]?\d+)?", re.IGNORECASE)
POINT_NUMBER = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+|(?=\.\d))(\.\d*)?(e[-+]?\d+)?", re.IGNORECASE)
MAX_LENGTH = 40  # characters of a number
MANY = 1000  # texts by which it is seen whether a column holds numbers
CURRENCY = r"[€$£¥₹]|EUR|USD|GBP|CHF|JPY|CNY|INR"
# A sign, a currency before or after, the number, percent; thousands may be set apart by blanks or apostrophes.
AMOUNT = re.compile(
    rf"[-+]?\s*(?P<before>{CURRENCY})?\s*[-+]?"
    r"(?P<number>(?:[1-9]\d?\d?(?:[ ']\d\d\d)+|[\d.,]*\d[.,]?)(?:[.,]\d*)?(?:[eE][-+]?\d+)?)"
    rf"\s*(?P<after>{CURRENCY}|%)?"
)
VAGUE = re.compile(r"[1-9]\d?\d?([.,])\d\d\d")  # 1.234 or 1,234
EXOTIC = {0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2019: "'", 0x2212: "-"}  # other blanks, apostrophes and signs


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written."""

    decimal: str  # mark, a point or a comma
    thousands: str  # mark between thousands: comma, point, blank or apostrophe
    unit: str  # a currency or %; empty: none

    def describe(self) -> str:
        """Show how 1234.5 would be written."""
        number = f"1{self.thousands}234{self.decimal}5"
        return f"{self.unit}{number}" if self.unit in ("$", "£", "¥", "₹") else f"{number} {self.unit}".strip()


@dataclass(frozen=True)
class Evidence:
    """What the numbers of a column show."""

    marks: set[str]  # "," and "." where they are surely decimal marks, "1,234" and "1.234" where not
    apart: set[str]  # blank or apostrophe between thousands
    has_commas: bool
    unit: str  # the most frequent one


def find_formats(texts: Mapping[str, pd.Series], separator: str) -> dict[str, NumberFormat]:
    """Find the columns of numbers that are not written plainly, and how they are.

    1.234 and 1,234 fit two rules: such columns are read as those beside them, if these agree. Otherwise a currency says
    that the mark is one of thousands, and else the separator of the file tells what is usual beside it.

    Args:
        texts: columns as text, by name. Columns of plain numbers among them are evidence for the others.
        separator: of the file; empty: none.
    """
    evidence = {name: _examine(values) for name, values in texts.items() if holds_amounts(values)}
    sure = [found.marks & {",", "."} for found in evidence.values()]
    in_file = set().union(*(marks for marks in sure if len(marks) == 1))
    formats = {}
    for name, found in evidence.items():
        decimal = _find_decimal(found, in_file, separator)
        if not decimal or len(found.apart) > 1:
            continue
        usual = "." if decimal == "," else ","
        rule = NumberFormat(decimal, "".join(found.apart) or usual, found.unit)
        some = texts[name].dropna().head(MANY)
        num_fit = sum(not isinstance(value, str) for value in parse_numbers(some, rule))
        is_plain = decimal == "." and not (found.unit or found.apart or found.has_commas)
        if num_fit >= len(some) / 2 and not is_plain:
            formats[name] = rule
    return formats


def holds_amounts(texts: pd.Series) -> bool:
    """Return whether most of the first texts of a column are numbers, written in whichever way."""
    some = texts.dropna().head(MANY).tolist()
    return len(some) > 0 and sum(map(is_amount, some)) >= len(some) / 2


def is_amount(text: str) -> bool:
    """Return whether a text is a number, written in whichever way. A date is none."""
    found = _match(AMOUNT, text)
    number = re.sub("[ ']", "", found["number"]) if found else ""
    return bool(number and (COMMA_NUMBER.fullmatch(number) or POINT_NUMBER.fullmatch(number)))


def parse_numbers(texts: pd.Series, rule: NumberFormat) -> pd.Series:
    """Convert a column to numbers by its rule. If a text does not fit, the column keeps it, as an object."""
    pattern = _pattern(rule)

    def convert(text: str) -> float | str:
        found = _match(pattern, text)
        if not found or (found["sign"] and found["inner"]):
            return text
        number = found["number"].replace(rule.thousands, "").replace(rule.decimal, ".")
        return float(found["sign"] + found["inner"] + number)

    return texts.astype(object).map(convert, na_action="ignore").infer_objects()


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Match the whole of a text that may be a number."""
    if len(text) > MAX_LENGTH:
        return None
    return pattern.fullmatch((text if text.isascii() else text.translate(EXOTIC)).strip())


def _pattern(rule: NumberFormat) -> re.Pattern[str]:
    """Compile the pattern of a rule, with a sign before or after the currency."""
    thousands, decimal, unit = re.escape(rule.thousands), re.escape(rule.decimal), re.escape(rule.unit)
    before = "" if rule.unit in ("", "%") else rf"(?:{unit}\s*)?"
    after = rf"(?:\s*{unit})?" if unit else ""
    needed = rf"(?=.*{unit})" if unit else ""  # on one side at least
    return re.compile(
        rf"{needed}(?P<sign>[-+]?)\s*{before}(?P<inner>[-+]?)"
        rf"(?P<number>(?:[1-9]\d?\d?(?:{thousands}\d\d\d)+|\d+|(?={decimal}\d))(?:{decimal}\d*)?(?:[eE][-+]?\d+)?){after}"
    )


def _examine(texts: pd.Series) -> Evidence:
    """Look at all different texts of a column."""
    marks: set[str] = set()
    apart: set[str] = set()
    vague: set[str] = set()
    has_commas = False
    units: Counter[str] = Counter()
    for text in texts.dropna().unique():
        found = _match(AMOUNT, text)
        if not found:
            continue
        units[found["before"] or found["after"] or ""] += 1
        number = found["number"]
        has_commas |= "," in number
        between = {mark for mark in " '" if mark in number}
        if between:
            apart |= between
            number = re.sub("[ ']", "", number)
        if is_vague := VAGUE.fullmatch(number):
            vague.add(is_vague[1])
        elif "," in number or "." in number:
            marks |= {mark for mark in ",." if _is_decimal(mark, number)}
    marks |= vague if apart else {f"1{mark}234" for mark in vague}
    with_unit = [unit for unit, _ in units.most_common() if unit]
    return Evidence(marks, apart, has_commas, with_unit[0] if with_unit else "")


def _is_decimal(mark: str, number: str) -> bool:
    """Return whether a number shows that `mark` is the decimal mark, or that the other one is that of thousands."""
    pattern, other = (COMMA_NUMBER, ".") if mark == "," else (POINT_NUMBER, ",")
    return bool(pattern.fullmatch(number)) and (mark in number or number.count(other) > 1)


def _find_decimal(found: Evidence, in_file: set[str], separator: str) -> str:
    """Find the decimal mark of a column; "": not known."""
    marks = found.marks
    is_currency = found.unit not in ("", "%")
    sure = marks & {",", "."}
    if len(sure) == 2 or marks == {"1.234", "1,234"}:
        return ""
    if sure:
        return next(iter(sure))
    if marks == {"1.234"}:
        return "," if is_currency or in_file == {","} else "."
    if marks == {"1,234"}:
        if is_currency or in_file == {"."}:
            return "."
        if in_file == {","} or separator == ";":
            return ","
        return "." if separator == "," else ""
    return "."
