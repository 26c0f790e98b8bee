"""The cases that every fields transform has to pass."""

import json
import unittest
from pathlib import Path

import fields
from kennel_sdk import testing
from kennel_sdk.bindings import Err
from kennel_sdk.stand_in import types

GOLDEN = json.loads((Path(__file__).parents[4] / "tests/golden/fields.json").read_text(encoding="utf-8"))


def batch_of(messages):
    count = len(messages)
    payloads = [bytes.fromhex(m["payload_hex"]) if "payload_hex" in m else m["payload"] for m in messages]
    headers = [[(header["key"], header["value"]) for header in m.get("headers", [])] for m in messages]
    testing.host.columns["timestamp"] = [GOLDEN["first_timestamp"] + number for number in range(count)]
    testing.host.columns["origin-timestamp"] = [GOLDEN["first_origin_timestamp"] + number for number in range(count)]
    return testing.batch(payloads, headers, first_offset=GOLDEN["first_offset"], origin=testing.origin(**GOLDEN["origin"]))


class GoldenCases(unittest.TestCase):
    maxDiff = None

    def test_given_a_golden_case_should_answer_what_every_language_answers(self):
        self.assertGreater(len(GOLDEN["cases"]), 20)
        for case in GOLDEN["cases"]:
            with self.subTest(case["name"]):
                made = testing.Guest(fields, case["config"]).apply(batch_of(case["messages"]))
                answers = {output.inputs[0]: {"payload": output.payload.decode()} for output in made.outputs}
                answers.update({index: {"failed": code} for index, code in made.failed})
                self.assertEqual([answers.get(number) for number in range(len(case["messages"]))], case["expect"])
                for output in made.outputs:
                    headers = case["messages"][output.inputs[0]].get("headers", [])
                    self.assertEqual(output.headers, [(header["key"], header["value"]) for header in headers])

    def test_given_an_invalid_configuration_should_refuse_it_and_say_where(self):
        for case in GOLDEN["invalid_configs"]:
            with self.subTest(case["name"]):
                guest = testing.Guest(fields)
                self.assertTrue(guest.validate(case["config"]))
                with self.assertRaises(Err) as refused:
                    guest.open(case["config"])
                self.assertIsInstance(refused.exception.value, types.Error_InvalidConfig)


if __name__ == "__main__":
    unittest.main()
