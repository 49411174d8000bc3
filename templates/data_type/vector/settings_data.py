ignore: list[str]  # columns that the model must not see: numbers of rows, names, what is known only afterwards
categories: list[str]  # columns of numbers that are names of categories, such as postcodes
