"""Run with: PYTHONPATH={{sdk}}/python python3 -m unittest"""

import unittest

import component
from kennel_sdk import testing


class Component(unittest.TestCase):
    def test_given_numbers_should_add_them_up_and_reject_the_rest(self):
        guest = testing.Guest(component, {"field": "total"})
        receipt = guest.consume(testing.batch(['{"total":1.5}', "nonsense", '{"total":2}']))
        self.assertEqual([failure.index for failure in receipt.failed], [1])
        self.assertEqual(testing.host.logs[-1], ("INFO", "added up", {"field": "total", "sum": "3.5"}))

    def test_given_an_empty_field_should_find_the_problem(self):
        self.assertEqual(testing.Guest(component).validate({"field": ""}), [("/field", "is empty")])


if __name__ == "__main__":
    unittest.main()
