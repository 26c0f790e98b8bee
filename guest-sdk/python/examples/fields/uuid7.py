"""Ids that a replay makes again: version 7 UUIDs whose random bits come from the message's place.

The same ids as those of the Rust transform, so that a topic may change from one to the other.
"""

_WORD = (1 << 64) - 1


def uuid7(message):
    """None if the time of the message is not known."""
    timestamp = message.timestamp
    if timestamp is None:
        return None
    origin = message.batch.origin
    lanes = [0x243F6A8885A308D3, 0x13198A2E03707344]
    for name in (origin.stream, origin.topic):
        _text(lanes, name.encode())
    for number in (origin.partition, origin.epoch, message.offset, message.ordinal):
        _word(lanes, number)
    high, low = map(_mix, lanes)
    milliseconds = timestamp // 1_000
    return (
        f"{milliseconds >> 16 & 0xFFFFFFFF:08x}-{milliseconds & 0xFFFF:04x}-7{high & 0xFFF:03x}-"
        f"{0x8000 | high >> 12 & 0x3FFF:04x}-{low & 0xFFFFFFFFFFFF:012x}"
    )


def _text(lanes, data):
    # The length keeps ("ab", "c") and ("a", "bc") apart.
    _word(lanes, len(data))
    for start in range(0, len(data), 8):
        _word(lanes, int.from_bytes(data[start:start + 8], "little"))


def _word(lanes, word):
    for number, lane in enumerate(lanes):
        turned = (lane << 23 | lane >> 41) & _WORD
        lanes[number] = _mix(turned ^ _mix(word + lane & _WORD))


def _mix(word):
    """One step of splitmix64."""
    word = word + 0x9E3779B97F4A7C15 & _WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return word ^ word >> 31
