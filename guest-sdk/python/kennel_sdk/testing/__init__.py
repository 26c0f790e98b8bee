"""Runs a connector under plain Python: the code of a component, with recorded stand-ins for the host.

    from kennel_sdk import testing
    import fields

    guest = testing.Guest(fields, {"operations": []})
    outputs = guest.apply(testing.batch([b'{"id":1}'])).outputs
"""


from ..stand_in import host
from .builders import batch, origin
from .guest import Guest, Transformed

__all__ = ["Guest", "Transformed", "batch", "host", "origin"]
