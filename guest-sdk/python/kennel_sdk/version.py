"""The version that `describe` reports."""

VERSION = "0.1.0"
