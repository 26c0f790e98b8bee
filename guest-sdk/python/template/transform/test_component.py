"""Run with: PYTHONPATH={{sdk}}/python python3 -m unittest"""

import unittest

import component
from kennel_sdk import testing


class Component(unittest.TestCase):
    def test_given_long_and_short_should_pass_and_mark_the_short(self):
        guest = testing.Guest(component, {"longest": 5, "mark": "me"})
        made = guest.apply(testing.batch(["short", "longer"], [{"trace": "7"}, {}]))
        [output] = made.outputs
        self.assertEqual((output.payload, output.headers), (b"short", [("trace", "7"), ("checked-by", "me")]))


if __name__ == "__main__":
    unittest.main()
