"""Where in an object: keys joined by dots."""


def split(path):
    """The keys. `\\.` is a dot within a key, `\\\\` a backslash. Raises ValueError."""
    keys = [""]
    characters = iter(path)
    for character in characters:
        if character == ".":
            keys.append("")
            continue
        if character == "\\":
            character = next(characters, "")
            if character not in (".", "\\"):
                raise ValueError("in a path, a backslash stands only before a dot or a backslash")
        keys[-1] += character
    if "" in keys:
        raise ValueError("a path is keys joined by single dots, such as `customer.name`")
    return tuple(keys)
