"""A request body as this upstream takes it: the rules over every body that leaves."""

from __future__ import annotations

from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import fit_by

from .fit_cache import mark_cache, no_cache_marks

RULES = (mark_cache, no_cache_marks)

fit = fit_by((*RULES, *LEARNED_RULES))
