import json
import random
import unittest

from kennel_sdk import JsonObject, Reject


class JsonObjects(unittest.TestCase):
    def test_given_untouched_text_should_answer_the_very_same(self):
        text = ' { "a" : [ 1.0 , {"x":2} ] , "b":{ } } '
        self.assertEqual(JsonObject.parse(text).encode(), text)

    def test_given_an_opened_but_unchanged_child_should_keep_its_white_space(self):
        edited = JsonObject.parse('{"a":{ "b" : 1 },"c":2}')
        self.assertEqual(edited.get(("a", "b")), "1")
        edited.put(("c",), "3")
        self.assertEqual(edited.encode(), '{"a":{ "b" : 1 },"c":3}')

    def test_given_edits_in_turn_should_see_each_other(self):
        edited = JsonObject.parse('{"a":{"x":1}}')
        edited.put(("a", "y", "z"), "2")
        self.assertEqual(edited.get(("a", "y")), '{"z":2}')
        self.assertEqual(edited.remove(("a", "x")), "1")
        self.assertIsNone(edited.remove(("a", "x")))
        self.assertEqual(edited.encode(), '{"a":{"y":{"z":2}}}')

    def test_given_broken_text_should_reject_it_wherever_it_breaks(self):
        whole = '{"a":[1,{"b":"c\\u00e9"}],"d":{"e":null,"f":-1.5e3},"g":true}'
        for cut in range(len(whole)):
            with self.subTest(cut=cut), self.assertRaises(Reject) as rejected:
                JsonObject.parse(whole[:cut])
            self.assertEqual(rejected.exception.code, "not_json")

    def test_given_random_damage_should_agree_with_the_strict_parser(self):
        def refuse(name):
            raise ValueError(name)

        chosen = random.Random(7)
        whole = '{"a":[1,{"b":"c"}],"d":{"e":null},"f":-1.5e3 , "g":"\\n"}'
        alphabet = '{}[],:"\\ 01e-.\x00nt'
        agreed = {True: 0, False: 0}
        for _ in range(5000):
            text = list(whole)
            for _ in range(chosen.randrange(1, 4)):
                text[chosen.randrange(len(text))] = chosen.choice(alphabet)
            text = "".join(text)
            try:
                expected = isinstance(json.loads(text, parse_constant=refuse), dict)
            except ValueError:
                expected = False
            try:
                JsonObject.parse(text)
                actual = True
            except Reject:
                actual = False
            self.assertEqual(actual, expected, text)
            agreed[actual] += 1
        self.assertTrue(agreed[True] > 100 and agreed[False] > 1000, agreed)
