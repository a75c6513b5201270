"""The table of what is served: whole, and of one mind with the places that read it."""

import re

import pytest

from uniapi.canonical import Operation
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.operations import CODED, SERVICES, Handling
from uniapi.operations.codecs import OPERATION_SHAPES
from uniapi.server.paths import find_route


def test_every_operation_has_its_row():
    """A forgotten one is found here and not as a 500 at run time; so is one whose rows disagree
    about who carries it."""
    assert set(SERVICES) == set(Operation)
    carried = {name for name, service in SERVICES.items() if service.is_carried}
    assert {operation for operation, _, _ in OPERATION_SHAPES} == CODED <= carried
    assert all(service.action for service in SERVICES.values())


@pytest.mark.parametrize("operation", Operation)
def test_a_row_leads_to_the_operation_and_back(operation):
    """Each client path is found as this operation, in a dialect that clients speak."""
    service = SERVICES[operation]
    for path, dialect in service.paths.items():
        route = find_route(path, "POST")
        assert (route.operation, route.dialect) == (operation, dialect)
        assert dialect in CLIENT_DIALECTS
    for verb in service.verbs:
        assert find_route(f"/v1beta/models/m:{verb}", "POST").operation is operation


@pytest.mark.parametrize("operation", Operation)
def test_what_a_row_says_fits_together(operation):
    """A form has a file; what is bought has time; a transcript or sound is nothing that is
    generated."""
    service = SERVICES[operation]
    assert service.form_file is not None or not service.is_form_unless_told
    assert service.form_file is not None or not service.file_stand_ins
    assert (service.timeout_s is not None) is service.is_bought
    assert service.answer == "json" or service.handling is Handling.CARRIED
    assert not (service.is_generated and service.substance)


DEAD = re.compile(r"gpt-image-1|chatgpt-image|dall-e|text-moderation|imagen")


def test_no_default_is_a_model_that_was_shut_down_or_soon_will_be():
    """OpenAI's deprecations page, 2026-11-30."""
    names = [name for service in SERVICES.values() for name in service.default_models]
    assert names
    assert [name for name in names if DEAD.match(name)] == []
