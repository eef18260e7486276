# SPDX-License-Identifier: MIT
"""Real answers held against the OpenAPI document that the server serves."""

import json
import re

import jsonschema


class Document:
    def __init__(self, document):
        self.document = document
        self.seen = set()
        self._patterns = [(re.compile("^" + re.sub(r"\{[^}]*\}", "[^/]+", path) + "$"), path)
                          for path in sorted(document["paths"], key=lambda path: path.count("{"))]

    def operations(self):
        """(method, path, status) of every answer that it promises."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in ("get", "post", "put", "delete"):
                    for status in operation["responses"]:
                        yield method.upper(), path, int(status)

    def check(self, method, target, answer):
        """Raises AssertionError where an answer is not as promised."""
        path = self._path(target.split("?")[0])
        if path is None or method.lower() not in self.document["paths"][path]:
            assert answer.status in (404, 405), f"{method} {target}: {answer.status}, and it is not in the document"
            self._check_schema({"$ref": "#/components/schemas/Problem"}, answer)
            return
        responses = self.document["paths"][path][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{method} {target}: {answer} is not in the document"
        self.seen.add((method, path, answer.status))
        content = responses[str(answer.status)].get("content", {})
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if not content:
            return
        assert kind in content, f"{method} {target}: {answer.status} is {kind!r}, not one of {list(content)}"
        if "json" in kind:
            self._check_schema(content[kind]["schema"], answer)

    def _path(self, target):
        for pattern, path in self._patterns:
            if pattern.match(target):
                return path
        return None

    def _check_schema(self, schema, answer):
        whole = dict(schema, components=self.document["components"])
        try:
            jsonschema.Draft202012Validator(whole).validate(json.loads(answer.body))
        except jsonschema.ValidationError as error:
            raise AssertionError(f"{answer}: {error.json_path}: {error.message}") from None
