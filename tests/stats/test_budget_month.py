"""The month of `budget_month`, in short."""

from budget_month import Month
from faulty_disks import QuickDisk

from uniapi.storage import DiskFolder


def test_a_month_of_budgets_holds(tmp_path):
    """Exact over kills, and no period over by more than its estimates missed."""
    figures = Month(DiskFolder(tmp_path, QuickDisk()), 7000).run()
    assert figures["killed"] >= 1
    assert figures["answered 429"] == figures["refused"] > 0
    assert figures["periods"] > 50
