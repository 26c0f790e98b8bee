import unittest

from kennel_sdk import headers


class Headers(unittest.TestCase):
    def test_given_values_of_each_type_should_read_what_was_written(self):
        pairs = [("raw", b"\xff\x00"), ("text", "größe"), ("yes", True), ("no", False), ("small", -1), ("large", 2**63),
                 ("larger", -(2**100)), ("largest", 2**128 - 1), ("fraction", 0.25)]
        self.assertEqual(headers.decode(headers.encode(pairs)), pairs)
        self.assertEqual(headers.decode(headers.encode(dict(pairs))), pairs)

    def test_given_every_integer_kind_should_read_it(self):
        for kind, size, signed in [(4, 1, True), (5, 2, True), (6, 4, True), (7, 8, True), (8, 16, True),
                                   (9, 1, False), (10, 2, False), (11, 4, False), (12, 8, False), (13, 16, False)]:
            value = -2 if signed else 250
            encoded = b"\x02\x01\0\0\0k" + bytes([kind]) + size.to_bytes(4, "little") + value.to_bytes(size, "little", signed=signed)
            with self.subTest(kind=kind):
                self.assertEqual(headers.decode(encoded), [("k", value)])

    def test_given_a_kind_of_the_future_should_skip_that_header(self):
        known = headers.encode({"known": "1"})
        unknown = bytearray(known)
        unknown[10] = 200
        self.assertEqual(headers.decode(bytes(unknown) + known), [("known", "1")])

    def test_given_torn_headers_should_stop(self):
        encoded = headers.encode({"one": "1", "two": "2"})
        for cut in range(len(encoded)):
            self.assertLessEqual(len(headers.decode(memoryview(encoded)[:cut])), 1)

    def test_given_what_the_host_refuses_should_refuse_it_first(self):
        for pairs in ({"kennel.x": "1"}, {"": "1"}, {"k": ""}, {"k" * 256: "1"}, {"k": "v" * 256}, {"k": 2**128}):
            with self.subTest(pairs=str(pairs)[:20]), self.assertRaises(ValueError):
                headers.encode(pairs)
