"""Name the mistake in a gradient and the line it is on."""

from __future__ import annotations

from gradcheck_cli.diagnosis.diagnose import diagnose
from gradcheck_cli.diagnosis.evidence import Evidence

__all__ = ["Evidence", "diagnose"]
