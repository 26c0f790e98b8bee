"""The failed messages of one call, one entry each, ascending: the last word about a message counts."""

from .bindings import types


class Failures:
    __slots__ = ("_by_index",)

    def __init__(self):
        self._by_index = {}

    def __len__(self):
        return len(self._by_index)

    def add(self, index, code, detail, retry):
        verdict = types.Verdict.RETRY if retry else types.Verdict.REJECT
        self._by_index[index] = types.Failure(index, verdict, code, str(detail))

    def to_wit(self):
        return [failure for _, failure in sorted(self._by_index.items())]
