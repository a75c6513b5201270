"""Counting against the rates of the config: who may send now, and who when.

Pure state, time is an argument.
"""

from .admission import Admitted, Limits, LongWindow, Refused
from .seats import Seats
from .windows import Window

__all__ = ["Admitted", "Limits", "LongWindow", "Refused", "Seats", "Window"]
