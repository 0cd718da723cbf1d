"""Prints the cases of django-migration-linter's unit tests as JSON.

The argument is its file tests/unit/test_sql_analyser.py, which is read and not run.
"""

import ast
import json
import sys


def texts(value):
    """Returns the statements of a literal: a text, a list or a tuple of texts."""
    literal = ast.literal_eval(value)
    return [literal] if isinstance(literal, str) else list(literal)


def cases(tree):
    for group in tree.body:
        vendor = next(
            (
                line.value.value
                for line in getattr(group, "body", [])
                if isinstance(line, ast.Assign) and line.targets[0].id == "database_vendor"
            ),
            "default",
        )
        if vendor == "default":
            continue
        for function in (line for line in group.body if isinstance(line, ast.FunctionDef)):
            sql = None
            for line in function.body:
                if isinstance(line, ast.Assign) and line.targets[0].id == "sql":
                    sql = texts(line.value)
                elif isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
                    assertion = line.value.func.attr
                    yield {
                        "vendor": vendor,
                        "test": function.name,
                        "sql": sql,
                        "is_reported": assertion != "assertValidSql",
                        "allows_warnings": bool(line.value.keywords) and not assertion.endswith("WarningSql"),
                    }


with open(sys.argv[1], encoding="utf-8") as source:
    json.dump(list(cases(ast.parse(source.read()))), sys.stdout)
