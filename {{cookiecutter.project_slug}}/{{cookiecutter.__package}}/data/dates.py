"""Dates and times in a column of a table: all of them have one order of day and month."""

import re

import numpy as np
import pandas as pd

from ..config import UserError, quoted

# 2024-12-31 or 31.12.2024, with or without a time; a time alone; a duration as pandas writes it.
DATE = re.compile(
    r"(\d{4}([-./])\d{1,2}\2\d{1,2}|\d{1,2}([-./])\d{1,2}\3\d{4})([T ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?|-?\d+ days?.*"
)
# 31.12.2024, 12/31/2024 or 31.12.24; a year of two digits after a slash may as well be a day.
YEAR_LAST = re.compile(
    r"(?P<first>\d{1,2})(?P<between>\s*\.\s*|[-/]|\s)(?P<second>\d{1,2})(?:\s*\.\s*|[-/]|\s)"
    r"(?P<year>\d{4}|(?<=\.)\d{2}|(?<=\.\s)\d{2})(?P<rest>[T\s].*)?$"
)


def is_date(values: pd.Series) -> bool:
    """Return whether a column holds dates, times or durations, be they text or not."""
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        return True
    if pd.api.types.is_numeric_dtype(values):
        return False
    return _fits_most(DATE, values)


def to_sortable(values: np.ndarray, setting: str) -> np.ndarray:
    """Convert numbers or dates (n,) to values that can be sorted: (n,) float64, int64 or datetime64.

    Args:
        values: numbers, dates, or text of either. All dates of a column put day and month in one order.
        setting: that names their column, for the message.

    Raises:
        UserError: a value is neither a number nor a date, or it is not known which is the day and which the month.
    """
    column = pd.Series(values)
    numbers = pd.to_numeric(column, errors="coerce").where(column.notna())  # pandas makes a number of a missing date
    if not numbers.isna().any():
        return numbers.to_numpy()
    dates = _to_dates(column, setting)
    found = dates if numbers.isna().sum() > dates.isna().sum() else numbers
    if found.isna().any():
        value = values[int(found.isna().argmax())]
        raise UserError(f"{quoted(value)} in the column of {setting} is neither a number nor a date: correct it.")
    return found.to_numpy()


def _to_dates(column: pd.Series, setting: str) -> pd.Series:
    """Convert a column to dates without time zone; what is no date becomes missing.

    A year in front is followed by the month. Otherwise one order holds for the whole column: a value above 12 is the
    day and decides it; without one, points mean that the day is first.

    Raises:
        UserError: both orders fit, or the values contradict each other.
    """
    if not (pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)):
        return _parse_dates(column)
    texts = column.where(column.isna(), column.astype(str).str.strip())
    parts = texts.str.extract(YEAR_LAST)  # first and second number, separator, year, time
    numeric = parts["year"].notna()
    first, second = (pd.to_numeric(parts[name], errors="coerce") for name in ("first", "second"))
    pointed = parts["between"].str.strip() == "."
    month_first = second > 12
    day_first = (first > 12) | (pointed & ~month_first[pointed].any())
    unclear = numeric
    if month_first.any() and day_first.any():
        one, other = texts[day_first].iloc[0], texts[month_first].iloc[0]
        raise UserError(
            f"{quoted(one)} and {quoted(other)} in the column of {setting} put day and month in different orders: write"
            " all dates as 2024-12-31."
        )
    if month_first.any() or day_first.any():
        day, month = (second, first) if month_first.any() else (first, second)
        year = pd.to_numeric(parts["year"], errors="coerce")
        year = year.where(parts["year"].str.len() == 4, year + np.where(year < 69, 2000, 1900))  # 24 is 2024
        iso = [
            f"{y:04.0f}-{m:02.0f}-{d:02.0f}{rest}"
            for y, m, d, rest in zip(
                *(values[numeric] for values in (year, month, day, parts["rest"].fillna(""))), strict=True
            )
        ]
        texts = texts.astype(object)
        texts[numeric] = iso
        unclear = pd.Series(data=False, index=texts.index)
    year_in_front = texts.astype(str).str.match(r"\d{4}")
    dates = _parse_dates(texts)
    unclear = unclear | (~year_in_front & (dates != _parse_dates(texts.mask(year_in_front), dayfirst=True)))
    unclear &= dates.notna()
    if unclear.any():
        raise UserError(
            f"{quoted(texts[unclear].iloc[0])} in the column of {setting} does not say which is the day and which the"
            " month: write all dates as 2024-12-31."
        )
    return dates


def _parse_dates(texts: pd.Series, *, dayfirst: bool = False) -> pd.Series:
    """Convert each value to a date by itself; what is no date becomes missing."""
    return pd.to_datetime(texts, errors="coerce", format="mixed", utc=True, dayfirst=dayfirst).dt.tz_localize(None)


def _fits_most(pattern: re.Pattern[str], values: pd.Series) -> bool:
    """Return whether a pattern fits most of the first 1000 texts of a column."""
    some = values.dropna().head(1000).astype(str)
    return sum(bool(pattern.fullmatch(text)) for text in some) > len(some) / 2
