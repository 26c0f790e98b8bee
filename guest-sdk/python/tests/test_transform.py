import unittest

from kennel_sdk import Broken, Fenced, InvalidConfig, OtherError, Reject, Retry, Unauthorized, Unavailable, testing
from kennel_sdk.bindings import Err
from kennel_sdk.stand_in import types

from .authors import transform


def apply(function, batch, config=None):
    class Example:
        pass

    Example.apply = lambda self, batch, output: function(batch, output)
    return testing.Guest(transform(Example), config or {}).apply(batch)


def apply_one(function, batch):
    class Example:
        pass

    Example.apply_one = lambda self, message, output: function(message, output)
    return testing.Guest(transform(Example), {}).apply(batch)


class Outputs(unittest.TestCase):
    def test_given_kept_parts_should_send_no_bytes_for_them(self):
        def fill(batch, output):
            first, second, third, _ = batch
            output.keep(first)
            output.payload(second, "new")
            output.headers(third, {"h": 1})

        made = apply(fill, testing.batch(["a", "b", "c", "d"], [{"k": str(n)} for n in range(4)]))
        self.assertEqual([(o.payload, o.headers) for o in made.outputs], [(b"a", [("k", "0")]), (b"new", [("k", "1")]), (b"c", [("h", 1)])])
        self.assertEqual(made.raw.replaced, bytes([0, 1, 2]))
        self.assertEqual(made.raw.messages.spans[:8], [0, 0, 0, 0, 0, 3, 0, 0])
        self.assertEqual((made.raw.input_ends, made.raw.messages.keys, made.raw.messages.routes), ([], [], []))

    def test_given_one_to_many_and_many_to_one_should_name_the_inputs(self):
        def fill(batch, output):
            first, second, third = batch
            output.keep(first)
            output.emit(second, payload=b"x", key="k", route=1)
            output.emit(second, payload=b"y")
            output.merge([third, first], payload=b"z", headers={"n": 2})

        made = apply(fill, testing.batch(["a", "b", "c"]))
        self.assertEqual([o.inputs for o in made.outputs], [(0,), (1,), (1,), (0, 2)])
        self.assertEqual([(o.payload, o.key, o.route) for o in made.outputs], [(b"a", b"", 0), (b"x", b"k", 1), (b"y", b"", 0), (b"z", b"", 0)])
        self.assertEqual(made.raw.input_ends, [1, 2, 3, 5])

    def test_given_failures_and_absorbed_should_answer_them_ascending_and_once(self):
        def fill(batch, output):
            messages = list(batch)
            for index in (3, 1, 3):
                output.fail(messages[index], "late", retry=index == 1)
            for index in (2, 0, 2):
                output.absorb(messages[index])

        made = apply(fill, testing.batch(["a", "b", "c", "d"]))
        self.assertEqual([(f.index, f.verdict) for f in made.raw.failed], [(1, types.Verdict.RETRY), (3, types.Verdict.REJECT)])
        self.assertEqual(made.absorbed, [0, 2])

    def test_given_a_format_should_pass_it_on_or_change_it(self):
        self.assertEqual(apply(lambda batch, output: None, testing.batch([], format="cbor")).raw.messages.format, types.Format_Other("cbor"))

        def fill(_, output):
            output.format = "text"

        self.assertEqual(apply(fill, testing.batch([])).raw.messages.format, types.Format_Text())


class Messages(unittest.TestCase):
    def test_given_a_message_should_tell_its_facts_and_copy_nothing(self):
        seen = []

        def fill(batch, _):
            self.assertEqual((len(batch), batch.begin, batch.end, batch.origin.topic), (2, 7, 9, "orders"))
            for message in batch:
                seen.append((message.offset, message.ordinal, message.timestamp, message.origin_timestamp, message.id, message.header("k")))
                self.assertIsInstance(message.payload, memoryview)
            self.assertEqual(batch[-1].text(), '{"b":1}')
            self.assertEqual(batch[-1].json(), {"b": 1})

        def with_columns(batch, output):
            testing.host.columns.update({"timestamp": [1, 2], "id-low": [2**64 - 1, 4], "id-high": [1, 0]})
            fill(batch, output)

        apply(with_columns, testing.batch(["a", '{"b":1}'], [{"k": 5}, {}], first_offset=7, origin=testing.origin(topic="orders")))
        self.assertEqual(seen, [(7, 0, 1, None, 2**65 - 1, 5), (8, 0, 2, None, 4, None)])

    def test_given_isolation_should_mark_each_message_before_it_is_seen(self):
        def fill(batch, _):
            for message in batch:
                self.assertEqual(testing.host.marks[-1], message.index)

        apply(fill, testing.batch(["a", "b"], isolate=True))
        self.assertEqual(testing.host.marks, [0, 1])
        apply(lambda batch, output: list(batch), testing.batch(["a", "b"]))
        self.assertEqual(testing.host.marks, [])


class Exceptions(unittest.TestCase):
    def test_given_one_bad_message_should_fail_it_and_take_back_its_outputs(self):
        def one(message, output):
            output.payload(message, b"half")
            if message.index == 1:
                output.absorb(message)
                raise ZeroDivisionError("oops")
            if message.index == 2:
                raise Retry("later", "not yet")
            if message.index == 3:
                raise Reject("never")

        made = apply_one(one, testing.batch(["a", "b", "c", "d", "e"]))
        self.assertEqual([o.inputs for o in made.outputs], [(0,), (4,)])
        self.assertEqual([(f.index, f.code, f.detail) for f in made.raw.failed],
                         [(1, "exception", "ZeroDivisionError: oops"), (2, "later", "not yet"), (3, "never", "")])
        self.assertEqual((made.absorbed, made.raw.messages.data), ([], b"halfhalf"))
        [(level, message, fields)] = testing.host.logs
        self.assertEqual((level, message, fields["offset"]), ("ERROR", "uncaught ZeroDivisionError: oops", "1"))
        self.assertIn("ZeroDivisionError", fields["traceback"])

    def test_given_an_error_about_the_call_should_answer_its_variant(self):
        expected = {
            Unavailable("down", 1.5): types.Error_Unavailable(types.Unavailability("down", 1500)),
            Unavailable("down"): types.Error_Unavailable(types.Unavailability("down", None)),
            Unauthorized("no"): types.Error_Unauthorized("no"),
            InvalidConfig("bad"): types.Error_InvalidConfig("bad"),
            Fenced("gone"): types.Error_Fenced("gone"),
            Broken("self"): types.Error_Broken("self"),
            OtherError("new"): types.Error_Other("new"),
            PermissionError("denied"): types.Error_Unauthorized("denied"),
            ConnectionResetError("reset"): types.Error_Unavailable(types.Unavailability("reset", None)),
        }
        for error, variant in expected.items():
            def one(message, output, error=error):
                raise error

            with self.subTest(error=repr(error)):
                with self.assertRaises(Err) as refused:
                    apply_one(one, testing.batch(["a"]))
                self.assertEqual(refused.exception.value, variant)

    def test_given_a_defect_in_apply_should_log_it_and_trap(self):
        def fill(batch, output):
            raise KeyError("x")

        with self.assertRaises(KeyError):
            apply(fill, testing.batch(["a"]))
        self.assertEqual(testing.host.logs[0][0], "ERROR")


class Lifecycle(unittest.TestCase):
    def test_given_a_description_should_answer_every_key(self):
        class Example:
            def apply(self, batch, output):
                pass

        described = testing.Guest(transform(Example, version="1.2.3", asks=[{"capability": "http", "target": "config:/url", "reason": "why"}])).describe()
        self.assertEqual(set(described), {"name", "version", "licence", "kind", "config_schema", "accepts", "produces", "delivery", "ordered",
                                          "heartbeat_ms", "state_version", "metrics", "asks", "sdk"})
        self.assertEqual((described["kind"], described["version"], described["sdk"]["language"]), ("transform", "1.2.3", "python"))

    def test_given_a_class_that_cannot_be_one_should_say_so_at_once(self):
        with self.assertRaisesRegex(TypeError, "apply or apply_one"):
            transform(type("Example", (), {}))
        with self.assertRaisesRegex(TypeError, "would hide an export"):
            transform(type("Transform", (), {"apply": lambda self, batch, output: None}))
        with self.assertRaisesRegex(ValueError, "delivery is one of"):
            transform(type("Example", (), {"apply": lambda self, batch, output: None}), delivery="maybe")

    def test_given_problems_should_refuse_to_open(self):
        class Example:
            @staticmethod
            def validate(config):
                return [("/url", "is missing")] if "url" not in config else []

            def apply(self, batch, output):
                pass

        guest = testing.Guest(transform(Example))
        self.assertEqual(guest.validate({}), [("/url", "is missing")])
        with self.assertRaises(Err) as refused:
            guest.open({})
        self.assertEqual(refused.exception.value, types.Error_InvalidConfig("/url: is missing"))
        guest.open({"url": "x"})

    def test_given_a_call_before_open_should_be_broken(self):
        class Example:
            def apply(self, batch, output):
                pass

        guest = testing.Guest(transform(Example))
        with self.assertRaises(Err) as refused:
            guest.apply(testing.batch(["a"]))
        self.assertEqual(refused.exception.value, types.Error_Broken("called before open"))
        guest.open({})
        guest.tick()
        guest.close()
        with self.assertRaises(Err):
            guest.apply(testing.batch(["a"]))
