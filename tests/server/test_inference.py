"""What is read of a request before anybody is asked."""

import pytest

from uniapi.canonical import RequestRefused
from uniapi.server.inference import MAX_MODEL_NAME, named_model
from uniapi.server.paths import find_route


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/v1/chat/completions", {"model": "{}"}),
        ("/v1/embeddings", {"model": "{}"}),
        ("/v1beta/models/{}:generateContent", {}),
    ],
)
def test_a_name_of_a_model_has_a_length(path, members):
    """It would be kept in records and caches: 256 characters, in the body as in the path."""
    for length, is_fine in ((MAX_MODEL_NAME, True), (MAX_MODEL_NAME + 1, False)):
        name = "m" * length
        route = find_route(path.format(name), "POST")
        value = {member: text.format(name) for member, text in members.items()}
        if is_fine:
            assert named_model(route, value) == name
            continue
        with pytest.raises(RequestRefused) as refused:
            named_model(route, value)
        assert (refused.value.error.status, refused.value.error.param) == (400, "model")
