"""Describe the columns of a table for `data --inspect`: content, faults, and which is the target.

What is said here is doubt, not proof: a column is left out, grouped by or made a category by the user alone.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..config import DataSettings, UserError, counted, cut, listed
from ..task import target_candidates
from .dates import is_date
from .tables import SPLITS, as_list, to_numbers

TARGETS = ("target", "label", "labels", "class", "y", "outcome", "result", "category")  # usual names of the target
COUNTS = ("n", "count", "num", "number")  # usual names of counts, which are rarely a target
# Last words of names of columns that tell apart what they belong to.
IDS = re.compile(
    "ids?|uid|uuid|guid|nr|nummer|key|code|zip|zipcode|postcode|plz|postleitzahl|ticket|account|invoice|serial|phone|"
    "customer|client|kunde|user|patient|subject|person|participant|speaker|order|device|household"
)
AMOUNT = re.compile(r"[€$£]?\s*[-+]?\d[\d.,' ]*\s*[A-Za-z€$£%°/²³]{0,6}")  # 1.234,50 € or 12 kg
CODE = re.compile(r"[^\W\d]*[-_ ]?\d+")  # p12 or S-0042
MIN_ROWS = 20  # with fewer, nothing is said of how values are spread
MIN_SPREAD = 150  # rows, from which on numbers that are spread evenly stand out
NEARLY = 0.95  # different values in a row, of what is nearly unique
MIN_DIGITS = 8  # of unique numbers of one length, which measurements seldom are
MAX_DIGITS = 11  # of whole numbers that may measure something
UNIX_TIMES = (631_152_000, 2_208_988_800)  # seconds: 1990 to 2040
FIRST_DATE, LAST_DATE = 1900_01_01, 2100_12_31
MAX_FEW = 100  # values of a category
MISSING = (-99, -999, -9999, -99999, 999, 9999, 99999)  # usual marks of missing values
MAX_TEXTS = 1000  # that are compared with each other
MAX_NAMED = 5  # columns or values in a message


def guess_target(table: pd.DataFrame, settings: DataSettings, taken: set[str]) -> tuple[str | list[str], str]:
    """Guess the target: that of the settings, else a column of a usual name, else a likely one of task.py.

    Args:
        table: to look at.
        settings: of the user.
        taken: columns that are something else, such as the split. Dates, and what names something, are left out too.

    Returns:
        The column or columns, and why it is guessed; "" if the settings name it.

    Raises:
        UserError: no column is left.
    """
    named = as_list(settings.target_column)
    if any(named) and set(named) <= set(table.columns):
        return settings.target_column, ""
    taken = {*taken, settings.group_column, settings.time_column}
    free = [column for column in table.columns if column not in taken and not is_date(table[column])]
    if not free:
        raise UserError(f"The table has no column for the target: it has {listed(table.columns)} alone.")
    fit = [column for column in free if column.lower() not in COUNTS]
    fit = [column for column in fit if not names_something(table[column]) and not find_times(table[column])]
    candidates = target_candidates(table[fit])
    for kind, columns in candidates.items():
        for column in columns:
            if isinstance(column, str) and column.lower() in TARGETS:
                return column, f"by its name, and a column {kind}"
    for kind, columns in candidates.items():
        if columns:
            last = columns[-1]
            if isinstance(last, list):
                return last, f"all columns {kind}"
            if len(columns) == 1:
                return last, f"the only column {kind}"
            return last, f"the last of {len(columns)} columns {kind}: {listed(columns, MAX_NAMED)}"
    named = [column for column in free if column.lower() in TARGETS]
    return (named[0], "by its name") if named else (free[-1], "the last column")


def keep(column: str, table: pd.DataFrame) -> str:
    """Return the column that a setting names, or "" if the table lacks it: the setting is of another source."""
    return column if column in table.columns else ""


def guess_split_column(table: pd.DataFrame, settings: DataSettings) -> str:
    """Guess the split column: that of the settings, else one of train, validation and test; "" if there is none."""
    if keep(settings.split_column, table):
        return settings.split_column
    for column in table.columns:
        is_text = not pd.api.types.is_numeric_dtype(table[column])
        if is_text and set(table[column].astype(str).str.lower()) <= set(SPLITS):
            return column
    return ""


def describe_table(
    table: pd.DataFrame,
    targets: str | list[str],
    inputs: list[str],
    ignored: dict[str, str],
    hints: dict[str, str],
    *,
    cures: tuple[str, str] = ("", ""),
) -> list[str]:
    """Describe a table in lines: its size, each column, and what to do about the doubtful inputs.

    Args:
        table: to describe.
        targets: columns of targets.
        inputs: columns that become inputs.
        ignored: why columns are ignored, by their names.
        hints: what else is to be said of columns, by their names.
        cures: settings for inputs that name something: those of many values, and those of few.
    """
    lines = [f"{counted(len(table), 'row')}, {counted(table.shape[1], 'column')}"]
    doubtful = [*hints]
    formats = table.attrs.get("formats", {})  # of read_table
    for column in table.columns:
        values = table[column]
        notes = [hints[column]] if column in hints else []
        if column in inputs and not notes:
            time, name = find_times(values), names_something(values)
            if time:
                notes.append(f"{time}? -> data.time_column or data.ignore")
            elif name:
                notes.append(f"{name}: an id? -> {cures[int(values.nunique() <= MAX_FEW)]}")
            doubtful += [column] if notes or _is_constant(values) else []
        if column in inputs or column in as_list(targets):
            notes += _find_faults(values)
        end = f", written as {formats[column].describe()}" if column in formats else ""
        end += f" -> ignore: {ignored[column]}" if column in ignored else ""
        lines.append("; ".join([_describe_column(values) + end, *notes]))
    if doubtful:
        names = json.dumps([*ignored, *dict.fromkeys(doubtful)], ensure_ascii=False)
        lines.append(f"To leave out the doubtful ones too: --data.ignore '{names}'")
    return lines


def describe_groups(table: pd.DataFrame, columns: list[str]) -> list[str]:
    """Name those of the columns that seem to tell which rows belong together, as those of a patient do."""
    groups = [column for column in columns if _may_group(table[column])]
    return [
        f"Several rows of each {column} belong together? --data.split_by group --data.group_column {json.dumps(column)}"
        for column in groups
    ]


def find_times(values: pd.Series) -> str:
    """Say how the numbers of a column are times, such as 20240131 or Unix times; "" if they are not."""
    numbers = _enough_numbers(values)
    if not len(numbers):
        return ""
    low, high = numbers.min(), numbers.max()
    for unit, factor in (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)):
        if UNIX_TIMES[0] * factor <= low < high <= UNIX_TIMES[1] * factor:
            first, last = pd.to_datetime([low / factor, high / factor], unit="s").strftime("%Y-%m-%d")
            return f"Unix times in {unit}, {first} to {last}"
    month, day = numbers // 100 % 100, numbers % 100
    is_date = (numbers >= FIRST_DATE) & (numbers <= LAST_DATE) & (numbers % 1 == 0)
    is_date &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return f"dates as numbers, such as {numbers[0]:.0f}" if is_date.all() and low < high else ""


def names_something(values: pd.Series) -> str:
    """Say why the numbers of a column seem to name something, such as a customer; "" if they do not.

    Measurements repeat, have fractions, or are more frequent in the middle of their range.
    """
    numbers = _enough_numbers(values)
    num_different = len(np.unique(numbers))
    if num_different <= 2 or (numbers % 1).any():
        return ""
    found = f"{num_different:,} different whole numbers in {counted(len(numbers), 'row')}"
    digits = np.floor(np.log10(np.maximum(np.abs(numbers), 1))) + 1
    if _is_named_as_id(str(values.name)) or digits.min() > MAX_DIGITS:
        return found
    is_unique = num_different >= NEARLY * len(numbers)
    has_one_length = MIN_DIGITS <= digits.min() == digits.max()
    return found if is_unique and (has_one_length or _are_spread_evenly(numbers)) else ""


def near_duplicates(texts: Iterable[str]) -> list[str]:
    """Find texts that differ in case or blanks alone: a sentence for each group, such as of "De" and "DE"."""
    alike = defaultdict(list)
    for text in dict.fromkeys(texts):
        alike["".join(text.casefold().split())].append(json.dumps(text, ensure_ascii=False))
    groups = [group[:MAX_NAMED] for group in alike.values() if len(group) > 1]
    return [f"{', '.join(group)} differ in case or blanks alone: write them alike" for group in groups[:MAX_NAMED]]


def _describe_column(values: pd.Series) -> str:
    """Describe the content of a column in one line."""
    num_missing = int(values.isna().sum())
    if num_missing == len(values):
        return f"{values.name}: empty"
    if is_date(values):
        content = f"dates or times, such as {values.dropna().iloc[0]}"
    elif _is_numbers(values):
        numbers = to_numbers(values)  # of text, or of decimals in Parquet
        content = f"numbers, {_format(numbers.min())} to {_format(numbers.max())}"
    else:
        content = _describe_text(values)
    missing = f", {num_missing:,} missing" if num_missing else ""
    return f"{values.name}: {content}{missing}"


def _describe_text(values: pd.Series) -> str:
    """Describe a column of text, and what to do if it seems to hold amounts."""
    kinds = values.dropna().astype(str).unique()
    more = ", ..." if len(kinds) > 4 else ""
    described = f"text, {counted(len(kinds), 'value')}: {', '.join(map(cut, kinds[:4]))}{more}"
    if len(kinds) > 20 and np.mean([bool(AMOUNT.fullmatch(text)) for text in kinds[:1000]]) > 0.5:
        described += " (amounts? written as plain numbers, without unit and separators, they can be used)"
    return described


def _enough_numbers(values: pd.Series) -> np.ndarray:
    """Return the numbers of a column, (n,) float64; none if they are too few to judge, or the column holds others."""
    if not _is_numbers(values):
        return np.empty(0)
    numbers = to_numbers(values).dropna().to_numpy(np.float64)
    return numbers if len(numbers) >= MIN_ROWS and np.isfinite(numbers).all() else np.empty(0)


def _format(number: float) -> str:
    """Write a number in six digits, a whole one in all."""
    number = float(number)  # float16 can't be compared with 1e18
    return str(int(number)) if number.is_integer() and abs(number) < 1e18 else f"{number:g}"


def _is_numbers(values: pd.Series) -> bool:
    """Return whether all values of a column that are there are numbers, be they text or not."""
    return not pd.api.types.is_bool_dtype(values) and pd.api.types.is_numeric_dtype(to_numbers(values))


def _find_faults(values: pd.Series) -> list[str]:
    """Find what is wrong with a column of inputs or targets, whatever it holds."""
    if values.isna().all():
        return []
    if _is_constant(values):
        return ["the same in all rows: it tells nothing"]
    if _is_numbers(values):
        return _find_marks_of_missing(to_numbers(values).dropna())
    texts = values.dropna().astype(str).unique()
    return near_duplicates(texts) if len(texts) <= MAX_TEXTS else []


def _is_constant(values: pd.Series) -> bool:
    """Return whether a column is the same for all samples. A missing number becomes the median, a missing text not."""
    return values.nunique(dropna=_is_numbers(values)) == 1


def _find_marks_of_missing(numbers: pd.Series) -> list[str]:
    """Find numbers far from all others, such as -999, that seem to stand for missing values."""
    found = []
    for mark in MISSING:
        others = numbers[numbers != mark]
        count = len(numbers) - len(others)
        if count < 2 or not len(others):
            continue
        low, high = others.min(), others.max()
        is_below = mark < 0 and mark < low and (low >= 0 or low - mark > high - low)
        if is_below or (mark > 0 and low >= 0 and 5 * high < mark):
            found.append(f"{mark} in {counted(count, 'row')} stands for a missing value? leave these cells empty")
    return found


def _may_group(values: pd.Series) -> bool:
    """Return whether a column seems to tell which rows belong together, as those of a patient do."""
    present = values.dropna()
    num_different = present.nunique()
    if len(present) < MIN_ROWS or not 2 < num_different <= len(present) / 2:
        return False
    if _is_named_as_id(str(values.name)):
        return not _is_numbers(values) or not (to_numbers(present) % 1).any()
    is_text = not pd.api.types.is_numeric_dtype(values)
    return is_text and num_different >= 10 and bool(present.astype(str).str.fullmatch(CODE.pattern).all())


def _are_spread_evenly(numbers: np.ndarray) -> bool:
    """Return whether numbers (n,) fill their range evenly, by the test of Kolmogorov and Smirnov at 5 %."""
    if len(numbers) < MIN_SPREAD:
        return False
    place = (np.sort(numbers) - numbers.min()) / (numbers.max() - numbers.min())  # (n,), 0 to 1
    distance = np.abs(place - np.linspace(0, 1, len(numbers))).max()
    return bool(distance < 1.36 / np.sqrt(len(numbers)))


def _is_named_as_id(name: str) -> bool:
    """Return whether the last word of a name is one of `IDS`: customer_id, customerID, KundenNr, patient."""
    words = re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+", name)
    return bool(words) and IDS.fullmatch(words[-1].lower()) is not None
