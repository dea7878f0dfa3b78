# SPDX-License-Identifier: GPL-2.0
"""spec.py SPEC: generate the C tables of spec.h from a YNL specification."""

import sys

import yaml

KINDS = {"pad": "PAD", "flag": "FLAG", "u8": "U8", "u16": "U16", "u32": "U32",
         "u64": "U64", "string": "STRING", "binary": "BINARY", "nest": "NEST"}
BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}


def symbol(prefix, name):
    return (prefix + name).upper().replace("-", "_")


def ident(name):
    return name.replace("-", "_")


class Spec:
    def __init__(self, tree):
        self.tree = tree
        self.definitions = {d["name"]: d for d in tree["definitions"]}
        self.sets = {s["name"]: s for s in tree["attribute-sets"]}

    def number(self, value):
        """The value of a number or of a constant's name."""
        if isinstance(value, int):
            return value
        return self.definitions[value]["value"]

    def check_numbers(self, attr, row):
        """The range of an integer attribute, by its type, its enum and its
        checks."""
        checks = attr.get("checks", {})
        row["max"] = 2 ** BITS[attr["type"]] - 1
        if "enum" in attr:
            entries = self.definitions[attr["enum"]]["entries"]
            row["max"] = len(entries) - 1
            if attr.get("enum-as-flags"):
                row["max"] = row["mask"] = 2 ** len(entries) - 1
        row["min"] = self.number(checks.get("min", 0))
        row["max"] = self.number(checks.get("max", row["max"]))

    def check_bytes(self, attr, row):
        """The limits on the length of a string, without its zero, or of a
        blob."""
        checks = attr.get("checks", {})
        row["max"] = 0xffff
        if "exact-len" in checks:
            row["min"] = row["max"] = self.number(checks["exact-len"])
        if "min-len" in checks:
            row["min"] = self.number(checks["min-len"])
        if "max-len" in checks:
            row["max"] = self.number(checks["max-len"])

    def attribute(self, prefix, attr):
        row = {"name": '"%s"' % attr["name"],
               "id": symbol(prefix, attr["name"]),
               "kind": "ATTR_" + KINDS[attr["type"]]}
        if attr["type"] in BITS:
            self.check_numbers(attr, row)
        elif attr["type"] in ("string", "binary"):
            self.check_bytes(attr, row)
        elif attr["type"] == "nest":
            row["nested"] = "&spec_" + ident(attr["nested-attributes"])
        return row

    def print_set(self, attrs):
        name = ident(attrs["name"])
        rows = [self.attribute(attrs["name-prefix"], attr)
                for attr in attrs["attributes"]]
        print("static const struct attr_spec %s_attrs[] = {" % name)
        for row in rows:
            print("\t{ %s }," % ", ".join(
                ".%s = %s%s" % (key, value,
                                "u" if isinstance(value, int) else "")
                for key, value in row.items()))
        print("};\n\nconst struct set_spec spec_%s = {" % name)
        print('\t"%s", %s_attrs, %d\n};\n' % (name, name, len(rows)))

    @staticmethod
    def attributes(op, *kinds):
        """All attributes that these messages of an operation may have."""
        found = []
        for kind in kinds:
            message = op
            for word in kind.split():
                message = message.get(word, {})
            found += message.get("attributes", [])
        return list(dict.fromkeys(found))

    @staticmethod
    def mask(prefix, names):
        return " |\n\t\t".join("1ull << " + symbol(prefix, name)
                               for name in names) or "0"

    def print_operation(self, op):
        attrs = self.sets[op["attribute-set"]]
        prefix = attrs["name-prefix"]
        asked = self.attributes(op, "do request", "dump request")
        told = self.attributes(op, "do reply", "dump reply", "event")
        row = {"name": '"%s"' % op["name"],
               "cmd": symbol(self.tree["operations"]["name-prefix"],
                             op["name"]),
               "admin": int("uns-admin-perm" in op.get("flags", [])),
               "can_do": int("do" in op),
               "can_dump": int("dump" in op),
               "set": "&spec_" + ident(attrs["name"]),
               "request": self.mask(prefix, asked),
               "reply": self.mask(prefix, told)}
        print("\t{ %s }," % ",\n\t  ".join(".%s = %s" % item
                                          for item in row.items()))

    def print_all(self):
        print("/* Made by spec.py, do not edit. */")
        print("#include <stddef.h>\n#include <linux/lbhash.h>\n")
        print('#include "spec.h"\n')
        for name in self.sets:
            print("extern const struct set_spec spec_%s;" % ident(name))
        print()
        for attrs in self.sets.values():
            self.print_set(attrs)
        print("const struct op_spec spec_ops[] = {")
        operations = self.tree["operations"]["list"]
        for op in operations:
            self.print_operation(op)
        print("};\n\nconst unsigned int spec_n_ops = %d;" % len(operations))


with open(sys.argv[1], encoding="utf-8") as spec:
    Spec(yaml.safe_load(spec)).print_all()
