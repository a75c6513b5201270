"""The picture of a profile shows each function with its share."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from profile_call import by_room, picture

STACKS = Counter(
    {
        "uniapi/app:App.run;uniapi/gateway/x:f;json:loads": 6,
        "uniapi/app:App.run;uniapi/gateway/x:f": 2,
        "uniapi/app:App.run;uniapi/routing/y:<g>": 2,
    }
)


def test_a_bar_is_as_wide_as_its_share():
    root = ElementTree.fromstring(picture(STACKS, "a call"))
    widths = {
        group[0].text.partition(": ")[0]: round(float(group[1].get("width")) / 12)
        for group in root
        if group.tag.endswith("}g")
    }
    assert widths == {
        "uniapi/app:App.run": 100,
        "uniapi/gateway/x:f": 80,
        "json:loads": 60,
        "uniapi/routing/y:<g>": 20,
    }


def test_what_the_library_does_belongs_to_the_room_that_asked():
    assert by_room(STACKS) == {"gateway": 8, "routing": 2}
