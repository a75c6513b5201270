"""The inspector: off it keeps nothing; on it keeps the last requests, masked, within its bounds."""

import json
import stat

import pytest
from looked_at import SECRETS, arrived, inspector, run, told, upstream_request
from sample_calls import call

from uniapi.canonical import Failure
from uniapi.config import Inspect
from uniapi.inspection import TappedReply
from uniapi.storage import DiskFolder, MemoryFolder
from uniapi.wire import ResponseHead

ON = Inspect(last=3)
ON_DISK = Inspect(last=1000, disk_bytes=1_000_000)


async def settled(one, *request_ids, **members):
    for request_id in request_ids:
        run(one, request_id, **members)
    await one.settle()
    return one


def test_off_nobody_looks_on():
    """No tap, nothing to show."""
    one = inspector()
    one.configure(None, SECRETS)
    assert run(one) is None
    assert (one.row(), one.full("r1"), "r1" in one, one.allowance.used) == (None, None, False, 0)


async def test_a_request_is_there_while_it_runs_and_afterwards():
    """As it was received, sent, answered upstream and to the client."""
    one = inspector()
    one.configure(ON, SECRETS)
    tap = run(one, said="what is it", finish=False)
    running = one.full("r1")
    one.finish(tap)
    finished = one.full("r1")
    await one.settle()
    kept = one.full("r1")
    assert running == finished == kept
    assert json.loads(kept["received"]["body"])["messages"][0]["content"] == "what is it"
    assert kept["sent"][0]["body"] == '{"model":"gpt-5-2026"}'
    assert kept["sent"][0]["answer"]["body"] == kept["answered"]["body"] == "data: hi\n\n"
    assert (kept["status"], kept["received"]["path"]) == (200, "/v1/chat/completions")


async def test_half_a_letter_in_a_name_stops_nothing():
    """A lone surrogate is no text that can be written, and JSON may hold one."""
    one = inspector()
    one.configure(ON, SECRETS)
    await settled(one, "r1", requested_model="a\ud800")
    assert one.full("r1")["request_id"] == "r1"
    assert one.row()["kept"] == 1


async def test_the_last_ones_are_kept():
    """Three, the oldest go; what is on the way has its place too."""
    one = inspector()
    one.configure(ON, SECRETS)
    await settled(one, "a", "b", "c", "d")
    assert [name for name in "abcd" if name in one] == ["b", "c", "d"]
    assert one.row()["kept"] == 3


async def test_secrets_are_masked_wherever_they_stand():
    """In headers, addresses, and whatever was said."""
    one = inspector()
    one.configure(ON, SECRETS)
    said = f"my key is {SECRETS[1]} and yours {SECRETS[0]}"
    await settled(one, "r1", said=said, answer=SECRETS[0].encode())
    text = json.dumps(one.full("r1"))
    assert not [secret for secret in (*SECRETS, "abcdefghijklmnopqrstuvwxyz") if secret in text]
    assert one.full("r1")["sent"][0]["headers"]["authorization"] == "Bearer sk-pro…cdef"
    assert one.full("r1")["sent"][0]["headers"]["x-goog-api-key"] == "…"


async def test_media_are_shortened_and_the_rest_stays():
    """A picture of a megabyte between two texts; what was said stays JSON."""
    one = inspector()
    one.configure(ON, SECRETS)
    said = "before data:image/png;base64," + "iVBOR/+" * 150_000 + " after"
    await settled(one, "r1", said=said)
    received = one.full("r1")["received"]
    content = json.loads(received["body"])["messages"][0]["content"]
    assert content.startswith("before data:image/png;base64,iVBOR")
    assert content.endswith("[1050000 characters of media] after")
    assert (received["is_shortened"], received["is_cut"]) == (True, False)
    assert len(received["body"]) < 500


async def test_what_is_no_text_is_told_by_its_size():
    """A sound."""
    one = inspector()
    one.configure(ON, SECRETS)
    tap = one.begin(arrived())
    tap.answered.headers = {"Content-Type": "audio/mpeg"}
    tap.answered.words.add(b"\xff\xfb\x90" * 1000)
    one.finish(tap)
    answered = one.full("r1")["answered"]
    assert (answered["body"], answered["bytes"], answered["media"]) == (None, 3000, "audio/mpeg")


async def test_each_attempt_is_there_with_what_became_of_it():
    """One that failed on the way, one that answered; losses and mendings in words."""
    one = inspector()
    one.configure(ON, SECRETS)
    tap = one.begin(arrived())

    class Heard:
        said = []

        def head(self, head):
            self.said.append(head.status)

        def data(self, data):
            self.said.append(data)

        def end(self):
            self.said.append("end")

        def fail(self, failure):
            self.said.append(failure.message)

    first = tap.sending(told(0), [upstream_request()], Heard())
    first.fail(Failure.cut(f"cut after {SECRETS[0]}"))
    second = tap.sending(
        told(1, losses=("seed",), mendings=["without top_k"]), [upstream_request()], Heard()
    )
    second.head(ResponseHead(status=200, headers={}))
    second.data(b"{}")
    second.end()
    one.note(call())
    one.finish(tap)
    await one.settle()
    assert Heard.said == [f"cut after {SECRETS[0]}", 200, b"{}", "end"]
    sent = one.full("r1")["sent"]
    assert sent[0]["answer"]["failure"] == "cut after sk-pro…cdef"
    assert (sent[1]["losses"], sent[1]["mendings"]) == (["seed"], ["without top_k"])
    assert sent[1]["answer"]["body"] == "{}"


async def test_the_reply_is_passed_on_unchanged():
    """Every call of it reaches the client's side."""
    one = inspector()
    one.configure(ON, SECRETS)
    tap = one.begin(arrived())

    class Reply:
        status, is_started, has_lost, done = None, False, False, ()

        async def start(self, status, headers):
            self.done += ((status, headers),)

        def write(self, data):
            self.done += (data,)

        def write_last(self, data):
            self.done += (data, "last")

        def backlog(self):
            return 7

        async def finish(self):
            self.done += ("end",)

        def break_off(self):
            self.done += ("cut",)

        async def send(self, status, headers, body):
            self.done += ((status, body),)

    reply = Reply()
    tapped = TappedReply(reply, tap)
    await tapped.start(200, {"a": "b"})
    tapped.write(b"one")
    tapped.write_last(b"two")
    await tapped.finish()
    tapped.break_off()
    assert reply.done == ((200, {"a": "b"}), b"one", b"two", "last", "end", "cut")
    assert (tapped.backlog(), tapped.status, tapped.is_started) == (7, None, False)
    assert (tap.answered.status, bytes(tap.answered.words.data)) == (200, b"onetwo")


async def test_five_hundred_streams_at_the_bound_hold_no_more_than_it():
    """Counted in bytes, while they run and after they have ended, whatever they say; an answer is
    cut at one place and says how long it was.
    """
    one = inspector(most_bytes=4_000_000)
    one.configure(Inspect(last=5000), SECRETS)
    await settled(one, *(f"before{number}" for number in range(50)))
    taps = [one.begin(arrived(f"r{number}")) for number in range(500)]
    piece = b"data: " + b"word " * 200 + b"\n\n"
    for _ in range(50):
        for tap in taps:
            tap.answered.words.add(piece)
        assert one.allowance.used <= 4_000_000
    held = sum(len(tap.answered.words.data) for tap in taps)
    assert 2_000_000 < held <= 4_000_000
    assert one.allowance.used == sum(tap.held for tap in taps)
    answered = one.full("r499")["answered"]
    assert (answered["bytes"], answered["is_cut"]) == (50 * len(piece), True)
    for tap in taps:
        one.finish(tap)
    await one.settle()
    assert one.allowance.used <= 4_000_000
    assert one.row()["kept"] > 0
    one.configure(None, SECRETS)
    assert one.allowance.used == 0


async def test_on_disk_they_outlive_the_process_in_private_files(tmp_path):
    """0600 in a folder 0700."""
    folder = DiskFolder(tmp_path / "data").within("requests")
    first = inspector(folder)
    first.configure(ON_DISK, SECRETS)
    await settled(first, "a", "b")
    first.close()
    assert first.row()["where"] == "disk"
    assert first.allowance.used == 0
    (path,) = (tmp_path / "data" / "requests").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    second = inspector(folder)
    second.configure(ON_DISK, SECRETS)
    assert second.full("b")["request_id"] == "b"
    await settled(second, "c")
    assert [name in second for name in "abc"] == [True, True, True]
    second.close()


@pytest.mark.parametrize("cut", [1, 20, 100])
async def test_a_torn_end_on_disk_loses_that_request_alone(tmp_path, cut):
    """As a kill leaves it; what comes after it is kept."""
    folder = DiskFolder(tmp_path)
    first = inspector(folder)
    first.configure(ON_DISK, SECRETS)
    await settled(first, "a", "b")
    first.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    second = inspector(folder)
    second.configure(ON_DISK, SECRETS)
    await settled(second, "c")
    second.close()
    third = inspector(folder)
    third.configure(ON_DISK, SECRETS)
    assert [name in third for name in "abc"] == [True, False, True]


async def test_the_ring_on_disk_stays_within_its_size(tmp_path):
    """Whatever comes; the newest are there."""
    import random

    words = random.Random(3)
    one = inspector(DiskFolder(tmp_path))
    one.configure(ON_DISK, SECRETS)
    for number in range(60):
        said = " ".join(f"{words.random():.17f}" for _ in range(3000))
        await settled(one, f"r{number}", said=said)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1_000_000
    assert "r59" in one
    assert "r0" not in one
    assert one.full("r59")["request_id"] == "r59"
    one.close()


@pytest.mark.parametrize("later", [None, Inspect(last=5)])
async def test_switched_off_nothing_is_left_on_disk(tmp_path, later):
    """At once, and at a start whose configuration does not want it."""
    one = inspector(DiskFolder(tmp_path))
    one.configure(ON_DISK, SECRETS)
    await settled(one, "a")
    one.configure(later, SECRETS)
    assert list(tmp_path.iterdir()) == []
    assert "a" not in one
    one.configure(ON_DISK, SECRETS)
    await settled(one, "a")
    one.close()
    another = inspector(DiskFolder(tmp_path))
    another.configure(later, SECRETS)
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_takes_nothing_leaves_them_in_memory(caplog):
    """One line says so."""

    class Full(MemoryFolder):
        def appender(self, name):
            raise OSError(28, "No space left on device")

    one = inspector(Full())
    one.configure(ON_DISK, SECRETS)
    await settled(one, "a")
    assert "a" in one
    assert "No space left on device" in caplog.text


async def test_a_running_call_outlives_the_configuration_that_looks_at_it():
    """It is let go of at its end."""
    one = inspector()
    one.configure(ON, SECRETS)
    tap = run(one, finish=False)
    one.configure(None, SECRETS)
    one.finish(tap)
    assert (one.allowance.used, one.full("r1")) == (0, None)


async def test_a_key_that_was_taken_out_stays_masked():
    """In what was said before, and in calls that go on."""
    one = inspector()
    one.configure(ON, SECRETS)
    run(one, "r1", said=SECRETS[0])
    one.configure(ON, ("sk-another-0123456789abcdef",))
    await one.settle()
    assert SECRETS[0] not in json.dumps(one.full("r1"))
