"""Message headers: `[key kind u8][key length u32 LE][key][value kind u8][value length u32 LE][value]`, repeated."""

import struct

_RAW, _TEXT, _BOOL, _F32, _F64 = 1, 2, 3, 14, 15
# Bytes and sign of the integer kinds.
_INTEGERS = {4: (1, True), 5: (2, True), 6: (4, True), 7: (8, True), 8: (16, True),
             9: (1, False), 10: (2, False), 11: (4, False), 12: (8, False), 13: (16, False)}
_LONGEST = 255
_RESERVED = "kennel."
_UNKNOWN = object()


def decode(encoded):
    """The headers as (key, value) pairs in their order, without those of kinds that this version does not know."""
    pairs = []
    at = 0
    try:
        while at < len(encoded):
            key_kind, key, at = _field(encoded, at)
            value_kind, value, at = _field(encoded, at)
            value = _value(value_kind, value)
            if key_kind in (_RAW, _TEXT) and value is not _UNKNOWN:
                pairs.append((str(key, "utf-8"), value))
    except (struct.error, UnicodeDecodeError):
        # Ends at the first byte that is no header, as in the other SDKs.
        pass
    return pairs


def _field(encoded, at):
    kind, length = struct.unpack_from("<BI", encoded, at)
    start = at + 5
    if start + length > len(encoded):
        raise struct.error("torn header")
    return kind, encoded[start:start + length], start + length


def _value(kind, data):
    if kind == _TEXT:
        return str(data, "utf-8")
    if kind == _RAW:
        return bytes(data)
    if kind in _INTEGERS:
        size, signed = _INTEGERS[kind]
        return int.from_bytes(data, "little", signed=signed) if len(data) == size else _UNKNOWN
    if kind == _BOOL:
        return data[0] != 0 if len(data) == 1 else _UNKNOWN
    if kind == _F32:
        return struct.unpack("<f", data)[0] if len(data) == 4 else _UNKNOWN
    if kind == _F64:
        return struct.unpack("<d", data)[0] if len(data) == 8 else _UNKNOWN
    return _UNKNOWN


def encode(headers):
    """Encodes a mapping or (key, value) pairs; bytes are taken as encoded already.

    `str`, `bytes`, `bool`, `int` and `float` become text, raw, bool, the smallest of s64, u64, s128, u128 that fits, and f64.

    Raises ValueError for what the host would refuse: empty or longer than 255 bytes, a key that starts with `kennel.`.
    """
    if isinstance(headers, (bytes, bytearray, memoryview)):
        return bytes(headers)
    pairs = headers.items() if hasattr(headers, "items") else headers
    encoded = bytearray()
    for key, value in pairs:
        if key.startswith(_RESERVED):
            raise ValueError(f"header keys that start with {_RESERVED!r} are the host's own: {key!r}")
        _append(encoded, _TEXT, key.encode(), key)
        _append(encoded, *_typed(value), key)
    return bytes(encoded)


def _append(encoded, kind, data, key):
    if not 1 <= len(data) <= _LONGEST:
        raise ValueError(f"a header's key and value have 1 to {_LONGEST} bytes: {key!r} has {len(data)}")
    encoded += struct.pack("<BI", kind, len(data))
    encoded += data


def _typed(value):
    if isinstance(value, str):
        return _TEXT, value.encode()
    if isinstance(value, bool):
        return _BOOL, bytes([value])
    if isinstance(value, int):
        for kind in (7, 12, 8, 13):
            size, signed = _INTEGERS[kind]
            try:
                return kind, value.to_bytes(size, "little", signed=signed)
            except OverflowError:
                continue
        raise ValueError(f"{value} does not fit into 128 bits")
    if isinstance(value, float):
        return _F64, struct.pack("<d", value)
    return _RAW, bytes(value)
