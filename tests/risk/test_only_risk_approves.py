"""Only the package `risk` constructs an Approved: checked over the syntax tree of everything else.

Found are calls of the name under any alias, through its module, through `replace`, `convert` or a decoder of
msgspec, and through `__new__`, wherever the type is named.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hedger

PACKAGE = Path(hedger.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "risk")
MAKERS = {"replace", "__replace__", "convert", "decode", "Decoder", "__new__", "partial", "copy", "deepcopy"}


def aliases(tree: ast.AST) -> set[str]:
    """Every local name of the type: imported as, or assigned from another such name."""
    names = {"Approved"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {item.asname for item in node.names if item.name == "Approved" and item.asname}
    grown = 0
    while grown != len(names):
        grown = len(names)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and is_type(node.value, names):
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def is_type(node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    return isinstance(node, ast.Attribute) and node.attr == "Approved"


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def constructions(tree: ast.AST) -> Iterator[int]:
    """Lines on which an Approved is made."""
    names = aliases(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        named = any(is_type(part, names) for value in given for part in ast.walk(value))
        copied = any(isinstance(part, ast.Name) and part.id == "approved" for part in given)
        if is_type(node.func, names) or (called(node) in MAKERS and (named or copied)):
            yield node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_outside_risk_constructs_an_approval(path: Path) -> None:
    assert list(constructions(ast.parse(path.read_text()))) == []


def test_inside_risk_exactly_one_line_does() -> None:
    found = [
        (path.name, line)
        for path in sorted((PACKAGE / "risk").glob("*.py"))
        for line in constructions(ast.parse(path.read_text()))
    ]
    assert [name for name, _ in found] == ["admit.py"]


@pytest.mark.parametrize(
    "source",
    [
        "from hedger.domain.approval import Approved\nApproved(intent, mode)",
        "from hedger.domain.approval import Approved as Yes\nYes(intent, mode)",
        "from hedger.domain import approval\napproval.Approved(intent=intent, mode=mode)",
        "from hedger.domain.approval import Approved\nYes = Approved\nYes(intent, mode)",
        "msgspec.structs.replace(approved, intent=other)",
        "msgspec.convert(data, type=Approved)",
        "msgspec.json.Decoder(Approved | None)",
        "Approved.__new__(Approved)",
        "partial(Approved, mode=mode)",
    ],
)
def test_the_check_sees_through_disguises(source: str) -> None:
    assert list(constructions(ast.parse(source)))


def test_the_check_lets_types_and_matches_pass() -> None:
    source = "match answer:\n    case Approved(intent=i):\n        isinstance(answer, Approved)"
    assert list(constructions(ast.parse(source))) == []
