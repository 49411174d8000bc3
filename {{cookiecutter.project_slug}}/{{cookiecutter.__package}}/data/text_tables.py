"""Read text files of columns: their encoding, separator and size are found out before they are parsed.

Nothing is guessed without a word: an encoding besides UTF-8 is printed, and what fits none is refused.
"""

import codecs
import csv
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from ..config import UserError, listed, quoted
from .number_formats import COMMA_NUMBER

BLOCK = 2**22  # bytes that are looked at together
MAX_LINE = 2**24  # bytes of a line: 16 MB
MAX_COLUMNS = 100_000
MARKS = {  # at the start of a file, in the order in which they are looked for
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What Western text never has in Windows-1252: three letters with accents in a row, or quotes and daggers in a word.
NOT_WESTERN = re.compile(rb"[\xc0-\xff]{3}|[A-Za-z][\x82\x84\x86-\x89\x8b\x93\x94\x98\x9b][A-Za-z]")
NUMBER = re.compile(r"\s*([+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?|[+-]?inf|nan|)\s*", re.IGNORECASE)  # or nothing


@dataclass(frozen=True)
class TextFormat:
    """How a text file is to be read."""

    encoding: str
    separator: str


def find_text_format(path: Path) -> TextFormat:
    """Find out encoding and separator of a text file.

    Raises:
        UserError: a line is too long, or the encoding is neither UTF-8, UTF-16 with a mark, nor Windows-1252.
    """
    encoding = _find_encoding(path)
    lines = [line for line in _first_lines(path, encoding) if line.strip()]
    return TextFormat(encoding, _find_separator(lines or [""]))


def parse(
    path: Path,
    text_format: TextFormat,
    *,
    header: bool = True,
    columns: list[int] | None = None,
    as_text: bool = False,
    all_words: bool = False,
) -> pd.DataFrame:
    """Parse a text file.

    Args:
        path: of the file.
        text_format: of the file.
        header: whether the first line holds names.
        columns: numbers of those to read; None: all.
        as_text: read numbers as text too.
        all_words: take NA, None and the like as words, not as missing values.

    Raises:
        UserError: the file is empty, has no header, or lines of different lengths.
    """
    try:
        _refuse_other_separators(path, text_format.encoding)
        _check_first_line(path, text_format, header=header)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of lines that are too long
            return pd.read_csv(
                path,
                sep=text_format.separator,
                encoding=text_format.encoding,
                header=0 if header else None,
                usecols=columns,
                dtype=str if as_text else None,
                keep_default_na=not all_words,
                na_values=[""] if all_words else None,
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except UserError:
        raise
    except pd.errors.ParserWarning as error:
        raise UserError(f"{path}: lines have more fields than the header: give every column a name.") from error
    except Exception as error:
        raise UserError(f"{path} is not a whole table: {' '.join(str(error).split())[:200]}") from error


def print_encoding(path: Path, encoding: str) -> None:
    """Say which encoding a file was read with, if it is not UTF-8, and show a word by which to see whether it fits."""
    if encoding == "cp1252":
        for number, line in enumerate(_binary_lines(path), 1):
            if not line.isascii():
                words = re.split(r"[ \t\r\n]+", line.decode(encoding))  # a no-break space is part of a word
                word = next(word for word in words if not word.isascii())
                print(
                    f"{path} is not encoded as UTF-8: read as Windows-1252, such as {quoted(word)} in line {number}."
                    " If that is wrong, save it as UTF-8."
                )
                return


def place_in_text(path: Path, row: int) -> str:
    """Name the line of a row. It is looked up, because empty lines are no rows."""
    text_format = find_text_format(path)
    with path.open(encoding=text_format.encoding, newline="") as lines:
        csv.field_size_limit(2**31 - 1)  # as pandas, which has read the file
        reader = csv.reader(lines, delimiter=text_format.separator, skipinitialspace=True)
        line_numbers = (reader.line_num for fields in reader if fields not in ([], [""]))
        return f"{path} line {next(islice(line_numbers, row + 1, None))}"  # the first is the header


def first_record(path: Path, text_format: TextFormat) -> list[str]:
    """Read the fields of the first line."""
    with path.open(encoding=text_format.encoding, errors="replace", newline="") as file:
        csv.field_size_limit(2**31 - 1)
        reader = csv.reader(file, delimiter=text_format.separator, skipinitialspace=True)
        return next((fields for fields in reader if fields not in ([], [""])), [])


def _find_encoding(path: Path) -> str:
    """Find the encoding of a file: all of it is looked at, block by block."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, encoding in MARKS.items():
            if start.startswith(mark):
                return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        is_utf8 = True
        open_line = 0  # bytes of the line that the block before left open
        while block := file.read(BLOCK):
            if b"\0" in block:
                raise UserError(f"{path} holds bytes of zero, which text does not: save it as text in UTF-8.")
            end = block.find(b"\n")
            if open_line + (len(block) if end < 0 else end) > MAX_LINE:
                raise UserError(f"{path} has a line of more than {MAX_LINE / 1e6:.0f} MB: it is no table.")
            open_line = open_line + len(block) if end < 0 else len(block) - block.rfind(b"\n")
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
                decoder.reset()
    if not is_utf8:
        _require_western(path)
        return "cp1252"
    return "utf-8-sig"  # with or without a mark


def _require_western(path: Path) -> None:
    """Raise UserError where a file that is not UTF-8 is not Windows-1252 either, or where it mixes the two."""
    first_utf8 = first_other = 0
    for number, line in enumerate(_binary_lines(path), 1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            first_utf8 = first_utf8 or number
        except UnicodeDecodeError:
            first_other = first_other or number
            undefined = line.translate(None, delete=bytes({*range(256)} - {0x81, 0x8D, 0x8F, 0x90, 0x9D}))
            if undefined or NOT_WESTERN.search(line):
                raise UserError(
                    f"{path} line {number} is not encoded as UTF-8, nor as Windows-1252: save the file as UTF-8."
                ) from None
        if first_utf8 and first_other:
            raise UserError(
                f"{path} line {first_other} is not encoded as UTF-8, but line {first_utf8} is: save the whole file as"
                " UTF-8."
            )


def _binary_lines(path: Path) -> Iterator[bytes]:
    """Iterate over the lines of a file as bytes."""
    with path.open("rb") as file:
        yield from file


def _first_lines(path: Path, encoding: str) -> list[str]:
    """Read the first three lines."""
    with path.open(encoding=encoding, errors="replace") as file:
        return [file.readline(MAX_LINE) for _ in range(3)]


def _find_separator(lines: list[str]) -> str:
    """Find the separator: the comma, semicolon, tab or | that splits the first lines into most fields, the same number.

    Where none does, it is the one that the first line has most of.
    """
    csv.field_size_limit(2**31 - 1)
    widths = {}  # fields in each line, by mark
    for mark in ";\t|,":  # of equals the first: a comma may be in names and numbers
        records = list(csv.reader(lines, delimiter=mark, skipinitialspace=True))
        width = len(records[0])
        if width > 1 and all(len(fields) == width for fields in records):
            widths[mark] = width
            if mark != "," and any(all(map(COMMA_NUMBER.fullmatch, map(str.strip, fields))) for fields in records):
                return mark  # 1,5;2,5
    if widths:
        return max(widths, key=widths.__getitem__)
    return max(",;\t|", key=lines[0].count)


def _refuse_other_separators(path: Path, encoding: str) -> None:
    """Raise UserError where the first lines have several fields between blanks, and no separator."""
    lines = [line.strip() for line in _first_lines(path, encoding) if line.strip()]
    if any(mark in line for line in lines for mark in ",;\t|"):
        return
    counts = {len(line.split()) for line in lines}
    if len(lines) > 1 and len(counts) == 1 and counts != {1}:
        raise UserError(f"{path} separates fields by blanks: save it with commas, semicolons or tabs between them.")


def _check_first_line(path: Path, text_format: TextFormat, *, header: bool) -> None:
    """Raise UserError where the first line has too many fields, or is to be a header and is none."""
    fields = [field.strip() for field in first_record(path, text_format)]
    if len(fields) > MAX_COLUMNS:
        raise UserError(
            f"{path} has {len(fields):,} columns, more than {MAX_COLUMNS:,}: store such data as an array (.npz)."
        )
    if not header:
        return
    names = [name for name in fields if name]
    if names and all(NUMBER.fullmatch(name) for name in names) and not _counts_columns(names):
        raise UserError(
            f"{path} has no header: its first line holds nothing but numbers, {listed(names)}. Put a line above it that"
            " names the columns; if these are the names, begin them with a letter."
        )
    if len(set(names)) < len(names):
        name = next(name for number, name in enumerate(names) if name in names[:number])
        raise UserError(
            f"{path} has two columns {quoted(name)}: give each a name of its own; if the first line is data, put one"
            " above it that names the columns."
        )


def _counts_columns(names: list[str]) -> bool:
    """Return whether names are 0, 1, 2, ... or 1, 2, 3, ..., as pandas writes columns without a name."""
    return any(names == [str(number) for number in range(start, start + len(names))] for start in (0, 1))
