"""Run with: PYTHONPATH={{sdk}}/python python3 -m unittest"""

import unittest

import component
from kennel_sdk import testing


class Component(unittest.TestCase):
    def test_given_a_saved_cursor_should_go_on_behind_it(self):
        first = testing.Guest(component, {"last": 5})
        first.start(None)
        records, cursor, progress = first.poll(messages=3)
        self.assertEqual([record.payload for record in records], [b'{"number":1}', b'{"number":2}', b'{"number":3}'])
        self.assertEqual(progress, "more")

        restarted = testing.Guest(component, {"last": 5})
        restarted.start(cursor)
        records, _, progress = restarted.poll(messages=3)
        self.assertEqual([record.payload for record in records], [b'{"number":4}', b'{"number":5}'])
        self.assertEqual(progress, "finished")


if __name__ == "__main__":
    unittest.main()
