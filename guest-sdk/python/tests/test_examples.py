"""Runs the tests of the examples, which lie beside them as an author's would."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "examples/fields"))

from test_fields import GoldenCases

__all__ = ["GoldenCases"]
