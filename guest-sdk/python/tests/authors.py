"""Connectors as authors write them, each in a module of its own: a module is one component."""

import sys
import types

import kennel_sdk


def component(decorator, cls):
    """A module whose only content is `cls` under `decorator`."""
    module = types.ModuleType(f"component_{cls.__name__.lower()}_{len(sys.modules)}")
    sys.modules[module.__name__] = module
    cls.__module__ = module.__name__
    decorator(cls)
    return module


def transform(cls, **description):
    return component(kennel_sdk.transform(name="example", **description), cls)


def sink(cls, **description):
    return component(kennel_sdk.sink(name="example", **description), cls)


def source(cls, **description):
    return component(kennel_sdk.source(name="example", **description), cls)
