# SPDX-License-Identifier: GPL-2.0
"""schema.py SCHEMA LIST: does the JSON of lbhashctl match its documentation?

A line of the list is "yes" or "no", a definition, and a file. The file holds a
sequence of JSON values, which must all match the definition, or not.
"""

import json
import sys

from jsonschema import Draft202012Validator, FormatChecker


def values(text):
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:]


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    # To Python a bool is a number, to JSON Schema it is not.
    assert not Draft202012Validator({"type": "integer"}).is_valid(True)
    wrong = 0
    with open(sys.argv[2]) as file:
        lines = [line.split() for line in file]
    for want, kind, name in lines:
        assert want in ("yes", "no") and kind in schema["$defs"], (want, kind)
        judge = Draft202012Validator(
            {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]},
            format_checker=FormatChecker())
        with open(name) as file:
            found = list(values(file.read()))
        assert found, f"{name} is empty"
        for value in found:
            errors = list(judge.iter_errors(value))
            if want == "yes" and errors:
                worst = min(errors, key=lambda e: -len(e.absolute_path))
                print(f"{name}: no {kind}: {worst.json_path}: {worst.message}")
                wrong += 1
            if want == "no" and not errors:
                print(f"{name}: is a {kind}: {json.dumps(value)}")
                wrong += 1
    print(f"{len(lines)} files, {wrong} wrong")
    sys.exit(wrong > 0)


main()
