"""Show Snakemake's own output: ``--logger snakemake``.

The option replaces the logger of ``profiles/default``. Since this one writes nothing,
Snakemake shows what it shows without a logger.
"""

from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase


class LogHandler(LogHandlerBase):
    """A logger that leaves the screen to Snakemake."""

    writes_to_stream = False
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        """Write nothing."""
