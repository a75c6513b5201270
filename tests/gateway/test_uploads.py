"""Forms that are sent on."""

import pytest

from uniapi.gateway.uploads import Upload

BOUNDARY = b"xx"


def form(*parts):
    """A form of (head, value) pairs."""
    bodies = [
        b"--xx\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + value + b"\r\n"
        for head, value in parts
    ]
    return b"".join(bodies) + b"--xx--\r\n"


def sent(body, members):
    upload = Upload(BOUNDARY)
    upload.write(body)
    upload.finish()
    source = upload.with_members(members)
    data = b"".join(source.pieces())
    assert len(data) == source.length
    upload.close()
    return data


MODEL, TOLD = (b'name="model"', b"m"), (b'name="model"', b"up")


@pytest.mark.parametrize(
    "said, told",
    [
        (b'filename="a.opus"', b'filename="a.ogg"'),
        (b'filename="A.OPUS"\r\nX: y', b'filename="A.ogg"\r\nX: y'),
        (b"filename=a.opus", b"filename=a.ogg"),
        (b'filename="a.opus.mp3"', b'filename="a.opus.mp3"'),
    ],
)
@pytest.mark.parametrize("is_last", [True, False])
def test_a_voice_message_has_a_name_that_openai_knows(said, told, is_last):
    """diegosouzapw/OmniRoute#10588: `.opus` is refused, `.ogg` is what it is. Its bytes stay."""
    sound = b'OggS filename="x.opus"'
    before = [(b'name="file"; ' + said, sound), MODEL]
    after = [(b'name="file"; ' + told, sound), TOLD]
    if is_last:
        before.reverse()
        after.reverse()
    assert sent(form(*before), {"model": "up"}) == form(*after)
