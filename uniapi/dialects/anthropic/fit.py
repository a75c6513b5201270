"""A request body as this upstream takes it: the rules over every body that leaves."""

from __future__ import annotations

from uniapi.dialects.fitting import fit_by

fit = fit_by(())
