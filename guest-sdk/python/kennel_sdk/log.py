"""Log lines with fields: `log.info("opened", rows=12)`."""

from .bindings import log as _host


def _write(level, message, fields):
    _host.log(level, str(message), [(name, str(value)) for name, value in fields.items()])


def trace(message, **fields):
    _write(_host.Level.TRACE, message, fields)


def debug(message, **fields):
    _write(_host.Level.DEBUG, message, fields)


def info(message, **fields):
    _write(_host.Level.INFO, message, fields)


def warn(message, **fields):
    _write(_host.Level.WARN, message, fields)


def error(message, **fields):
    _write(_host.Level.ERROR, message, fields)
