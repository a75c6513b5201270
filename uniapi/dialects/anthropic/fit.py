"""A request body as this upstream takes it: the rules over every body that leaves."""

from __future__ import annotations

from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import fit_by

from .searches import leave_out_our_searches

RULES = (leave_out_our_searches, *LEARNED_RULES)

fit = fit_by(RULES)
