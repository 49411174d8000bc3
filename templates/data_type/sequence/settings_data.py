ignore: list[str]  # columns that the model must not see
sequence_column: str  # table with a row a step: the column that tells which sequence a row belongs to
step_column: str  # and the column that orders its rows; empty: as they stand
file_column: str  # table of files, a sequence each: the column with their names
pad: bool  # sequences may differ in length: shorter ones are padded, and the padding is masked
fill_gaps: Annotated[Literal["none", "last"], Absent("none")]  # refuse missing values, or carry the last forward
