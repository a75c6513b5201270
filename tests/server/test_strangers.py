"""Those who were refused lately: together where they did the same, few, and cut."""

from uniapi.canonical import ClientError
from uniapi.server.refusal_log import Stranger
from uniapi.server.strangers import MAX_STRANGERS, Strangers


def refused(strangers, now_s=1.0, address="10.0.0.1", path="/v1/nothing", status=404):
    who = Stranger(
        request_id=f"r{now_s}",
        method="GET",
        path=path,
        address=address,
        key="sk-secret-0123456789abcdef",
        agent="curl/8" + "x" * 100_000,
    )
    error = ClientError(status=status, message="m" * 100_000)
    strangers.note(who, error, now_s)


def test_what_an_address_does_again_is_one_row():
    """With its last time and how often; what another does, or otherwise, is another."""
    strangers = Strangers()
    refused(strangers, 1.0)
    refused(strangers, 2.0, status=401)
    refused(strangers, 3.0)
    rows = strangers.rows()
    assert [(row["at"], row["status"], row["times"]) for row in rows] == [
        (3.0, 404, 2),
        (2.0, 401, 1),
    ]


def test_rows_are_bounded_and_hold_no_key():
    """However many and however long."""
    strangers = Strangers()
    for number in range(500):
        refused(strangers, address=f"10.0.0.{number}", path="/p" * 50_000)
    rows = strangers.rows()
    assert len(rows) == MAX_STRANGERS
    assert max(len(str(row)) for row in rows) < 1000
    assert "sk-secret-0123456789abcdef" not in str(rows)
