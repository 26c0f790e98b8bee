"""The metrics that the decorator's `metrics` names; no labels."""

from .bindings import metrics as _host


def add(counter, value=1):
    """Adds to a counter."""
    _host.add(counter, value)


def set(gauge, value):
    """Sets a gauge."""
    _host.set(gauge, float(value))


def observe(histogram, value):
    """Adds an observation to a histogram."""
    _host.observe(histogram, float(value))
