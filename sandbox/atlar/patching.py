"""JSON Patch as the vendor offers it: `add`, `replace` and `remove`, on a closed list of paths per resource.

In: a list of operations (RFC 6902) and the paths a resource allows. Out: the patched copy, which the caller checks as
a whole. Versions, `If-Match` and storage are `records`' affair.
"""

import copy
from collections.abc import Mapping
from typing import Any

import jsonpatch

from sandbox.atlar.errors import AtlarError, bad_request

PatchPaths = Mapping[str, frozenset[str]]

ADD_REPLACE = frozenset({"add", "replace"})
ADD_REPLACE_REMOVE = frozenset({"add", "replace", "remove"})
REPLACE = frozenset({"replace"})
REPLACE_REMOVE = frozenset({"replace", "remove"})
ADD = frozenset({"add"})


def apply_patch(record: dict[str, Any], operations: object, allowed: PatchPaths) -> dict[str, Any]:
    """Applies JSON Patch operations to a copy.

    Args:
        record: The record as stored; it is not changed.
        operations: The request body.
        allowed: Path → operations; `/metadata/*` stands for any one key below `/metadata` (contract section 3.4).

    Returns:
        The patched copy.

    Raises:
        AtlarError: 400 for an (op, path) outside the list, a malformed operation, or a path that is not there.
    """
    if not isinstance(operations, list) or not operations:
        raise AtlarError(400, "Request body must be a non-empty JSON Patch array")
    for position, operation in enumerate(operations):
        _check(operation, position, allowed)
    result = copy.deepcopy(record)
    for position, operation in enumerate(operations):
        try:
            result = jsonpatch.apply_patch(result, [operation], in_place=True)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as refusal:
            raise bad_request(f"{position}.path", f"cannot be applied: {refusal}") from refusal
    return result


def _check(operation: object, position: int, allowed: PatchPaths) -> None:
    if not isinstance(operation, dict):
        raise bad_request(str(position), "must be an object")
    verb, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str) or not isinstance(verb, str) or verb not in _allowed_verbs(path, allowed):
        raise bad_request(f"{position}.path", f"operation {verb} is not allowed on {path}")
    if verb != "remove" and "value" not in operation:
        raise bad_request(f"{position}.value", "is required", "required")


def _allowed_verbs(path: str, allowed: PatchPaths) -> frozenset[str]:
    if path in allowed:
        return allowed[path]
    parent, _, key = path.rpartition("/")
    # `-` appends to a list and is listed by itself where offered; as a wildcard it would be a map key.
    return allowed.get(f"{parent}/*", frozenset()) if key and key != "-" else frozenset()
