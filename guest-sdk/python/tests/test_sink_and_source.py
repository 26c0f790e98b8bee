import unittest

from kennel_sdk import Broken, Polled, Position, Receipt, metrics, state, testing
from kennel_sdk.bindings import Err
from kennel_sdk.stand_in import types

from .authors import sink, source


class Sinks(unittest.TestCase):
    def test_given_a_batch_should_answer_its_receipt(self):
        class Example:
            def consume(self, batch):
                receipt = Receipt.hold(batch)
                receipt.reject(batch[2], "bad", "why")
                receipt.retry(batch[0], "busy")
                return receipt

        receipt = testing.Guest(sink(Example), {}).consume(testing.batch(["a", "b", "c"]))
        self.assertEqual((receipt.handled, receipt.held), (3, True))
        self.assertEqual([(f.index, f.verdict, f.code) for f in receipt.failed], [(0, types.Verdict.RETRY, "busy"), (2, types.Verdict.REJECT, "bad")])

    def test_given_partitions_should_pass_them_both_ways(self):
        class Example:
            def assign(self, origin, saved):
                self.origin = origin
                return 42 if saved is None else None

            def consume(self, batch):
                return Receipt.delivered(batch)

            def flush(self):
                return [Position(self.origin, 50)]

            def revoke(self, origin, lost):
                self.origin = (origin, lost)

        guest = testing.Guest(sink(Example), {})
        self.assertEqual(guest.assign(testing.origin(epoch=3), None), 42)
        [position] = guest.flush()
        self.assertEqual((position.origin, position.next), (testing.origin(epoch=3), 50))
        guest.revoke(testing.origin(), True)

    def test_given_only_consume_should_answer_for_the_rest(self):
        class Example:
            def consume(self, batch):
                return Receipt(0, False)

        guest = testing.Guest(sink(Example), {})
        self.assertIsNone(guest.assign(testing.origin(), 7))
        self.assertEqual(guest.flush(), [])
        guest.revoke(testing.origin(), False)


class Sources(unittest.TestCase):
    def test_given_a_poll_should_answer_records_cursor_and_progress(self):
        class Example:
            def start(self, cursor):
                self.next = 0 if cursor is None else cursor["next"]

            def poll(self, limit, records):
                while not records.is_full(limit):
                    records.push(f"m{self.next}", headers={"n": self.next}, key="k", route=self.next % 2, id=self.next | 1 << 127)
                    self.next += 1
                return Polled.more({"next": self.next})

        guest = testing.Guest(source(Example, produces=["text"]), {})
        guest.start({"next": 5})
        records, cursor, progress = guest.poll(messages=2)
        self.assertEqual([(r.payload, r.headers, r.key, r.route) for r in records], [(b"m5", [("n", 5)], b"k", 1), (b"m6", [("n", 6)], b"k", 0)])
        self.assertEqual((cursor, progress), ({"next": 7}, "more"))
        guest.start(None)
        self.assertEqual(guest.poll(messages=1)[0][0].payload, b"m0")
        guest.confirm(b'{"next":1}')

    def test_given_ids_for_some_records_only_should_refuse(self):
        class Example:
            def start(self, cursor):
                pass

            def poll(self, limit, records):
                records.push("a", id=1)
                records.push("b")

        guest = testing.Guest(source(Example), {})
        guest.start(None)
        with self.assertRaisesRegex(ValueError, "all records"):
            guest.poll()

    def test_given_a_cursor_that_is_no_json_should_be_broken(self):
        class Example:
            def start(self, cursor):
                pass

            def poll(self, limit, records):
                pass

        with self.assertRaises(Err) as refused:
            testing.Guest(source(Example), {}).confirm(b"\xff")
        self.assertIsInstance(refused.exception.value, types.Error_Broken)
        self.assertTrue(issubclass(Broken, Exception))


class Host(unittest.TestCase):
    def setUp(self):
        testing.host.reset()

    def test_given_state_should_read_its_own_writes(self):
        state.put("a", b"1")
        state.put_many({"b": bytearray(b"2"), "c": b"3"})
        state.remove("c")
        self.assertEqual((state.get("a"), state.get_many(["b", "c"])), (b"1", [b"2", None]))
        self.assertEqual(state.scan("", after="a"), [("b", b"2")])

    def test_given_metrics_should_reach_the_host(self):
        metrics.add("rows")
        metrics.set("depth", 3)
        metrics.observe("seconds", 0.5)
        self.assertEqual(testing.host.metrics, [("add", "rows", 1), ("set", "depth", 3.0), ("observe", "seconds", 0.5)])
