"""Runs the tests of each template, in a process of its own: a component is one module, and all of these have the same name."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SDK = Path(__file__).parents[1]


class Templates(unittest.TestCase):
    def test_given_each_template_should_pass_its_own_tests(self):
        for kind in ("transform", "sink", "source"):
            with self.subTest(kind=kind), tempfile.TemporaryDirectory() as project:
                for part in ("common", kind):
                    shutil.copytree(SDK / "template" / part, project, dirs_exist_ok=True)
                environment = {"PYTHONPATH": str(SDK), "PYTHONDONTWRITEBYTECODE": "1"}
                tests = subprocess.run([sys.executable, "-m", "unittest"], cwd=project, env=environment, capture_output=True, text=True)
                self.assertEqual(tests.returncode, 0, tests.stderr)
                self.assertRegex(tests.stderr, r"Ran [1-9]")
